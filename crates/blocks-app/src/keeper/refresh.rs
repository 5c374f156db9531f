//! The refresh of one sign-in, from the first look to the stored result.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use blocks_domain::Failure;
use blocks_ports::{
    AccountName, ApiError, App, Claim, Clock, Credential, IssueError, Lease, OAuth2Credential,
    Revision, StoreError, Swap, TokenGrant, TokenIssuer, TokenStore, Versioned,
};
use jiff::Timestamp;

use super::memory::{Memory, Outcome, Unsaved, Verdict};
use super::trouble::Trouble;
use super::{KeeperPolicy, oauth2_credential};

/// What a keeper works with.
pub(super) struct Tools {
    pub(super) app: App,
    pub(super) issuer: Arc<dyn TokenIssuer>,
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) policy: KeeperPolicy,
}

/// One refresh.
pub(super) struct Refresh {
    tools: Arc<Tools>,
    account: AccountName,
    memory: Arc<Memory>,
}

/// A credential to hand out, or nothing where one has to look at the store again.
type Step = Result<Option<Versioned<Credential>>, Trouble>;

impl Refresh {
    /// How often a granted sign-in is offered to the store before the callers are told.
    const SAVES: u32 = 3;

    pub(super) fn new(tools: &Arc<Tools>, account: &AccountName, memory: &Arc<Memory>) -> Self {
        Self { tools: Arc::clone(tools), account: account.clone(), memory: Arc::clone(memory) }
    }

    /// Refreshes the sign-in, or adopts what somebody else has made of it meanwhile.
    pub(super) async fn run(self) -> Outcome {
        if let Some(unsaved) = self.memory.unsaved() {
            let lease = unsaved.lease.clone();
            let saved = self.save(unsaved).await?;
            self.release(&lease).await;
            if let Some(saved) = saved {
                return Ok(saved);
            }
        }
        // Whoever holds the lease now may die, and so may the next one; then something is wrong.
        let patience = self.after(self.tools.policy.lease * 2);
        loop {
            let base = match self.look().await? {
                Verdict::Use(credential) => return Ok(credential),
                Verdict::Useless(trouble) => return Err(trouble),
                Verdict::Refresh(token) => token.revision,
            };
            let step = match self.claim(base).await? {
                Claim::Granted(lease) => self.renew_and_release(&lease, base).await?,
                Claim::Busy { retry_in } => self.wait_for_others(retry_in, patience).await?,
                // Somebody has refreshed it since.
                _ => None,
            };
            if let Some(credential) = step {
                return Ok(credential);
            }
        }
    }

    async fn look(&self) -> Result<Verdict, Trouble> {
        let stored = self.tools.store.load(&self.account).await?;
        Ok(self.memory.judge(stored, self.tools.clock.now(), self.tools.policy.margin))
    }

    async fn claim(&self, base: Revision) -> Result<Claim, Trouble> {
        let Tools { store, clock, policy, .. } = &*self.tools;
        Ok(store.claim(&self.account, base, policy.lease, clock.now()).await?)
    }

    /// The lease is kept for as long as what was granted under it is not stored.
    async fn renew_and_release(&self, lease: &Lease, base: Revision) -> Step {
        let step = self.renew(lease, base).await;
        if !self.memory.has_unsaved() {
            self.release(lease).await;
        }
        step
    }

    /// Spends the refresh token that stands now that nobody else may spend it.
    async fn renew(&self, lease: &Lease, base: Revision) -> Step {
        let Tools { app, issuer, store, clock, policy } = &*self.tools;
        let stored = store.load(&self.account).await?;
        let asked_at = clock.now();
        let verdict = self.memory.judge(stored.clone(), asked_at, policy.margin);
        let Verdict::Refresh(token) = verdict else { return Ok(None) };
        if token.revision != base || asked_at >= lease.expires_at {
            return Ok(None);
        }
        tracing::debug!(account = %self.account, "refreshing the sign-in");
        match issuer.refresh(app, &token.value).await {
            Ok(grant) => {
                let credential = renewed(stored.value, grant, asked_at);
                let unsaved = Unsaved { base, credential, lease: lease.clone() };
                self.memory.keep(unsaved.clone());
                self.save(unsaved).await
            }
            Err(IssueError::InvalidGrant) => self.refused(base).await,
            Err(error) => self.failed(error).await,
        }
    }

    /// Stores what was granted; until that is done it is kept in memory.
    ///
    /// What somebody else has overtaken is dropped, and not revoked: revoking it would end the
    /// sign-in that stands, where both came of the same one, and would tell the server of a
    /// sign-out that was meant for this machine alone. Nobody else has what is dropped.
    async fn save(&self, unsaved: Unsaved) -> Step {
        let Unsaved { base, credential, .. } = unsaved;
        let mut saves = 1;
        let swap = loop {
            match self.tools.store.swap(&self.account, base, Some(credential.clone())).await {
                Ok(swap) => break swap,
                Err(error) if saves == Self::SAVES => {
                    let message = "the sign-in was refreshed, and what came back cannot be stored";
                    return Err(StoreError::new(error.kind, message).with_source(error).into());
                }
                Err(error) => tracing::debug!(account = %self.account, %error, "storing again"),
            }
            saves += 1;
            self.tools.clock.sleep_until(self.after(self.tools.policy.poll)).await;
        };
        self.memory.forget_unsaved();
        let Swap::Done(revision) = swap else { return Ok(None) };
        self.memory.rest(self.after(self.tools.policy.rest));
        Ok(Some(Versioned::new(revision, credential)))
    }

    /// The server does not take the refresh token: either somebody else has spent it and stored
    /// what came back, or the sign-in has ended.
    async fn refused(&self, base: Revision) -> Step {
        self.memory.mark_spent(base);
        let stored = self.tools.store.load(&self.account).await?;
        if stored.revision == base { Err(Trouble::Ended) } else { Ok(None) }
    }

    /// The server did not answer as it should: what still works is used a while longer.
    async fn failed(&self, error: IssueError) -> Step {
        let account = &self.account;
        tracing::debug!(%account, error = &error as &dyn Error, "the refresh failed");
        self.memory.rest(self.after(self.tools.policy.rest));
        match self.look().await? {
            Verdict::Use(credential) => Ok(Some(credential)),
            _ => Err(error.into()),
        }
    }

    /// Somebody else is refreshing: what still works is used meanwhile, otherwise time passes.
    async fn wait_for_others(&self, retry_in: Duration, patience: Timestamp) -> Step {
        let wait = retry_in.min(self.tools.policy.poll);
        self.memory.rest(self.after(wait));
        if let Verdict::Use(credential) = self.look().await? {
            return Ok(Some(credential));
        }
        if self.tools.clock.now() >= patience {
            let error = ApiError::new(Failure::Timeout)
                .not_sent()
                .with_detail("another process keeps the sign-in to itself and does not refresh it");
            return Err(error.into());
        }
        self.tools.clock.sleep_until(self.after(wait)).await;
        Ok(None)
    }

    /// A lease that cannot be released ends by itself.
    async fn release(&self, lease: &Lease) {
        if let Err(error) = self.tools.store.release(lease).await {
            tracing::debug!(account = %self.account, %error, "the lease was not released");
        }
    }

    fn after(&self, wait: Duration) -> Timestamp {
        self.tools.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX)
    }
}

/// What becomes of a sign-in by a grant; scopes that it does not name stay as they were
/// (RFC 6749, section 5.1).
fn renewed(old: Option<Credential>, grant: TokenGrant, asked_at: Timestamp) -> Credential {
    let mut new = oauth2_credential(grant, asked_at);
    if let Some(Credential::OAuth2(OAuth2Credential { scopes, .. })) = old {
        new.scopes = new.scopes.or(scopes);
    }
    Credential::OAuth2(new)
}
