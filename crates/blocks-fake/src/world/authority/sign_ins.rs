//! OAuth 1.0a sign-ins: one a user, until somebody ends it.

use serde::{Deserialize, Serialize};

use crate::world::people::Person;

/// All sign-ins, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct SignIns(Vec<SignIn>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    user: Person,
    has_ended: bool,
}

impl SignIns {
    /// The sign-in of a user; a new one where there is none, or it has ended.
    pub(super) fn of_user(&mut self, user: Person) -> u64 {
        let works = |sign_in: &SignIn| sign_in.user == user && !sign_in.has_ended;
        let number = self.0.iter().position(works).unwrap_or_else(|| {
            self.0.push(SignIn { user, has_ended: false });
            self.0.len() - 1
        });
        number as u64
    }

    /// Whose a sign-in is; `None` for one that is unknown or has ended.
    pub(super) fn user(&self, number: u64) -> Option<Person> {
        let sign_in = self.0.get(usize::try_from(number).ok()?)?;
        (!sign_in.has_ended).then_some(sign_in.user)
    }

    pub(super) fn end(&mut self, number: u64) {
        let number = usize::try_from(number).ok();
        if let Some(sign_in) = number.and_then(|number| self.0.get_mut(number)) {
            sign_in.has_ended = true;
        }
    }
}
