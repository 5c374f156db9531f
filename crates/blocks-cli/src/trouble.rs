//! What the program says about an error, and how it ends then.

use blocks_app::{PullError, PullProgress};
use blocks_domain::{Failure, InvalidValue, UnknownWord};
use blocks_ports::{AccountName, ApiError, CredentialError, IssueError, StoreError};

use crate::args::Words;
use crate::environment;
use crate::exit::{Exit, Failed};
use crate::output::{
    ERROR_WORD, Output, ReaderLeft, capital, counted, stderr_width, visible, wrapped,
};

/// Says on stderr what happened, why, and what to do; answers the exit code.
pub(crate) fn report(error: &anyhow::Error, words: Words, output: Output) -> Exit {
    if error.is::<ReaderLeft>() {
        return Exit::Done;
    }
    let Told { causes, remedy } = told(error);
    let mut lines = vec![format!("error: {}", causes[0])];
    lines.extend(causes[1..].iter().map(|cause| format!("  because {cause}")));
    let remedy = other_words(error, words).or(remedy);
    lines.extend(remedy.map(|remedy| format!("  {remedy}")));
    if let Some(pull) = error.downcast_ref::<PullError>() {
        // A read that was set aside is whole: nothing of it is left to go on with.
        let kept = kept(error).filter(|_| !is_set_aside(error)).unwrap_or_default();
        lines.extend(left(kept, &pull.progress(), output).map(|left| format!("  {left}")));
    }
    let text = wrapped(&output.typed(&lines.join("\n")), stderr_width());
    // The first word is coloured after the lines are broken, for colours have no width.
    anstream::eprintln!("{}", text.replacen("error", ERROR_WORD, 1));
    exit_of(error)
}

/// What an error says for a person.
pub(crate) struct Told {
    /// What happened, and each reason behind it; the ends of a long chain, since its middle tells
    /// how a library is built.
    pub(crate) causes: Vec<String>,
    /// What to do.
    pub(crate) remedy: Option<String>,
}

/// What there is to tell of an error, fit to be shown.
pub(crate) fn told(error: &anyhow::Error) -> Told {
    Told { causes: causes(error, environment::has_credential()), remedy: remedy_of(error) }
}

/// What happened, and the reasons worth telling. A credential of the environment is no account's,
/// so that an account's sign-in has ended is no reason then.
fn causes(error: &anyhow::Error, is_of_environment: bool) -> Vec<String> {
    let is_told =
        |cause: &(dyn std::error::Error + 'static)| ended(cause).is_none() || !is_of_environment;
    let reasons = error.chain().skip(1).filter(|cause| is_told(*cause)).map(ToString::to_string);
    // Whatever it is, what happened is told.
    let all = std::iter::once(error.to_string()).chain(reasons);
    let mut causes: Vec<_> = all.map(|cause| visible(&cause)).collect();
    if causes.len() > 4 {
        causes.drain(3..causes.len() - 1);
    }
    causes
}

/// The account whose sign-in has ended, where an error says that.
fn ended<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a AccountName> {
    match cause.downcast_ref() {
        Some(CredentialError::Ended { account }) => Some(account),
        _ => None,
    }
}

fn remedy_of(error: &anyhow::Error) -> Option<String> {
    if let Some(failed) = error.downcast_ref::<Failed>() {
        return failed.remedy.clone();
    }
    if let Some(account) = error.chain().find_map(ended) {
        return Some(if environment::has_credential() {
            environment::REPLACE.into()
        } else {
            ENDED.replacen("`blocks login`", &format!("`blocks login --account {account}`"), 1)
        });
    }
    error.chain().find_map(|cause| {
        match cause.downcast_ref() {
            Some(PullError::Busy { .. }) => {
                return Some("`blocks pull --wait` waits until it is done.".into());
            }
            Some(PullError::SetAside { .. }) => return Some(SET_ASIDE.into()),
            Some(PullError::NothingToGoOnFrom) => {
                return Some("Run `blocks pull` first; it reads the whole list.".into());
            }
            _ => {}
        }
        if let Some(CredentialError::NotSignedIn { .. }) = cause.downcast_ref() {
            return Some("Run `blocks login`.".into());
        }
        match cause.downcast_ref() {
            Some(IssueError::InvalidClient) => return Some(APP_REFUSED.into()),
            Some(IssueError::InvalidGrant) => {
                return Some("Run `blocks login` again; a code lives 30 seconds.".into());
            }
            _ => {}
        }
        if let Some(store) = cause.downcast_ref::<StoreError>() {
            return Some(match store.revision {
                Some(_) => "Run `blocks login`, or forget the sign-in with `blocks logout \
                            --local`; nothing else is damaged."
                    .into(),
                None => store.kind.remedy().into(),
            });
        }
        match cause.downcast_ref::<ApiError>()?.kind() {
            // What failed stands behind it, and knows better.
            Failure::Backend if has_store_behind(cause) => None,
            kind => Some(kind.remedy().into()),
        }
    })
}

fn has_store_behind(cause: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(cause.source(), |cause| cause.source())
        .any(<dyn std::error::Error>::is::<StoreError>)
}

/// What to do where X refuses a word that one vocabulary alone has.
fn other_words(error: &anyhow::Error, words: Words) -> Option<String> {
    let refusal = error.chain().find_map(|cause| cause.downcast_ref::<ApiError>())?;
    let unknown = UnknownWord::first_of(refusal.problems())?;
    if refusal.kind() != Failure::InvalidRequest {
        return None;
    }
    let other = unknown.try_instead();
    Some(match words {
        Words::Auto => "Both vocabularies were tried, and the server takes neither.".into(),
        _ => format!(
            "Ask in the other words with `--words {other}`, or let `--words auto` find out which \
             ones the server knows; BLOCKS_WORDS sets that for every command."
        ),
    })
}

/// What to do with a read that was set aside.
const SET_ASIDE: &str = "\
`blocks changes --aside` shows who is missing. Where you have unblocked them, `blocks pull --accept` \
takes the read for the mirror; otherwise `blocks pull` reads, and pays for, the whole list again.";

/// The exit code of an error: the most exact reason in its chain decides.
pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
    // What a command added as context is not a link of the chain, so it is asked for first.
    if let Some(failed) = error.downcast_ref::<Failed>() {
        return failed.exit;
    }
    let exact = error.chain().find_map(|cause| {
        if cause.is::<InvalidValue>() {
            return Some(Exit::Usage);
        }
        if let Some(PullError::NothingToGoOnFrom) = cause.downcast_ref() {
            return Some(Exit::Failed);
        }
        if let Some(
            CredentialError::NotSignedIn { .. }
            | CredentialError::Ended { .. }
            | CredentialError::AppRefused { .. },
        ) = cause.downcast_ref()
        {
            return Some(Exit::NotSignedIn);
        }
        if let Some(IssueError::InvalidClient | IssueError::InvalidGrant) = cause.downcast_ref() {
            return Some(Exit::NotSignedIn);
        }
        cause.downcast_ref::<ApiError>().and_then(|api| exit_of_failure(api.kind()))
    });
    let is_incomplete = kept(error).is_some() || is_set_aside(error);
    exact.unwrap_or(if is_incomplete { Exit::Incomplete } else { Exit::Failed })
}

fn is_set_aside(error: &anyhow::Error) -> bool {
    let is = |cause: &(dyn std::error::Error + 'static)| {
        matches!(cause.downcast_ref(), Some(PullError::SetAside { .. }))
    };
    error.chain().any(is)
}

/// What a run that did not come to its end leaves, and what it has cost, if it is either.
pub(crate) fn left(kept: u64, progress: &PullProgress, output: Output) -> Option<String> {
    let cost = || format!("this run {} {} for reading", output.has_cost(), progress.cost());
    let kept = (kept > 0).then(|| counted(kept, "account", "accounts"));
    match (kept, progress.requests) {
        (None, 0) => None,
        (None, _) => Some(format!("{}.", capital(&cost()))),
        (Some(kept), 0) => Some(format!("Kept so far: {kept}. Run the same command to go on.")),
        (Some(kept), _) => {
            Some(format!("Kept so far: {kept}; {}. Run the same command to go on.", cost()))
        }
    }
}

/// How many accounts an unfinished read holds, if it holds a page.
fn kept(error: &anyhow::Error) -> Option<u64> {
    let progress = error.downcast_ref::<PullError>()?.progress();
    (progress.pages > 0).then_some(progress.users)
}

pub(crate) fn exit_of_failure(failure: Failure) -> Option<Exit> {
    match failure {
        Failure::Unauthenticated => Some(Exit::NotSignedIn),
        Failure::Forbidden(_) => Some(Exit::NotEntitled),
        Failure::RateLimited => Some(Exit::RateLimited),
        Failure::OverBudget => Some(Exit::Refused),
        _ => None,
    }
}

/// What to do when X takes neither the tokens of a sign-in nor its refresh token.
pub(crate) const ENDED: &str = "\
Run `blocks login` to sign in again. A sign-in ends when the person or X withdraws it, when another \
program or another machine spends its refresh token, which works once, and, rarely, when this \
program is killed or the connection breaks between X's answer to a refresh and storing it.";

/// What to do when X does not take the client id or the client secret.
pub(crate) const APP_REFUSED: &str = "\
Check the app's client id and secret in X's developer portal, then run `blocks login --client-id ID` \
with the right ones.";

#[cfg(test)]
mod tests {
    use super::*;

    fn code(failure: Failure) -> Exit {
        exit_of(&anyhow::Error::new(ApiError::new(failure)).context("while pulling"))
    }

    #[test]
    fn something_is_told_of_every_error_whoever_the_credential_is_of() {
        let account: AccountName = "work".parse().expect("a name");
        let ended = || CredentialError::Ended { account: account.clone() };
        let refused = ApiError::new(Failure::Unauthenticated).with_source(ended());
        assert_eq!(causes(&ended().into(), true).len(), 1, "it is all there is to tell");
        let refused = anyhow::Error::new(refused);
        assert_eq!((causes(&refused, true).len(), causes(&refused, false).len()), (1, 2));
    }

    #[test]
    fn the_kind_of_failure_decides_the_code() {
        assert_eq!(code(Failure::Unauthenticated), Exit::NotSignedIn);
        assert_eq!(
            code(Failure::Forbidden(blocks_domain::ForbiddenReason::UnsupportedAuthentication)),
            Exit::NotEntitled
        );
        assert_eq!(code(Failure::RateLimited), Exit::RateLimited);
        assert_eq!(code(Failure::OverBudget), Exit::Refused);
        assert_eq!(code(Failure::Unavailable), Exit::Failed);
    }
}
