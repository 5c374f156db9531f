//! Which pages were asked for, and which of them again.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

/// How many pages were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// How many different pages there were.
    pub(super) different: u32,
    /// How many requests asked for a page that had been asked for already.
    pub(super) again: u32,
}

impl Asked {
    /// Counts the requests of one read by their page tokens, in their order; `None` is the first
    /// page.
    ///
    /// Whoever goes on after a kill asks either for the page that was in flight, which is the last
    /// one asked for, or for the next.
    ///
    /// # Errors
    /// A page was asked for again after another one, or more pages were asked for again than
    /// programs were killed.
    pub(super) fn of(tokens: &[Option<String>], kills: u32) -> Result<Self> {
        let (mut asked, mut seen) = (Self::default(), BTreeSet::new());
        for (at, token) in tokens.iter().enumerate() {
            if seen.insert(token) {
                asked.different += 1;
            } else {
                let is_last = at.checked_sub(1).is_some_and(|last| tokens[last] == *token);
                ensure!(is_last, "request {at} asks for a page that was read before: {token:?}");
                asked.again += 1;
            }
        }
        let Self { again, .. } = asked;
        ensure!(again <= kills, "{again} pages were asked for again after {kills} kills");
        Ok(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(tokens: &str, kills: u32) -> Result<Asked> {
        let token = |c: char| (c != '.').then(|| c.to_string());
        Asked::of(&tokens.chars().map(token).collect::<Vec<_>>(), kills)
    }

    #[test]
    fn the_page_in_flight_may_be_asked_for_again() {
        assert_eq!(asked("", 0).expect("none"), Asked::default());
        assert_eq!(asked(".abc", 0).expect("once"), Asked { different: 4, again: 0 });
        assert_eq!(asked("..aabbb", 4).expect("one a kill"), Asked { different: 3, again: 4 });
        asked("..aabbb", 3).expect_err("more than kills");
    }

    #[test]
    fn a_page_that_was_stored_may_not() {
        asked(".ab.", 9).expect_err("from the top");
        asked(".aba", 9).expect_err("a page back");
    }
}
