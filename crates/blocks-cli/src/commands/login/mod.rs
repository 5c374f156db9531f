//! `blocks login`: sign in, and remember it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use blocks_app::{Retried, RetryPolicy, SignIns, oauth2_credential};
use blocks_domain::{Scope, User};
use blocks_http::HttpTokenIssuer;
use blocks_ports::{
    Account, AccountStore, App, AuthorizationGrant, Credential, TokenIssuer, TokenStore,
};
use blocks_sqlite::SqliteStore;

mod app;
mod report;

use super::until_interrupted;
use crate::args::{Globals, LoginArgs};
use crate::context::{account_of, home, me};
use crate::exit::{Exit, Failed};
use crate::output::Output;
use crate::server::{Address, Server};
use crate::sign_in::import::{Import, refuse_slot};
use crate::sign_in::oauth2::{by_hand, in_browser, refused};
use crate::sign_in::redirect::Returned;
use crate::sign_in::summary::Summary;
use crate::sign_in::{Source, oauth1, secrets, xurl};

/// Where X sends the browser back to, unless the app is registered with another address.
const REDIRECT_URI: &str = "http://127.0.0.1:8739/callback";

pub(crate) async fn run(
    globals: &Globals,
    args: &LoginArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let home = home(globals)?;
    let store = home.open_store()?;
    let server = if globals.sandbox {
        Server::embedded(globals, &home, output).await?
    } else {
        Server::remote(globals, address(globals, args, &store).await?)
    };
    let issuer = server.issuer()?;
    let login = Login { globals, args, output, store: &store, server: &server, issuer };
    let result = login.run().await;
    server.close().await?;
    result
}

/// The server to sign in at: the one that is named, or that of an account that is signed in again.
async fn address(
    globals: &Globals,
    args: &LoginArgs,
    store: &SqliteStore,
) -> anyhow::Result<Option<String>> {
    let address = Address::named(globals)?;
    if args.from_xurl.is_some() && globals.api_url.is_none() && address.url().is_some() {
        let what = "xurl signs in to X, and the environment names another server";
        return Err(Failed::new(Exit::Usage, what)
            .remedy("Unset BLOCKS_API_URL; or name the server with --api-url, if you mean it.")
            .into());
    }
    let known = store.accounts().await?;
    let again = known.into_iter().find(|account| Some(&account.name) == globals.account.as_ref());
    Ok(match (address, again) {
        (Address::Unnamed, Some(account)) => account.api_url,
        (address, _) => address.url().map(str::to_owned),
    })
}

/// A sign-in on its way.
struct Login<'a> {
    globals: &'a Globals,
    args: &'a LoginArgs,
    output: Output,
    store: &'a SqliteStore,
    server: &'a Server,
    issuer: HttpTokenIssuer,
}

/// What was granted, and what is known of whose it is.
struct Granted {
    credential: Credential,
    app: Option<App>,
    user: Option<User>,
}

impl Login<'_> {
    async fn run(&self) -> anyhow::Result<Exit> {
        if let Some(name) = &self.globals.account {
            refuse_slot(name)?;
        }
        // A keychain that does not work is told before the person is asked for anything.
        self.tokens(None).await?;
        if let Some(file) = &self.args.from_xurl {
            self.with_xurl(file.as_deref()).await
        } else if self.args.oauth1 {
            self.with_pin().await
        } else {
            self.with_consent().await
        }
    }

    /// OAuth 2.0: consent in a browser, then the exchange of the code.
    async fn with_consent(&self) -> anyhow::Result<Exit> {
        let app = self.app().await?;
        let redirect_uri = app.redirect_uri.clone().unwrap_or_else(|| REDIRECT_URI.to_owned());
        let request = self.issuer.authorization(&app, &self.scopes())?;
        if self.args.headless {
            let Some(grant) = until_interrupted(by_hand(request, self.output)).await else {
                return self.interrupted();
            };
            return self.report(self.redeem(app, &grant?).await?).await;
        }
        let wait = Duration::from_secs(self.args.wait);
        let coming = in_browser(request, &redirect_uri, wait, self.output);
        let Some(returned) = until_interrupted(coming).await else { return self.interrupted() };
        let Returned { answer, browser } = returned?;
        let redeemed = match answer {
            Ok(grant) => self.redeem(app, &grant).await,
            Err(error) => Err(refused(&error)),
        };
        browser.show(report::page(&redeemed)).await;
        self.report(redeemed?).await
    }

    /// OAuth 1.0a: a PIN.
    async fn with_pin(&self) -> anyhow::Result<Exit> {
        let consumer = self.consumer()?;
        let coming = oauth1::by_pin(&self.issuer, &consumer, self.output);
        let Some(grant) = until_interrupted(coming).await else { return self.interrupted() };
        let grant = grant?;
        let user = grant.user_id.map(|id| {
            let mut user = User::new(id);
            user.username = grant.screen_name;
            user
        });
        let credential = Credential::OAuth1(grant.credential);
        self.report(self.remember(Granted { credential, app: None, user }).await?).await
    }

    /// A sign-in that xurl made.
    async fn with_xurl(&self, file: Option<&Path>) -> anyhow::Result<Exit> {
        let (app, user) = (self.args.xurl_app.as_deref(), self.args.xurl_user.as_deref());
        let mut found = xurl::read(file, app, user)?;
        found.app = found.app.map(|app| self.of_this_server(app));
        let shared = matches!(&found.credential, Credential::OAuth2(oauth2) if oauth2.refresh_token.is_some());
        let app = found.app.clone();
        let import = Import::new(found, self.tokens(None).await?, self.server)?;
        let credential = until_interrupted(import.credential()).await;
        import.settle().await;
        let Some(credential) = credential else {
            self.output.say("\nInterrupted. Run it again to go on.");
            return Ok(Exit::Interrupted);
        };
        let granted = Granted { credential: credential?, app, user: None };
        let done = self.remember(granted).await.context(
            "the sign-in of xurl is kept as it is now, and running this again goes on with it",
        )?;
        import.end().await?;
        if shared {
            self.output.insist(
                "warning: xurl and this program now hold the same refresh token, which works \
                 once. Whichever of the two refreshes first signs the other one out: use only \
                 one of them from now on, or run `blocks login` for a sign-in of its own.",
            );
        }
        self.report(done).await
    }

    fn scopes(&self) -> Vec<Scope> {
        let mut scopes =
            if self.args.write { Scope::FOR_WRITING.to_vec() } else { Scope::FOR_READING.to_vec() };
        if !self.args.no_refresh {
            scopes.push(Scope::OfflineAccess);
        }
        scopes
    }

    /// Trades the code for tokens, and stores them.
    async fn redeem(&self, app: App, grant: &AuthorizationGrant) -> anyhow::Result<Done> {
        let asked_at = self.server.clock().now();
        let tokens = self.issuer.exchange(&app, grant).await?;
        let credential = oauth2_credential(tokens, asked_at);
        let newest = credential.refresh_token.as_ref().unwrap_or(&credential.access_token).clone();
        let granted = Granted {
            credential: Credential::OAuth2(credential),
            app: Some(app.clone()),
            user: None,
        };
        let done = self.remember(granted).await;
        if done.is_err() {
            // A sign-in that nobody holds should not stay good; that it was not stored matters more.
            let _ = self.issuer.revoke(&app, &newest).await;
        }
        done
    }

    /// Finds out whose sign-in it is, and stores it.
    async fn remember(&self, granted: Granted) -> anyhow::Result<Done> {
        let lookups = u64::from(granted.user.is_none());
        let user = match granted.user {
            Some(user) => user,
            None => self.whose(&granted.credential).await?,
        };
        let known = self.store.accounts().await?;
        let url = self.server.lasting_url();
        let mut account = account_of(&user, self.globals.account.as_ref(), url, &known)?;
        if user.username.is_some() {
            account.username = user.username;
        }
        account.app = granted.app.as_ref().map(|app| app.name.clone());
        if let Some(app) = granted.app {
            self.put_app(app).await?;
        }
        let tokens = self.tokens(Some(&account)).await?;
        let clock = self.server.clock();
        let sign_ins = SignIns::new(self.store, &*tokens, &*clock);
        sign_ins.sign_in(&account, granted.credential.clone()).await?;
        let stored = self.store.load(&account.name).await?.value;
        let summary = Summary::of(&granted.credential, stored.as_ref());
        Ok(Done { account, summary, lookups })
    }

    async fn whose(&self, credential: &Credential) -> anyhow::Result<User> {
        let source = Source::fixed("sign-in".parse()?, credential)?;
        let api = self.server.api(source.label, source.credentials, None)?;
        let retries = RetryPolicy::at_most(self.globals.retries.into());
        let user = me(&Retried::new(api, self.server.clock(), retries)).await;
        user.context("X accepted the sign-in, but it is not clear whose it is")
    }

    /// Where the sign-in goes: to the keychain if that is wished, or if the account's is there.
    async fn tokens(&self, account: Option<&Account>) -> anyhow::Result<Arc<dyn TokenStore>> {
        #[cfg(feature = "keyring")]
        if self.args.keyring {
            return secrets::tried_keychain(self.store).await;
        }
        match account {
            Some(account) => secrets::of_account(self.store, &account.name).await,
            None => Ok(Arc::new(self.store.clone())),
        }
    }

    fn interrupted(&self) -> anyhow::Result<Exit> {
        self.output.say("\nInterrupted. Nothing was stored.");
        Ok(Exit::Interrupted)
    }
}

/// A sign-in that is stored.
struct Done {
    account: Account,
    summary: Summary,
    /// How often X was asked whose it is.
    lookups: u64,
}
