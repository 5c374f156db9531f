//! Why somebody is no longer on a block list.

use std::fmt;

use crate::{Problem, ProblemType, ResourceType};

/// Why an account that was on a block list is on it no longer, as far as is known.
///
/// X does not list accounts that are suspended or deactivated, though the block stands and shows
/// again when they come back. So an account that is missing was not necessarily unblocked.
///
/// ```
/// use blocks_domain::{Absence, Whereabouts, Witness};
///
/// let told = Some(Witness::Event);
/// assert_eq!(Absence::of(told, Some(Whereabouts::Suspended)), Absence::Unblocked(Witness::Event));
/// assert_eq!(Absence::of(None, Some(Whereabouts::Suspended)), Absence::Gone(Whereabouts::Suspended));
/// assert_eq!(Absence::of(None, Some(Whereabouts::Present)), Absence::Unknown);
/// assert_eq!(Absence::of(None, None), Absence::Unknown);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Absence {
    /// The block was lifted: somebody who knows has told so.
    Unblocked(Witness),
    /// The account is gone, and the block may still stand: a lookup said so.
    Gone(Whereabouts),
    /// It is missing, and nobody told why.
    Unknown,
}

impl Absence {
    /// What follows from what is known: who told of an unblock, and what a lookup said.
    #[must_use]
    pub const fn of(unblock: Option<Witness>, lookup: Option<Whereabouts>) -> Self {
        match (unblock, lookup) {
            (Some(witness), _) => Self::Unblocked(witness),
            (None, Some(Whereabouts::Present) | None) => Self::Unknown,
            (None, Some(gone)) => Self::Gone(gone),
        }
    }
}

/// Who knows of a block that was made or lifted, besides a read of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Witness {
    /// An activity event of X.
    Event,
    /// An operation of this program, which X has answered or may have carried out.
    Operation,
}

/// What a lookup said of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Whereabouts {
    /// It is there.
    Present,
    /// It is suspended.
    Suspended,
    /// There is none: it was deactivated, or deleted.
    NotFound,
}

impl Whereabouts {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Present, Self::Suspended, Self::NotFound];

    /// The word for it: `present`, `suspended`, `not found`.
    ///
    /// ```
    /// use blocks_domain::Whereabouts;
    ///
    /// assert_eq!(Whereabouts::NotFound.to_string(), "not found");
    /// assert_eq!(Whereabouts::of_word("not found"), Some(Whereabouts::NotFound));
    /// ```
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Suspended => "suspended",
            Self::NotFound => "not found",
        }
    }

    /// The one of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|whereabouts| whereabouts.word() == word)
    }

    /// What a problem beside the users of a lookup says of the one it names; `None` where it is
    /// about something else, or in words that are not known.
    ///
    /// X has one type of problem for both reasons, and tells them apart in the text alone:
    /// `User has been suspended: [2].` and `Could not find user with ids: [2].`
    ///
    /// ```
    /// use blocks_domain::{Problem, ProblemType, Whereabouts};
    ///
    /// let mut problem = Problem::new(ProblemType::ResourceNotFound, "Forbidden");
    /// problem.detail = Some("User has been suspended: [2].".to_owned());
    /// assert_eq!(Whereabouts::told_by(&problem), Some(Whereabouts::Suspended));
    /// problem.detail = Some("Nobody knows.".to_owned());
    /// assert_eq!(Whereabouts::told_by(&problem), None);
    /// ```
    #[must_use]
    pub fn told_by(problem: &Problem) -> Option<Self> {
        let is_of_user = problem.resource_type.as_ref().is_none_or(|it| *it == ResourceType::User);
        if problem.problem_type() != Some(ProblemType::ResourceNotFound) || !is_of_user {
            return None;
        }
        let said = problem.message()?.to_ascii_lowercase();
        if said.starts_with("user has been suspended") {
            Some(Self::Suspended)
        } else if said.starts_with("could not find user with") {
            Some(Self::NotFound)
        } else {
            None
        }
    }
}

impl fmt::Display for Whereabouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: ProblemType, about: Option<ResourceType>, detail: &str) -> Option<Whereabouts> {
        let mut problem = Problem::new(kind, "Not Found Error");
        problem.resource_type = about;
        problem.detail = Some(detail.to_owned());
        Whereabouts::told_by(&problem)
    }

    #[test]
    fn both_reasons_are_told_apart_by_their_text() {
        for about in [None, Some(ResourceType::User)] {
            let told = |detail| told(ProblemType::ResourceNotFound, about.clone(), detail);
            assert_eq!(told("User has been suspended: [7]."), Some(Whereabouts::Suspended));
            assert_eq!(told("Could not find user with ids: [7]."), Some(Whereabouts::NotFound));
            assert_eq!(told("Could not find user with id: [7]."), Some(Whereabouts::NotFound));
            assert_eq!(told("User is on holiday: [7]."), None);
        }
    }

    #[test]
    fn what_is_about_something_else_says_nothing_of_a_user() {
        let suspended = "User has been suspended: [7].";
        let gone = ProblemType::ResourceNotFound;
        assert_eq!(told(gone, Some(ResourceType::Post), suspended), None);
        assert_eq!(told(ProblemType::NotAuthorizedForResource, None, suspended), None);
        assert_eq!(told(ProblemType::InternalError, None, "Could not find user with ids"), None);
    }
}
