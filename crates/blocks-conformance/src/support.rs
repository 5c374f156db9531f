//! What the suites share: fixed times, people, and races.

use std::future::Future;
use std::sync::Arc;

use blocks_domain::{User, UserId};
use blocks_ports::AccountName;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Barrier;

/// How often a race is run: one that goes well by luck does not go well so often.
pub(crate) const ROUNDS: usize = 8;
/// How many take part in a race.
pub(crate) const RACERS: usize = 32;

/// A time so many seconds into the tests, which begin on 1 January 2026.
pub(crate) fn at(seconds: i64) -> Timestamp {
    const BEGINNING: i64 = 1_767_225_600;
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(BEGINNING + seconds)
}

pub(crate) fn name(text: &str) -> AccountName {
    text.parse().expect("the suites' names are valid")
}

pub(crate) fn id(number: u64) -> UserId {
    UserId::new(number).expect("the suites' ids are in range")
}

/// A user with a handle and a name, as X sends them unasked.
pub(crate) fn user(number: u64) -> User {
    let mut user = User::new(id(number));
    user.username = Some(format!("user{number}"));
    user.name = Some(format!("User {number}"));
    user
}

/// Lets tasks do the same at once, and collects what each came to.
pub(crate) async fn race<T, F>(racer: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(RACERS));
    let racers: Vec<_> = (0..RACERS)
        .map(|number| {
            let (start, racer) = (Arc::clone(&start), racer(number));
            tokio::spawn(async move {
                start.wait().await;
                racer.await
            })
        })
        .collect();
    let mut results = Vec::with_capacity(RACERS);
    for racer in racers {
        results.push(racer.await.expect("a racer ended in a panic"));
    }
    results
}
