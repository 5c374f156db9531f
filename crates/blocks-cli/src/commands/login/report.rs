//! What a sign-in came to, in words, as JSON, and in the browser.

use blocks_domain::{Price, Scope};
use blocks_ports::AccountStore;
use serde::Serialize;

use super::{Done, Login};
use crate::context::who;
use crate::environment::has_credential;
use crate::exit::Exit;
use crate::sign_in::redirect::Page;
use crate::sign_in::summary::Summary;

#[derive(Serialize)]
struct Line<'a> {
    account: &'a str,
    account_id: String,
    username: Option<&'a str>,
    default: bool,
    #[serde(flatten)]
    sign_in: &'a Summary,
    lookups: u64,
}

impl Login<'_> {
    pub(super) async fn report(&self, done: Done) -> anyhow::Result<Exit> {
        let Done { account, summary, lookups } = &done;
        let default = self.store.default_account().await?;
        let is_default = default.as_ref() == Some(&account.name);
        if self.output.json {
            self.output.json_line(&Line {
                account: account.name.as_str(),
                account_id: account.user_id.to_string(),
                username: account.username.as_deref(),
                default: is_default,
                sign_in: summary,
                lookups: *lookups,
            })?;
            return Ok(Exit::Done);
        }
        self.output.sentence(&format!(
            "Signed in as {}, user {}, account `{}`.",
            who(account),
            account.user_id,
            account.name
        ))?;
        self.output.sentence(&summary.sentence(self.server.clock().now()))?;
        if let Some(missing) = self.not_granted(summary) {
            self.output.insist(format!("note: X did not grant {missing}."));
        }
        if *lookups > 0 {
            let bills = if self.globals.sandbox { "would bill" } else { "bills" };
            let price = Price::USER_LOOKUP.per_unit();
            self.output.say(format!("X {bills} {price} for the question whose sign-in this is."));
        }
        if !self.globals.sandbox && has_credential() {
            self.output.insist(
                "note: the environment holds a sign-in, which comes before this one; unset \
                 BLOCKS_ACCESS_TOKEN and the BLOCKS_OAUTH1_ variables to use this one.",
            );
        }
        if let Some(default) = default.filter(|_| !is_default) {
            self.output.say(format!(
                "The default account is still `{default}`; `blocks accounts default {}` changes \
                 that.",
                account.name
            ));
        }
        Ok(Exit::Done)
    }

    /// The scopes that were asked for and not granted.
    fn not_granted(&self, summary: &Summary) -> Option<String> {
        let granted = summary.scopes.as_ref()?;
        let is_missing = |scope: &Scope| !granted.iter().any(|word| word == scope.word());
        let missing: Vec<_> =
            self.scopes().into_iter().filter(is_missing).map(Scope::word).collect();
        (!missing.is_empty() && self.args.from_xurl.is_none()).then(|| missing.join(", "))
    }
}

/// What the browser shows in the end.
pub(super) fn page(result: &anyhow::Result<Done>) -> Page {
    match result {
        Ok(done) => Page {
            title: "Signed in",
            text: format!("blocks is signed in as {}.", who(&done.account)),
            worked: true,
        },
        Err(error) => Page {
            title: "Not signed in",
            text: format!("Why: {error}. The terminal says more."),
            worked: false,
        },
    }
}
