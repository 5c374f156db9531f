//! The users behind the broken APIs.

use blocks_domain::{Selection, User, UserField, UserId, UserMetrics};
use jiff::Timestamp;

pub(crate) fn id(number: u64) -> UserId {
    UserId::new(number).expect("in range")
}

/// A user with a whole profile.
pub(crate) fn person(id: UserId) -> User {
    let mut user = User::new(id);
    user.name = Some(format!("Person {id}"));
    user.username = Some(format!("Person_{id}"));
    user.created_at = Some(Timestamp::UNIX_EPOCH);
    user.description = Some("A bio.".into());
    user.protected = Some(false);
    user.public_metrics = Some(UserMetrics::default());
    user
}

/// A user with what a selection asks for.
pub(crate) fn selected(id: UserId, selection: &Selection) -> User {
    let mut user = person(id);
    let asked: Vec<_> = selection.user_fields().collect();
    let unasked = |field| !asked.contains(&field);
    user.created_at.take_if(|_| unasked(UserField::CreatedAt));
    user.description.take_if(|_| unasked(UserField::Description));
    user.protected.take_if(|_| unasked(UserField::Protected));
    user.public_metrics.take_if(|_| unasked(UserField::PublicMetrics));
    user
}
