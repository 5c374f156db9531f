//! The rules of [`UsersApi`].

use std::future::Future;
use std::sync::Arc;

use blocks_domain::{Failure, LOOKUP_MAX, Selection, UserId, Username, UsersPage, Vocabulary};
use blocks_ports::{ApiError, Reply, UsersApi};

use crate::profile::{assert_bare, assert_only, one_field_more};
use crate::support::id;

/// Makes APIs for the suite, with users behind them.
pub trait UsersApiHarness: Sized + 'static {
    /// A backend of its own, signed in as somebody; rate limits have to be off.
    fn fresh() -> impl Future<Output = Self>;

    /// A new handle on the backend.
    fn handle(&self) -> Arc<dyn UsersApi>;

    /// The signed-in account; it says whether it is protected, and has a bio, a time of creation
    /// and public counts.
    fn account(&self) -> UserId;

    /// 3 to 50 accounts that exist, with the same kind of profile.
    fn known(&self) -> Vec<(UserId, Username)>;

    /// An id and a handle that no account has.
    fn nobody(&self) -> (UserId, Username);
}

suite! {
    ($) users_api_suite, users_api::UsersApiHarness:
    me_is_the_signed_in_account,
    users_are_found_by_id,
    users_are_found_by_handle,
    handles_are_found_without_regard_to_case,
    an_unknown_id_is_a_problem_beside_the_others,
    an_unknown_handle_is_a_problem_beside_the_others,
    unknown_users_alone_are_no_failure,
    more_than_the_most_are_refused,
    none_at_all_are_refused,
    unasked_users_have_id_name_and_handle,
    asked_for_fields_come_back_and_no_others,
}

type Looked = Result<Reply<UsersPage>, ApiError>;

async fn by_ids<H: UsersApiHarness>(h: &H, ids: &[UserId]) -> Looked {
    h.handle().by_ids(ids, &Selection::default()).await
}

async fn by_usernames<H: UsersApiHarness>(h: &H, usernames: &[Username]) -> Looked {
    h.handle().by_usernames(usernames, &Selection::default()).await
}

fn found(looked: Looked) -> UsersPage {
    looked.expect("the lookup failed").value
}

fn ids(page: &UsersPage) -> Vec<UserId> {
    page.users().iter().map(|user| user.id).collect()
}

fn known<H: UsersApiHarness>(h: &H) -> (Vec<UserId>, Vec<Username>) {
    h.known().into_iter().rev().unzip()
}

/// `me` is the account that is signed in.
pub async fn me_is_the_signed_in_account<H: UsersApiHarness>(h: H) {
    let me = h.handle().me(&Selection::default()).await.expect("`me` failed").value;
    assert_eq!(me.data.map(|user| user.id), Some(h.account()));
}

/// Users are found by id, in the order of the request.
pub async fn users_are_found_by_id<H: UsersApiHarness>(h: H) {
    let (asked, _) = known(&h);
    let page = found(by_ids(&h, &asked).await);
    assert_eq!(ids(&page), asked);
    assert_eq!(page.problems(), [], "all of them exist");
}

/// Users are found by handle, in the order of the request.
pub async fn users_are_found_by_handle<H: UsersApiHarness>(h: H) {
    let (expected, asked) = known(&h);
    let page = found(by_usernames(&h, &asked).await);
    assert_eq!(ids(&page), expected);
    assert_eq!(page.problems(), [], "all of them exist");
}

/// The case of a handle plays no part.
pub async fn handles_are_found_without_regard_to_case<H: UsersApiHarness>(h: H) {
    let (expected, asked) = known(&h);
    for change in [str::to_uppercase, str::to_lowercase] {
        let spelt = asked.iter().map(|handle| change(handle.as_str()).parse());
        let spelt: Vec<_> = spelt.map(|handle| handle.expect("still a handle")).collect();
        assert_eq!(ids(&found(by_usernames(&h, &spelt).await)), expected, "as {spelt:?}");
    }
}

/// An id that nobody has is a problem beside those who were found.
pub async fn an_unknown_id_is_a_problem_beside_the_others<H: UsersApiHarness>(h: H) {
    let (mut asked, _) = known(&h);
    let expected = asked.clone();
    asked.insert(1, h.nobody().0);
    let page = found(by_ids(&h, &asked).await);
    assert_eq!(ids(&page), expected);
    assert_eq!(page.problems().len(), 1, "one of them does not exist");
}

/// A handle that nobody has is a problem beside those who were found.
pub async fn an_unknown_handle_is_a_problem_beside_the_others<H: UsersApiHarness>(h: H) {
    let (expected, mut asked) = known(&h);
    asked.insert(1, h.nobody().1);
    let page = found(by_usernames(&h, &asked).await);
    assert_eq!(ids(&page), expected);
    assert_eq!(page.problems().len(), 1, "one of them does not exist");
}

/// Where nobody is found the answer is still an answer, with a problem and without users.
pub async fn unknown_users_alone_are_no_failure<H: UsersApiHarness>(h: H) {
    let (id, handle) = h.nobody();
    for page in [found(by_ids(&h, &[id]).await), found(by_usernames(&h, &[handle]).await)] {
        assert_eq!((page.users().len(), page.problems().len()), (0, 1), "(users, problems)");
    }
}

fn assert_refused(looked: Looked, what: &str) {
    let kind = looked.expect_err(what).kind();
    assert_eq!(kind, Failure::InvalidRequest, "{what}");
}

/// More than [`LOOKUP_MAX`] ids or handles are refused as an invalid request.
pub async fn more_than_the_most_are_refused<H: UsersApiHarness>(h: H) {
    let numbers = 1..=LOOKUP_MAX as u64 + 1;
    let many_ids: Vec<_> = numbers.clone().map(id).collect();
    let handles = numbers.map(|number| format!("user_{number}").parse());
    let many_handles: Vec<_> = handles.map(|handle| handle.expect("a handle")).collect();
    assert_refused(by_ids(&h, &many_ids).await, "too many ids");
    assert_refused(by_usernames(&h, &many_handles).await, "too many handles");
}

/// A lookup of nobody is refused as an invalid request.
pub async fn none_at_all_are_refused<H: UsersApiHarness>(h: H) {
    assert_refused(by_ids(&h, &[]).await, "no ids");
    assert_refused(by_usernames(&h, &[]).await, "no handles");
}

/// All that a backend answers to a selection: `me`, by id and by handle.
async fn selected<H: UsersApiHarness>(h: &H, selection: &Selection) -> Vec<UsersPage> {
    let (api, (ids, handles)) = (h.handle(), known(h));
    let me = api.me(selection).await.expect("`me` failed").value.data;
    vec![
        UsersPage::new(me.into_iter().collect()),
        found(api.by_ids(&ids, selection).await),
        found(api.by_usernames(&handles, selection).await),
    ]
}

/// Unasked, a user has an id, a name and a handle, in either vocabulary.
pub async fn unasked_users_have_id_name_and_handle<H: UsersApiHarness>(h: H) {
    for words in Vocabulary::ALL {
        for page in selected(&h, &Selection::in_words(words)).await {
            assert_bare(page.users());
        }
    }
}

/// A field that is asked for comes back, and no other does, in either vocabulary.
pub async fn asked_for_fields_come_back_and_no_others<H: UsersApiHarness>(h: H) {
    for (field, selection) in one_field_more() {
        for page in selected(&h, &selection).await {
            assert_only(field, page.users());
        }
    }
}
