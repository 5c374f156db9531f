//! What the environment says.

use std::ffi::OsStr;

use blocks_ports::{Credential, OAuth1Credential};
use clap::builder::Resettable;

use crate::exit::{Exit, Failed};

/// The variable that holds a ready user token.
pub(crate) const ACCESS_TOKEN: &str = "BLOCKS_ACCESS_TOKEN";

/// The variable that holds the app's own bearer token.
pub(crate) const APP_TOKEN: &str = "BLOCKS_APP_TOKEN";

/// What to do when X refuses what the environment holds.
pub(crate) const REPLACE: &str = "\
X refuses the sign-in in the environment: set BLOCKS_ACCESS_TOKEN (or the BLOCKS_OAUTH1_ variables) \
anew, or unset it, so that the stored sign-in is used.";

/// The variables that hold an OAuth 1.0a sign-in, all of them.
const OAUTH1: [&str; 4] = [
    "BLOCKS_OAUTH1_CONSUMER_KEY",
    "BLOCKS_OAUTH1_CONSUMER_SECRET",
    "BLOCKS_OAUTH1_TOKEN",
    "BLOCKS_OAUTH1_TOKEN_SECRET",
];

/// What a variable holds, if it holds anything.
pub(crate) fn variable(name: &str) -> anyhow::Result<Option<String>> {
    let Some(text) = std::env::var_os(name) else { return Ok(None) };
    let Ok(text) = text.into_string() else {
        return Err(Failed::new(Exit::Usage, format!("{name} is not UTF-8 text"))
            .remedy("Set it again, or unset it.")
            .into());
    };
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// A command whose flags do not look at variables that hold nothing: those count as not set.
pub(crate) fn without_empty_variables(command: clap::Command) -> clap::Command {
    let holds_nothing = |name: &OsStr| {
        std::env::var_os(name).is_some_and(|value| value.to_string_lossy().trim().is_empty())
    };
    let command = command.mut_args(|arg| {
        let is_empty = arg.get_env().is_some_and(holds_nothing);
        if is_empty { arg.env(Resettable::Reset) } else { arg }
    });
    command.mut_subcommands(without_empty_variables)
}

/// The credential that the environment holds, if it holds one: an access token, or the four
/// values of OAuth 1.0a.
pub(crate) fn credential() -> anyhow::Result<Option<Credential>> {
    if let Some(token) = variable(ACCESS_TOKEN)? {
        let token = one_word(ACCESS_TOKEN, token)?;
        return Ok(Some(Credential::bearer(token)));
    }
    let mut values = Vec::new();
    let mut missing = Vec::new();
    for name in OAUTH1 {
        match variable(name)? {
            Some(value) => values.push(one_word(name, value)?),
            None => missing.push(name),
        }
    }
    if values.is_empty() {
        return Ok(None);
    }
    let Ok([key, secret, token, token_secret]) = <[String; 4]>::try_from(values) else {
        let what = format!("of the OAuth 1.0a variables, {} is missing", missing.join(" and "));
        return Err(Failed::new(Exit::Usage, what)
            .remedy(format!("Set all four, or none: {}.", OAUTH1.join(", ")))
            .into());
    };
    Ok(Some(Credential::OAuth1(OAuth1Credential::new(key, secret, token, token_secret))))
}

/// The app's own bearer token, if the environment holds it.
pub(crate) fn app_token() -> anyhow::Result<Option<Credential>> {
    let Some(token) = variable(APP_TOKEN)? else { return Ok(None) };
    Ok(Some(Credential::bearer(one_word(APP_TOKEN, token)?)))
}

/// Whether the environment holds a credential, for words about what to do.
pub(crate) fn has_credential() -> bool {
    matches!(credential(), Ok(Some(_)))
}

/// A value without spaces or odd characters inside, which no token or secret has.
pub(crate) fn one_word(name: &str, value: String) -> anyhow::Result<String> {
    if value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(value);
    }
    let what = format!("{name} holds no token or secret: it has spaces or other characters inside");
    Err(Failed::new(Exit::NotSignedIn, what)
        .remedy("Copy it again, on one line, and nothing else.")
        .into())
}
