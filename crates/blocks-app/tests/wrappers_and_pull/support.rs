//! What the tests share.

use blocks_domain::{
    BlockingPage, BlockingQuery, Failure, MaxResults, Meta, PageToken, RateWindow, Selection, User,
    UserId,
};
use blocks_fake::stores::JumpingClock;
use blocks_ports::{ApiError, MockBlocksApi, Reply, ReplyMeta};
use jiff::{SignedDuration, Timestamp};

/// The signed-in user of every test.
pub(crate) fn me() -> UserId {
    UserId::new(1).expect("an id")
}

/// A request for pages of that many users.
pub(crate) fn pages_of(users: u32) -> BlockingQuery {
    BlockingQuery::new(Selection::default())
        .with_max_results(MaxResults::new(users).expect("in range"))
}

/// A page of users with these ids, and the token of the next one.
pub(crate) fn page(ids: std::ops::Range<u64>, next: Option<&str>) -> BlockingPage {
    let users: Vec<_> = ids.map(|id| User::new(UserId::new(id).expect("an id"))).collect();
    let mut meta = Meta::new(users.len() as u32);
    meta.next_token = next.map(|token| PageToken::new(token).expect("a token"));
    BlockingPage::new(users, meta)
}

/// What an answer tells of the window: so many calls left, for so many minutes.
pub(crate) fn told(remaining: u32, now: Timestamp, minutes: i64) -> RateWindow {
    RateWindow::new(15, remaining, now + SignedDuration::from_mins(minutes), Some(now))
}

/// An API that answers with these, one after the other, and panics when asked once more.
pub(crate) fn scripted(
    answers: impl IntoIterator<Item = Result<Reply<BlockingPage>, ApiError>>,
) -> MockBlocksApi {
    let mut answers: std::collections::VecDeque<_> = answers.into_iter().collect();
    let mut api = MockBlocksApi::new();
    api.expect_blocking()
        .times(answers.len())
        .returning(move |_, _| answers.pop_front().expect("an answer for each call"));
    api
}

/// An answer with a page.
pub(crate) fn answer(page: BlockingPage) -> Result<Reply<BlockingPage>, ApiError> {
    Ok(Reply::new(page))
}

/// An answer with a page, that tells of the window.
pub(crate) fn answer_with(
    page: BlockingPage,
    window: RateWindow,
) -> Result<Reply<BlockingPage>, ApiError> {
    let mut meta = ReplyMeta::default();
    meta.rate = Some(window);
    Ok(Reply::new(page).with_meta(meta))
}

/// A failure.
pub(crate) fn failure(kind: Failure) -> Result<Reply<BlockingPage>, ApiError> {
    Err(ApiError::new(kind))
}

/// A clock that nobody has to wait for.
pub(crate) fn jumping() -> JumpingClock {
    JumpingClock::new("2026-08-07T12:00:00Z".parse().expect("a time"))
}
