//! The checks.

use std::sync::Arc;
use std::time::Duration;

use blocks_app::{Paced, WhenSpent};
use blocks_domain::{BlockingQuery, Failure, MaxResults, Price, Scope, UserId};
use blocks_http::{HttpApi, Unreachable};
use blocks_ports::{ApiError, BlocksApi, Credential, CredentialError, Reply};
use blocks_sqlite::SqliteStore;
use jiff::Timestamp;

use super::report::{CHECKS, Finding, State, show_one};
use crate::args::{DoctorArgs, Globals};
use crate::context::{me, who};
use crate::exit::Exit;
use crate::output::{Output, clock_face, counted, minute};
use crate::server::Server;
use crate::sign_in::summary::Summary;
use crate::sign_in::{SignIn, Source};
use crate::trouble::{APP_REFUSED, ENDED};

/// A clock that is further off than this refuses good tokens and good certificates.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(120);

/// Makes the checks, and keeps what they find.
pub(super) struct Doctor<'a> {
    globals: &'a Globals,
    args: &'a DoctorArgs,
    output: Output,
    store: &'a SqliteStore,
    server: &'a Server,
    source: Source,
    api: Arc<HttpApi>,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Doctor<'a> {
    pub(super) fn new(
        globals: &'a Globals,
        args: &'a DoctorArgs,
        output: Output,
        store: &'a SqliteStore,
        server: &'a Server,
        source: Source,
    ) -> anyhow::Result<Self> {
        let api = server.api(source.label.clone(), source.credentials.clone(), None)?;
        let findings = Vec::new();
        Ok(Self { globals, args, output, store, server, source, api: Arc::new(api), findings })
    }

    /// Makes all checks, and says of each that something else is in its way that it was not made.
    pub(super) async fn examine(&mut self, sign_in: &anyhow::Result<SignIn>) -> anyhow::Result<()> {
        self.check(sign_in).await?;
        for check in CHECKS {
            if self.findings.iter().all(|finding| finding.check != check) {
                self.find(Finding::skipped(check))?;
            }
        }
        Ok(())
    }

    /// Makes one check after the other, until one finds what the next ones cannot do without.
    async fn check(&mut self, sign_in: &anyhow::Result<SignIn>) -> anyhow::Result<()> {
        let file = self.store.path().display().to_string();
        self.find(Finding::new("state", State::Ok, file))?;
        self.find(self.signed_in(sign_in))?;
        let reached = self.network().await?;
        let Ok(sign_in) = sign_in else { return Ok(()) };
        let stored = self.stored(sign_in).await?;
        if let Some(credential) = &stored
            && credential.is_app_only()
        {
            return self.find(app_only());
        }
        if !reached {
            return Ok(());
        }
        let Some(summary) = self.token(stored).await? else { return Ok(()) };
        if let Some(finding) = missing_read_scope(&summary) {
            return self.find(finding);
        }
        let reads = self.read(sign_in).await?;
        self.find(may_write(&summary, reads))
    }

    fn find(&mut self, finding: Finding) -> anyhow::Result<()> {
        show_one(&finding, self.output)?;
        self.findings.push(finding);
        Ok(())
    }

    fn signed_in(&self, sign_in: &anyhow::Result<SignIn>) -> Finding {
        match sign_in {
            Ok(SignIn::Ready(_)) => {
                Finding::new("sign-in", State::Ok, "a token that is at hand, of no stored account")
            }
            Ok(SignIn::Stored(account)) => {
                let (name, at) = (&account.name, self.server.name());
                let found = format!("account `{name}`, {}, at {at}", who(account));
                Finding::new("sign-in", State::Ok, found)
            }
            Err(error) => Finding::of_error("sign-in", error),
        }
    }

    /// Whether the server answers, and by its own clock, how far off ours is. It costs nothing.
    async fn network(&mut self) -> anyhow::Result<bool> {
        let server = self.server.name();
        let probe = match self.api.probe().await {
            Ok(probe) => probe,
            Err(error) => {
                self.find(unreachable(server, &error))?;
                return Ok(false);
            }
        };
        let took = probe.elapsed.as_millis();
        self.find(Finding::new("network", State::Ok, format!("{server} answered in {took} ms")))?;
        if let Some(date) = probe.date {
            self.find(clock(date, self.server.clock().now()))?;
        }
        Ok(true)
    }

    /// The credential as it is at hand, before anything is refreshed.
    async fn stored(&self, sign_in: &SignIn) -> anyhow::Result<Option<Credential>> {
        Ok(match sign_in {
            SignIn::Ready(credential) => Some(credential.clone()),
            SignIn::Stored(account) => {
                let tokens = crate::sign_in::secrets::of_account(self.store, &account.name).await?;
                tokens.load(&account.name).await?.value
            }
        })
    }

    /// Whether there is a token worth sending; one that has ended is refreshed, which is free.
    async fn token(&mut self, stored: Option<Credential>) -> anyhow::Result<Option<Summary>> {
        let now = self.server.clock().now();
        let before = stored.as_ref().map(|stored| Summary::of(stored, None));
        let had_ended = before.as_ref().is_some_and(|before| before.has_ended(now));
        match self.source.credentials.current(&self.source.label).await {
            Ok(current) => {
                let summary = Summary::of(&current.value, None);
                let kind = summary.kind_in_words();
                let found = if had_ended {
                    format!("{kind}; it had ended, was refreshed, and is good again")
                } else {
                    format!("{kind}; as far as this machine knows, it {}", summary.lasts(now))
                };
                self.find(Finding::new("token", State::Ok, found))?;
                Ok(Some(summary))
            }
            Err(error) => {
                let had_refresh_token = before.is_none_or(|before| before.refreshable);
                self.find(no_token(&error, had_refresh_token))?;
                Ok(None)
            }
        }
    }

    /// Whether the block list can be read; `true` where it can. X bills it.
    async fn read(&mut self, sign_in: &SignIn) -> anyhow::Result<bool> {
        if self.args.free {
            let text = "whether X lets it read was not tried, since that is billed";
            self.find(Finding::new("reading", State::Skipped, text))?;
            return Ok(false);
        }
        let user = match sign_in {
            SignIn::Stored(account) => {
                self.announce(Price::BLOCK_READ, "reading one block");
                account.user_id
            }
            SignIn::Ready(_) => {
                self.announce(Price::USER_LOOKUP, "asking whose token it is");
                match me(&*self.api).await {
                    Ok(me) => {
                        self.announce(Price::BLOCK_READ, "reading one block");
                        me.id
                    }
                    Err(error) => {
                        self.find(Finding::of_error("reading", &error))?;
                        return Ok(false);
                    }
                }
            }
        };
        let finding = self.read_one(user).await;
        let reads = finding.state == State::Ok;
        self.find(finding)?;
        Ok(reads)
    }

    fn announce(&self, price: Price, what: &str) {
        let bills = if self.globals.sandbox { "would bill" } else { "bills" };
        self.output.say(format!("... {what}, for which X {bills} {} at most", price.per_unit()));
    }

    async fn read_one(&self, user: UserId) -> Finding {
        let store = Arc::new(self.store.clone());
        let api = Paced::new(self.api.clone(), store, self.server.clock(), WhenSpent::Fail);
        let one = MaxResults::MIN;
        match api.blocking(user, &BlockingQuery::default().with_max_results(one)).await {
            Ok(reply) => {
                let left = window_left(&reply);
                Finding::new("reading", State::Ok, format!("the block list can be read{left}"))
            }
            Err(error) => refused("reading", error),
        }
    }
}

fn app_only() -> Finding {
    let failure = Failure::Forbidden(blocks_domain::ForbiddenReason::UnsupportedAuthentication);
    Finding::of_failure("token", failure, "it is the token of an app, on behalf of no user")
}

fn unreachable(server: &str, error: &Unreachable) -> Finding {
    let remedy = match error {
        Unreachable::Name { .. } => "Check the network and the address: its name leads nowhere.",
        Unreachable::Tls { .. } => {
            "Check the clock of this machine first: a wrong date makes good certificates look \
             expired. Then see whether a proxy or a virus scanner stands in between."
        }
        Unreachable::Timeout { .. } => "Check the network; --timeout waits longer.",
        Unreachable::Foreign { .. } => {
            "Something in between answers in its place: sign in to the network's own page, or \
             check the address."
        }
        _ => "Check the network, a firewall or a proxy.",
    };
    let causes: Vec<_> = anyhow::Chain::new(error).map(ToString::to_string).collect();
    Finding::new("network", State::Trouble, format!("{server}: {}", causes.join(": ")))
        .remedy(remedy)
}

fn clock(server: Timestamp, here: Timestamp) -> Finding {
    let off = here.duration_since(server);
    let distance = off.unsigned_abs();
    if distance <= CLOCK_TOLERANCE {
        return Finding::new("clock", State::Ok, "agrees with the server's");
    }
    let direction = if off.is_negative() { "behind" } else { "ahead of" };
    Finding::new(
        "clock",
        State::Trouble,
        format!("this machine's clock is {} {direction} the server's", clock_face(distance)),
    )
    .remedy("Set the clock: tokens look ended too early or too late, and OAuth 1.0a is refused.")
}

fn no_token(error: &CredentialError, had_refresh_token: bool) -> Finding {
    match error {
        CredentialError::Ended { .. } if !had_refresh_token => {
            Finding::new("token", State::Trouble, "it has ended, and has no refresh token")
                .remedy("Run `blocks login`; without --no-refresh, a sign-in renews itself.")
                .exit(Exit::NotSignedIn)
        }
        CredentialError::Ended { .. } => {
            Finding::new("token", State::Trouble, "it has ended, and X refuses to refresh it")
                .remedy(ENDED)
                .exit(Exit::NotSignedIn)
        }
        CredentialError::AppRefused { .. } => {
            Finding::new("token", State::Trouble, "it has ended, and X refuses the app")
                .remedy(APP_REFUSED)
                .exit(Exit::NotSignedIn)
        }
        CredentialError::Refresh(cause) => Finding::of_failure(
            "token",
            cause.kind(),
            &format!("it has ended and cannot be refreshed now: {cause}"),
        ),
        other => Finding::new("token", State::Trouble, other.to_string()).exit(Exit::NotSignedIn),
    }
}

fn missing_read_scope(summary: &Summary) -> Option<Finding> {
    let is_missing = |scope: &Scope| summary.grants(*scope) == Some(false);
    let missing: Vec<_> =
        Scope::FOR_READING.iter().filter(|scope| is_missing(scope)).map(|s| s.word()).collect();
    (!missing.is_empty()).then(|| {
        let what = format!("this sign-in was not granted {}", missing.join(", "));
        Finding::new("reading", State::Trouble, what)
            .remedy("Run `blocks login` and approve all that is asked for.")
            .exit(Exit::NotEntitled)
    })
}

/// What a refused read means.
fn refused(check: &'static str, error: ApiError) -> Finding {
    let opens = error.rate().filter(|_| error.kind() == Failure::RateLimited);
    let opens = opens.map(|rate| format!("The window opens again at {}.", minute(rate.reset())));
    let finding = Finding::of_error(check, &error.into());
    match opens {
        Some(opens) => finding.remedy(opens),
        None => finding,
    }
}

fn window_left<T>(reply: &Reply<T>) -> String {
    let Some(rate) = reply.meta.rate else { return String::new() };
    let calls = counted(rate.remaining().into(), "call", "calls");
    format!("; {calls} left until {}", minute(rate.reset()))
}

fn may_write(summary: &Summary, reads: bool) -> Finding {
    match summary.grants(Scope::BlockWrite) {
        Some(false) => Finding::new("writing", State::Note, "not asked for when signing in")
            .remedy("`blocks login --write` asks for it; X sells it to Enterprise customers."),
        _ if !reads => Finding::new("writing", State::Unknown, "reading has to work first"),
        _ => Finding::new(
            "writing",
            State::Unknown,
            "nobody can tell until a block or unblock is tried: X answers a missing scope and a \
             missing Enterprise plan alike",
        ),
    }
}
