//! A sign-in that another program made, on its way into the store.

use std::sync::Arc;

use blocks_app::Keeper;
use blocks_ports::{
    AccountName, App, Credential, CredentialError, CredentialSource, Swap, TokenStore,
};

use super::xurl::Found;
use crate::exit::{Exit, Failed};
use crate::server::Server;

/// What the names begin with under which imports are stored on their way; accounts have others.
const SLOTS: &str = "import.";

/// Refuses a name that an import could have.
pub(crate) fn refuse_slot(name: &AccountName) -> anyhow::Result<()> {
    if !name.as_str().starts_with(SLOTS) {
        return Ok(());
    }
    Err(Failed::new(Exit::Usage, format!("the name `{name}` is kept for imports under way"))
        .remedy(format!("Choose one that does not begin with `{SLOTS}`."))
        .into())
}

/// Where an import is stored on its way: what was good at one server is never taken up at another.
fn slot(server: &Server, user: &str) -> anyhow::Result<AccountName> {
    let server = server.lasting_url().map_or("x", |url| url.split("://").last().unwrap_or(url));
    let name = format!("{SLOTS}{server}.{user}");
    let fits = |c: char| if c.is_alphanumeric() || ".-_".contains(c) { c } else { '-' };
    Ok(name.chars().map(fits).take(64).collect::<String>().parse()?)
}

/// An import under way.
///
/// Most sign-ins of other programs have an access token that has ended, so it has to be refreshed
/// before X can be asked whose it is. The refresh token works once: what comes back is stored
/// under a name of its own before it is used, and an import that was cut off goes on from there.
pub(crate) struct Import {
    found: Found,
    name: AccountName,
    tokens: Arc<dyn TokenStore>,
    keeper: Option<Keeper>,
}

impl Import {
    pub(crate) fn new(
        found: Found,
        tokens: Arc<dyn TokenStore>,
        server: &Server,
    ) -> anyhow::Result<Self> {
        let name = slot(server, found.username.as_deref().unwrap_or("user"))?;
        let keeper = |app: &App| -> anyhow::Result<_> {
            let issuer = Arc::new(server.issuer()?);
            Ok(Keeper::new(app.clone(), issuer, Arc::clone(&tokens), server.clock()))
        };
        let keeper = found.app.as_ref().map(keeper).transpose()?;
        Ok(Self { found, name, tokens, keeper })
    }

    /// The sign-in, refreshed if need be.
    pub(crate) async fn credential(&self) -> anyhow::Result<Credential> {
        let Some(keeper) = self.keeper.as_ref().filter(|_| self.is_refreshable()) else {
            return Ok(self.found.credential.clone());
        };
        // Of an import that was cut off, what it stored is newer than what it had found.
        match keeper.current(&self.name).await {
            Ok(current) => return Ok(current.value),
            Err(CredentialError::NotSignedIn { .. } | CredentialError::Ended { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        self.store(Some(self.found.credential.clone())).await?;
        match keeper.current(&self.name).await {
            Ok(current) => Ok(current.value),
            Err(CredentialError::Ended { .. }) => {
                self.end().await?;
                Err(Failed::new(Exit::NotSignedIn, "X no longer takes the sign-in of xurl")
                    .remedy(
                        "Its refresh token works once, and was spent. Run `blocks login`, or sign \
                         in anew with xurl and import that.",
                    )
                    .into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Lets a refresh end that is under way.
    pub(crate) async fn settle(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.settle().await;
        }
    }

    /// Forgets what was stored on the way.
    pub(crate) async fn end(&self) -> anyhow::Result<()> {
        self.store(None).await
    }

    fn is_refreshable(&self) -> bool {
        matches!(&self.found.credential, Credential::OAuth2(oauth2) if oauth2.refresh_token.is_some())
    }

    async fn store(&self, credential: Option<Credential>) -> anyhow::Result<()> {
        loop {
            let base = self.tokens.load(&self.name).await?.revision;
            if let Swap::Done(_) = self.tokens.swap(&self.name, base, credential.clone()).await? {
                return Ok(());
            }
        }
    }
}
