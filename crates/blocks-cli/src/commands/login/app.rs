//! The app that a person signs in through.

use anyhow::Context;
use blocks_ports::{AccountStore, App, Consumer};
use secrecy::SecretString;

use super::{Login, REDIRECT_URI};
use crate::environment::{one_word, variable};
use crate::exit::{Exit, Failed};

/// The environment variable that holds the secret of the app.
const CLIENT_SECRET: &str = "BLOCKS_CLIENT_SECRET";

impl Login<'_> {
    /// The app that is named, or else the sandbox's, or else that of the last time.
    pub(super) async fn app(&self) -> anyhow::Result<App> {
        // The secret of an app is sent to the server that it is registered at, and to no other.
        let mut stored = self.store.apps().await?;
        stored.retain(|app| app.api_url.as_deref() == self.server.lasting_url());
        let mut app = match (&self.args.client_id, self.server.world()) {
            (Some(id), _) => {
                let known = stored.into_iter().find(|app| app.client_id == *id);
                known.unwrap_or_else(|| self.of_this_server(App::new(id, id)))
            }
            (None, Some(world)) => world.app(),
            (None, None) => self.app_of_last_time(stored).await?,
        };
        if let Some(secret) = self.secret()? {
            app.client_secret = Some(secret);
        }
        if let Some(uri) = &self.args.redirect_uri {
            app.redirect_uri = Some(uri.clone());
            if let Some(world) = self.server.world() {
                world.register_redirect_uri(uri);
            }
        }
        app.redirect_uri.get_or_insert_with(|| REDIRECT_URI.to_owned());
        Ok(app)
    }

    /// An app as it is stored: by its client id, and the server where that is good.
    pub(super) fn of_this_server(&self, mut app: App) -> App {
        app.api_url = self.server.lasting_url().map(str::to_owned);
        app.name = match &app.api_url {
            Some(url) => format!("{} at {url}", app.client_id),
            None => app.client_id.clone(),
        };
        app
    }

    /// Remembers an app; a secret that is not known this time stays.
    pub(super) async fn put_app(&self, mut app: App) -> anyhow::Result<()> {
        if app.client_secret.is_none() {
            let stored = self.store.apps().await?;
            let before = stored.into_iter().find(|before| before.name == app.name);
            app.client_secret = before.and_then(|before| before.client_secret);
        }
        Ok(self.store.put_app(&app).await?)
    }

    /// The app of the account that is signed in again, or of any other one of this server.
    async fn app_of_last_time(&self, stored: Vec<App>) -> anyhow::Result<App> {
        let known = self.store.accounts().await?;
        let url = self.server.lasting_url();
        let there: Vec<_> =
            known.iter().filter(|account| account.api_url.as_deref() == url).collect();
        let default = self.store.default_account().await?;
        let wanted = self.globals.account.as_ref().or(default.as_ref());
        let again = there.iter().find(|account| Some(&account.name) == wanted);
        let name = again.into_iter().chain(&there).find_map(|account| account.app.as_ref());
        let app = stored.into_iter().find(|app| Some(&app.name) == name);
        app.ok_or_else(|| {
            Failed::new(Exit::Usage, "it is not known which app to sign in through")
                .remedy(format!(
                    "Register an app in X's developer portal with the redirect URI {REDIRECT_URI}, \
                     then run `blocks login --client-id ID` with its client id. To try it without \
                     one, use --sandbox."
                ))
                .into()
        })
    }

    /// The key of the app and its secret, for OAuth 1.0a.
    pub(super) fn consumer(&self) -> anyhow::Result<Consumer> {
        let secret = match self.secret()? {
            Some(secret) => Some(secret),
            None => variable("BLOCKS_OAUTH1_CONSUMER_SECRET")?.map(SecretString::from),
        };
        let key = match &self.args.client_id {
            Some(key) => Some(key.clone()),
            None => variable("BLOCKS_OAUTH1_CONSUMER_KEY")?,
        };
        match (key, secret, self.server.world()) {
            (Some(key), Some(secret), _) => Ok(Consumer::new(key, secret)),
            (None, None, Some(world)) => Ok(world.consumer()),
            _ => Err(Failed::new(Exit::Usage, "OAuth 1.0a needs the app's key and its secret")
                .remedy(format!(
                    "Name the key with --client-id, and the secret with --client-secret-file or \
                     in {CLIENT_SECRET}."
                ))
                .into()),
        }
    }

    /// The secret of the app, from a file or the environment: never from the command line, which
    /// every user of the machine can read.
    fn secret(&self) -> anyhow::Result<Option<SecretString>> {
        if let Some(file) = &self.args.client_secret_file {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            let name = file.display().to_string();
            return Ok(Some(one_word(&name, text.trim().to_owned())?.into()));
        }
        let Some(secret) = variable(CLIENT_SECRET)? else { return Ok(None) };
        Ok(Some(one_word(CLIENT_SECRET, secret)?.into()))
    }
}
