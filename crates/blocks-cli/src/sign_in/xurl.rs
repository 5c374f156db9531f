//! Taking over a sign-in of xurl, X's own command-line client.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use blocks_ports::{App, Credential, OAuth1Credential, OAuth2Credential};
use jiff::Timestamp;
use serde::Deserialize;

use crate::exit::{Exit, Failed};

/// What was found: a sign-in, and the app that it was made through.
pub(crate) struct Found {
    pub(crate) credential: Credential,
    /// The app, which refreshing needs.
    pub(crate) app: Option<App>,
    /// The handle that xurl keeps it under.
    pub(crate) username: Option<String>,
}

/// Reads the sign-in of an app and a user, or of the default ones.
pub(crate) fn read(
    file: Option<&Path>,
    app: Option<&str>,
    user: Option<&str>,
) -> anyhow::Result<Found> {
    let file = match file {
        Some(file) => file.to_owned(),
        None => default_file()?,
    };
    let yaml = std::fs::read_to_string(&file).map_err(|error| {
        let failed = Failed::new(Exit::Failed, format!("cannot read {}", file.display()))
            .remedy("Sign in with xurl first, or name its file: --from-xurl=FILE.");
        anyhow::Error::new(error).context(failed)
    })?;
    let auth: Auth = serde_saphyr::from_str(&yaml).map_err(|error| {
        // The error can quote the file, which is full of secrets, so only its place is told.
        let place = error.location().map(|at| format!(", at line {}", at.line()));
        let place = place.unwrap_or_default();
        Failed::new(Exit::Failed, format!("{} is not what xurl writes{place}", file.display()))
            .remedy("Sign in anew with xurl, or with `blocks login`.")
    })?;
    auth.sign_in(app, user.map(|user| user.trim_start_matches('@')))
}

fn default_file() -> anyhow::Result<PathBuf> {
    let home = etcetera::home_dir().context("there is no home folder to look for xurl's file")?;
    Ok(home.join(".xurl").join("auth.yml"))
}

/// The file, as far as it matters here.
#[derive(Deserialize)]
struct Auth {
    #[serde(default)]
    apps: BTreeMap<String, XurlApp>,
    #[serde(default)]
    default_app: Option<String>,
}

#[derive(Deserialize)]
struct XurlApp {
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    client_secret: Option<String>,
    #[serde(default)]
    redirect_uri: Option<String>,
    #[serde(default)]
    default_user: Option<String>,
    #[serde(default)]
    oauth2_tokens: BTreeMap<String, Token>,
    #[serde(default)]
    oauth1_token: Option<Token>,
    #[serde(default)]
    bearer_token: Option<Token>,
}

/// A token; which of the parts is there, its `type` says, and so do the parts.
#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    oauth2: Option<OAuth2>,
    #[serde(default)]
    oauth1: Option<OAuth1>,
}

#[derive(Deserialize)]
struct OAuth2 {
    access_token: String,
    #[serde(default)]
    refresh_token: Option<String>,
    /// In seconds since 1970.
    #[serde(default)]
    expiration_time: Option<i64>,
}

#[derive(Deserialize)]
struct OAuth1 {
    access_token: String,
    token_secret: String,
    consumer_key: String,
    consumer_secret: String,
}

impl Auth {
    fn sign_in(self, app: Option<&str>, user: Option<&str>) -> anyhow::Result<Found> {
        let default = self.default_app.as_deref().filter(|name| !name.is_empty());
        let (name, app) = pick(&self.apps, app, default, "app", "--xurl-app")?;
        let default = app.default_user.as_deref().filter(|user| !user.is_empty());
        if user.is_some() || !app.oauth2_tokens.is_empty() {
            let (user, token) = pick(&app.oauth2_tokens, user, default, "user", "--xurl-user")?;
            let oauth2 = token.oauth2.as_ref();
            let oauth2 =
                oauth2.ok_or_else(|| nothing(format!("xurl's file has no token of {user}")))?;
            return Ok(Found {
                credential: Credential::OAuth2(oauth2.credential()),
                app: app.registered(),
                username: Some(user.trim_start_matches('@').to_owned()),
            });
        }
        if let Some(oauth1) = app.oauth1_token.as_ref().and_then(|token| token.oauth1.as_ref()) {
            let credential = Credential::OAuth1(oauth1.credential());
            return Ok(Found { credential, app: None, username: None });
        }
        if app.bearer_token.is_some() {
            let what = format!("xurl's app {name} has a bearer token of the app, and no user's");
            return Err(Failed::new(Exit::NotEntitled, what)
                .remedy(
                    "A block list belongs to a user: sign in with xurl as a user, or with \
                     `blocks login`.",
                )
                .into());
        }
        Err(nothing(format!("xurl's app {name} has no sign-in")).into())
    }
}

impl XurlApp {
    fn registered(&self) -> Option<App> {
        let client_id = self.client_id.as_deref().filter(|id| !id.is_empty())?;
        let mut app = App::new(client_id, client_id);
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        app.client_secret = filled(&self.client_secret).map(Into::into);
        app.redirect_uri = filled(&self.redirect_uri);
        Some(app)
    }
}

impl OAuth2 {
    fn credential(&self) -> OAuth2Credential {
        let mut credential = OAuth2Credential::new(self.access_token.clone());
        let refresh_token = self.refresh_token.clone().filter(|token| !token.is_empty());
        credential.refresh_token = refresh_token.map(Into::into);
        let known = self.expiration_time.filter(|seconds| *seconds > 0);
        credential.expires_at = known.and_then(|seconds| Timestamp::from_second(seconds).ok());
        credential
    }
}

impl OAuth1 {
    fn credential(&self) -> OAuth1Credential {
        OAuth1Credential::new(
            self.consumer_key.clone(),
            self.consumer_secret.clone(),
            self.access_token.clone(),
            self.token_secret.clone(),
        )
    }
}

/// The entry that is wanted, or else the default, or else the only one.
fn pick<'a, T>(
    all: &'a BTreeMap<String, T>,
    wanted: Option<&str>,
    default: Option<&str>,
    what: &str,
    flag: &str,
) -> anyhow::Result<(&'a str, &'a T)> {
    let named = wanted.or(default.filter(|name| all.contains_key(*name)));
    let found = match named {
        Some(name) => all.get_key_value(name),
        None => all.iter().next().filter(|_| all.len() == 1),
    };
    if let Some((name, value)) = found {
        return Ok((name, value));
    }
    let names: Vec<_> = all.keys().map(String::as_str).collect();
    let complaint = match named {
        Some(name) => format!("xurl's file knows no {what} {name}"),
        None if names.is_empty() => {
            return Err(nothing(format!("xurl's file knows no {what}")).into());
        }
        None => format!("xurl's file knows several {what}s and no default"),
    };
    Err(Failed::new(Exit::Usage, complaint)
        .remedy(format!("It knows: {}. Name one with {flag}.", names.join(", ")))
        .into())
}

fn nothing(what: String) -> Failed {
    Failed::new(Exit::NotSignedIn, what)
        .remedy("Sign in with xurl first, or with `blocks login`, which needs no xurl.")
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const FILE: &str = r#"
apps:
  first:
    client_id: first-id
    client_secret: first-secret
    redirect_uri: http://localhost:8080/callback
    default_user: ann
    oauth2_tokens:
      ann:
        type: oauth2
        oauth2: {access_token: ann-access, refresh_token: ann-refresh, expiration_time: 1786000000}
      bob:
        type: oauth2
        oauth2: {access_token: bob-access, refresh_token: "", expiration_time: 0}
    bearer_token: {type: bearer, bearer: app-bearer}
  second:
    client_id: second-id
    client_secret: ""
    oauth1_token:
      type: oauth1
      oauth1: {access_token: t, token_secret: ts, consumer_key: k, consumer_secret: cs}
  third:
    bearer_token: {type: bearer, bearer: app-bearer}
default_app: first
"#;

    fn found(app: Option<&str>, user: Option<&str>) -> anyhow::Result<Found> {
        serde_saphyr::from_str::<Auth>(FILE).expect("YAML").sign_in(app, user)
    }

    fn refused(app: Option<&str>, user: Option<&str>) -> String {
        found(app, user).err().expect("no sign-in").to_string()
    }

    #[test]
    fn the_default_app_and_user_are_taken_over_with_their_app() {
        let found = found(None, None).expect("ann");
        let Credential::OAuth2(oauth2) = found.credential else { panic!("OAuth 2.0") };
        assert_eq!(oauth2.access_token.expose_secret(), "ann-access");
        assert_eq!(oauth2.refresh_token.expect("a token").expose_secret(), "ann-refresh");
        assert_eq!(oauth2.expires_at.map(Timestamp::as_second), Some(1_786_000_000));
        let app = found.app.expect("an app");
        assert_eq!(app.client_id, "first-id");
        assert_eq!(app.redirect_uri.as_deref(), Some("http://localhost:8080/callback"));
        assert!(app.client_secret.is_some());
    }

    #[test]
    fn an_empty_refresh_token_is_none() {
        let found = found(Some("first"), Some("bob")).expect("bob");
        let Credential::OAuth2(oauth2) = found.credential else { panic!("OAuth 2.0") };
        assert!(oauth2.refresh_token.is_none());
    }

    #[test]
    fn an_app_without_users_gives_its_oauth1_sign_in() {
        let found = found(Some("second"), None).expect("OAuth 1.0a");
        assert!(matches!(found.credential, Credential::OAuth1(_)));
    }

    #[test]
    fn what_is_not_there_is_told_and_a_bearer_token_is_refused() {
        assert!(refused(Some("third"), None).contains("bearer token of the app"));
        assert!(refused(Some("fourth"), None).contains("no app fourth"));
        assert!(refused(Some("first"), Some("eve")).contains("no user eve"));
    }

    #[test]
    fn an_error_does_not_quote_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("auth.yml");
        std::fs::write(&file, "apps:\n  a: {client_secret: [s3cret, {s3cret\n").expect("written");
        let error = read(Some(&file), None, None).err().expect("no YAML");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}
