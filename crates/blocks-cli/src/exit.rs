//! How the program ends: its exit codes, and errors that name theirs.

use std::process::ExitCode;

/// An exit code, with a fixed meaning for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    NotSignedIn = 3,
    NotEntitled = 4,
    RateLimited = 5,
    Refused = 6,
    Incomplete = 7,
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What the help says below the commands: the environment, and the codes with their meanings.
pub(crate) const TABLE: &str = "\
Environment:
  BLOCKS_ACCESS_TOKEN    a user's access token, ready to use
  BLOCKS_OAUTH1_CONSUMER_KEY, BLOCKS_OAUTH1_CONSUMER_SECRET,
  BLOCKS_OAUTH1_TOKEN, BLOCKS_OAUTH1_TOKEN_SECRET
                         an OAuth 1.0a sign-in, ready to use
  BLOCKS_APP_TOKEN       the bearer token of your app, for `watch`
  BLOCKS_CLIENT_SECRET   the secret of your app, for `login`
  BLOCKS_API_URL         another server, as with --api-url
  BLOCKS_WORDS           the words to ask in, as with --words
  BLOCKS_FULL_EVERY      when to read the whole list again, as with --full-every
  BLOCKS_MAX_AGE         how long to keep profiles, as with --max-age
  BLOCKS_HOME            the folder to keep state in
  BLOCKS_LOG             what to log to stderr, such as blocks_http=debug
  NO_COLOR               no colours

Exit codes:
  0    done
  1    failed
  2    wrong usage
  3    not signed in
  4    not entitled: a scope, the app's enrolment or a plan is missing
  5    rate limited, with --no-wait
  6    refused by a budget or a guard
  7    ended incomplete: run it again to go on; or a read was set aside, and the
       mirror stays; or the mirror differs from X
  130  interrupted";

/// An error that knows its exit code and what to do about it.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) exit: Exit,
    message: String,
    pub(crate) remedy: Option<String>,
}

impl Failed {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), remedy: None }
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_variable_and_fits() {
        fn variables(command: &clap::Command) -> Vec<String> {
            let own = command.get_arguments().filter_map(|arg| arg.get_env());
            let own = own.map(|name| name.to_string_lossy().into_owned());
            own.chain(command.get_subcommands().flat_map(variables)).collect()
        }
        let variables = variables(&crate::command());
        assert!(variables.iter().any(|name| name == "BLOCKS_WORDS"), "{variables:?}");
        for name in variables {
            assert!(TABLE.contains(&format!("\n  {name} ")), "{name}");
        }
        for line in TABLE.lines() {
            assert!(line.len() <= 80, "{line}");
        }
    }

    #[test]
    fn every_code_stands_in_the_help() {
        for exit in [
            Exit::Done,
            Exit::Failed,
            Exit::Usage,
            Exit::NotSignedIn,
            Exit::NotEntitled,
            Exit::RateLimited,
            Exit::Refused,
            Exit::Incomplete,
            Exit::Interrupted,
        ] {
            assert!(TABLE.contains(&format!("\n  {} ", exit as u8)), "{exit:?}");
        }
    }
}
