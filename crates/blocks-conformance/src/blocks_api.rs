//! The rules of [`BlocksApi`].

use std::future::Future;
use std::sync::Arc;

use blocks_domain::{
    BlockPair, BlockingPage, BlockingQuery, Failure, MaxResults, PageToken, Selection, User,
    UserId, Vocabulary,
};
use blocks_ports::{ApiError, BlocksApi};

use crate::profile::{assert_bare, assert_only, one_field_more};

/// Makes APIs for the suite, with a block list behind them.
///
/// The suite reads pages of one user and calls many times: rate limits have to be off.
pub trait BlocksApiHarness: Sized + 'static {
    /// Whether the backend can block and unblock. If not, the suite demands that it answers
    /// [`Failure::Unsupported`].
    const WRITES: bool;

    /// A backend of its own, with the block list of a signed-in account.
    fn fresh() -> impl Future<Output = Self>;

    /// A new handle on the backend.
    fn handle(&self) -> Arc<dyn BlocksApi>;

    /// The signed-in account.
    fn account(&self) -> UserId;

    /// Whom it blocks, the newest block first: 5 to 50 accounts, each with a name and a handle.
    /// Some of them have a bio, a time of creation and public counts, and say whether they are
    /// protected.
    fn blocked(&self) -> Vec<UserId>;

    /// An account that exists and is not blocked.
    fn stranger(&self) -> UserId;

    /// An id that no account has.
    fn nobody(&self) -> UserId;
}

suite! {
    ($) blocks_api_suite, blocks_api::BlocksApiHarness:
    the_newest_block_comes_first,
    every_page_size_shows_the_same_list,
    no_page_is_larger_than_asked_for,
    a_page_says_how_many_users_it_holds,
    only_the_last_page_is_without_next_token,
    only_the_first_page_is_without_previous_token,
    going_back_shows_the_same_pages,
    a_token_names_the_same_page_again,
    a_foreign_list_is_refused,
    an_unknown_token_is_refused,
    unasked_users_have_id_name_and_handle,
    asked_for_fields_come_back_and_no_others,
    blocking_puts_an_account_first,
    blocking_again_changes_nothing,
    unblocking_takes_an_account_off,
    unblocking_again_changes_nothing,
    an_account_blocked_anew_comes_first,
    a_target_that_does_not_exist_is_not_found,
    nobody_blocks_for_another,
}

type Api = Arc<dyn BlocksApi>;

fn sized(users: usize) -> BlockingQuery {
    let users = u32::try_from(users).expect("a small number");
    BlockingQuery::default().with_max_results(MaxResults::new(users).expect("1 to 1000"))
}

fn paged(query: &BlockingQuery, token: &PageToken) -> BlockingQuery {
    query.clone().with_pagination_token(token.clone())
}

async fn read(api: &Api, source: UserId, query: &BlockingQuery) -> BlockingPage {
    api.blocking(source, query).await.expect("`blocking` failed").value
}

/// All pages from the first on; a list that never ends is cut off with a panic.
async fn pages<H: BlocksApiHarness>(h: &H, query: &BlockingQuery) -> Vec<BlockingPage> {
    let most = 100 + 10 * h.blocked().len();
    let api = h.handle();
    let mut pages = vec![read(&api, h.account(), query).await];
    while let Some(token) = pages.last().and_then(|page| page.meta.next_token.clone()) {
        assert!(pages.len() < most, "{most} pages of {} blocks, and no end", h.blocked().len());
        pages.push(read(&api, h.account(), &paged(query, &token)).await);
    }
    pages
}

fn ids(page: &BlockingPage) -> Vec<UserId> {
    page.users().iter().map(|user| user.id).collect()
}

async fn listed<H: BlocksApiHarness>(h: &H, query: &BlockingQuery) -> Vec<UserId> {
    pages(h, query).await.iter().flat_map(ids).collect()
}

async fn assert_unchanged<H: BlocksApiHarness>(h: &H, why: &str) {
    assert_eq!(listed(h, &BlockingQuery::default()).await, h.blocked(), "{why}");
}

fn pair(source: UserId, target: UserId) -> BlockPair {
    BlockPair::new(source, target).expect("the harness names different accounts")
}

async fn block<H: BlocksApiHarness>(h: &H, target: UserId) {
    let state = h.handle().block(pair(h.account(), target)).await.expect("`block` failed").value;
    assert!(state.blocking, "`block` answered that {target} is not blocked");
}

async fn unblock<H: BlocksApiHarness>(h: &H, target: UserId) {
    let state = h.handle().unblock(pair(h.account(), target)).await.expect("`unblock` failed");
    assert!(!state.value.blocking, "`unblock` answered that {target} is blocked");
}

/// What is asked of a backend that declares that it cannot write.
async fn assert_read_only<H: BlocksApiHarness>(h: &H) {
    let api = h.handle();
    for target in [h.stranger(), h.blocked()[0]] {
        let target = pair(h.account(), target);
        for answer in [api.block(target).await, api.unblock(target).await] {
            let kind = answer.expect_err("WRITES is false, and it wrote").kind();
            assert_eq!(kind, Failure::Unsupported, "WRITES is false");
        }
    }
    assert_unchanged(h, "WRITES is false, and the list has changed").await;
}

/// Blocks come back newest first.
pub async fn the_newest_block_comes_first<H: BlocksApiHarness>(h: H) {
    assert_unchanged(&h, "a fresh list is that of the harness, newest first").await;
}

/// Whatever the size of a page, the whole list is the same.
pub async fn every_page_size_shows_the_same_list<H: BlocksApiHarness>(h: H) {
    let blocked = h.blocked();
    let all = blocked.len();
    for size in [1, 2, 3, all - 1, all, all + 1, 1000] {
        assert_eq!(listed(&h, &sized(size)).await, blocked, "in pages of {size}");
    }
}

/// A page holds at most as many users as were asked for.
pub async fn no_page_is_larger_than_asked_for<H: BlocksApiHarness>(h: H) {
    for size in [1, 2, 4] {
        let largest = pages(&h, &sized(size)).await.iter().map(|page| page.users().len()).max();
        assert!(largest <= Some(size), "{largest:?} users on a page of {size}");
    }
}

/// `result_count` is the number of users on the page.
pub async fn a_page_says_how_many_users_it_holds<H: BlocksApiHarness>(h: H) {
    for page in pages(&h, &sized(3)).await {
        assert_eq!(page.meta.result_count as usize, page.users().len(), "`meta.result_count`");
    }
}

/// `next_token` is missing on the last page and only there.
pub async fn only_the_last_page_is_without_next_token<H: BlocksApiHarness>(h: H) {
    for size in [1, 2, 1000] {
        let pages = pages(&h, &sized(size)).await;
        let seen: usize = pages.iter().map(|page| page.users().len()).sum();
        assert_eq!(seen, h.blocked().len(), "users before `next_token` was missing");
        let trailing = pages.iter().rev().take_while(|page| page.users().is_empty()).count();
        assert!(trailing <= 1, "{trailing} empty pages behind the oldest block");
    }
}

/// `previous_token` is missing on the first page and only there.
pub async fn only_the_first_page_is_without_previous_token<H: BlocksApiHarness>(h: H) {
    for (number, page) in pages(&h, &sized(2)).await.iter().enumerate() {
        let missing = page.meta.previous_token.is_none();
        assert_eq!(missing, number == 0, "whether page {number} has no `previous_token`");
    }
}

/// Following `previous_token` from the last page shows the same pages, to the first.
pub async fn going_back_shows_the_same_pages<H: BlocksApiHarness>(h: H) {
    let (api, query) = (h.handle(), sized(2));
    let forward: Vec<_> = pages(&h, &query).await;
    let mut page = forward.last().expect("every list has a page").clone();
    for number in (0..forward.len() - 1).rev() {
        let token = page.meta.previous_token.expect("only the first page has no `previous_token`");
        page = read(&api, h.account(), &paged(&query, &token)).await;
        assert_eq!(ids(&page), ids(&forward[number]), "page {number}, coming back");
    }
    assert_eq!(page.meta.previous_token, None, "the first page, coming back");
}

/// A token that is used again names the same page.
pub async fn a_token_names_the_same_page_again<H: BlocksApiHarness>(h: H) {
    let (api, query) = (h.handle(), sized(2));
    let token = read(&api, h.account(), &query).await.meta.next_token;
    let second = paged(&query, &token.expect("there are at least 5 blocks, 2 on a page"));
    let once = read(&api, h.account(), &second).await;
    let again = read(&h.handle(), h.account(), &second).await;
    assert_eq!(ids(&once), ids(&again));
}

fn assert_refused<T: std::fmt::Debug>(answer: Result<T, ApiError>, what: &str) {
    let kind = answer.expect_err(what).kind();
    let refused = matches!(kind, Failure::InvalidRequest | Failure::Forbidden(_));
    assert!(refused, "{what} is refused as wrong or as forbidden, not as {kind:?}");
}

/// The list of anybody but the signed-in account is refused.
pub async fn a_foreign_list_is_refused<H: BlocksApiHarness>(h: H) {
    for source in [h.stranger(), h.blocked()[0]] {
        let answer = h.handle().blocking(source, &BlockingQuery::default()).await;
        assert_refused(answer, "a foreign block list");
    }
}

/// A token that no answer gave is refused as an invalid request.
pub async fn an_unknown_token_is_refused<H: BlocksApiHarness>(h: H) {
    for text in ["0000000000000000", "this-token-comes-from-nowhere-at-all"] {
        let token = PageToken::new(text).expect("it is spelt like a token");
        let answer = h.handle().blocking(h.account(), &paged(&sized(2), &token)).await;
        let kind = answer.expect_err("a token from nowhere names a page").kind();
        assert_eq!(kind, Failure::InvalidRequest, "a token from nowhere");
    }
}

async fn selected<H: BlocksApiHarness>(h: &H, selection: Selection) -> Vec<User> {
    let pages = pages(h, &BlockingQuery::new(selection)).await;
    assert!(pages.iter().all(|page| page.includes.is_none()), "no expansion was asked for");
    pages.into_iter().flat_map(|page| page.data.unwrap_or_default()).collect()
}

/// Unasked, a user has an id, a name and a handle, in either vocabulary.
pub async fn unasked_users_have_id_name_and_handle<H: BlocksApiHarness>(h: H) {
    for words in Vocabulary::ALL {
        assert_bare(&selected(&h, Selection::in_words(words)).await);
    }
}

/// A field that is asked for comes back, and no other does, in either vocabulary.
pub async fn asked_for_fields_come_back_and_no_others<H: BlocksApiHarness>(h: H) {
    for (field, selection) in one_field_more() {
        assert_only(field, &selected(&h, selection).await);
    }
}

/// A blocked account is listed before all others, and the answer says that it is blocked.
pub async fn blocking_puts_an_account_first<H: BlocksApiHarness>(h: H) {
    if !H::WRITES {
        return assert_read_only(&h).await;
    }
    block(&h, h.stranger()).await;
    let mut expected = h.blocked();
    expected.insert(0, h.stranger());
    assert_eq!(listed(&h, &BlockingQuery::default()).await, expected);
}

/// Blocking a blocked account succeeds, says that it is blocked, and leaves the list as it is.
pub async fn blocking_again_changes_nothing<H: BlocksApiHarness>(h: H) {
    if !H::WRITES {
        return assert_read_only(&h).await;
    }
    for target in [h.blocked()[0], h.blocked()[3]] {
        block(&h, target).await;
        assert_unchanged(&h, "an account was blocked that was blocked before").await;
    }
}

/// An unblocked account is no longer listed, and the answer says that it is not blocked.
pub async fn unblocking_takes_an_account_off<H: BlocksApiHarness>(h: H) {
    if !H::WRITES {
        return assert_read_only(&h).await;
    }
    let mut expected = h.blocked();
    unblock(&h, expected.remove(2)).await;
    assert_eq!(listed(&h, &BlockingQuery::default()).await, expected);
}

/// Unblocking an account that is not blocked succeeds, says so, and leaves the list as it is.
pub async fn unblocking_again_changes_nothing<H: BlocksApiHarness>(h: H) {
    if !H::WRITES {
        return assert_read_only(&h).await;
    }
    for _ in 0..2 {
        unblock(&h, h.stranger()).await;
        assert_unchanged(&h, "an account was unblocked that was not blocked").await;
    }
}

/// An account that is unblocked and blocked anew is the newest block.
pub async fn an_account_blocked_anew_comes_first<H: BlocksApiHarness>(h: H) {
    if !H::WRITES {
        return assert_read_only(&h).await;
    }
    let mut expected = h.blocked();
    let target = expected.remove(3);
    expected.insert(0, target);
    unblock(&h, target).await;
    block(&h, target).await;
    assert_eq!(listed(&h, &BlockingQuery::default()).await, expected);
}

/// Blocking or unblocking an account that does not exist fails with `NotFound`, and changes
/// nothing.
pub async fn a_target_that_does_not_exist_is_not_found<H: BlocksApiHarness>(h: H) {
    if !H::WRITES {
        return assert_read_only(&h).await;
    }
    let (api, target) = (h.handle(), pair(h.account(), h.nobody()));
    for answer in [api.block(target).await, api.unblock(target).await] {
        let kind = answer.expect_err("a target that does not exist").kind();
        assert_eq!(kind, Failure::NotFound, "a target that does not exist");
    }
    assert_unchanged(&h, "the target does not exist").await;
}

/// Blocking or unblocking for anybody but the signed-in account is refused, and changes nothing.
pub async fn nobody_blocks_for_another<H: BlocksApiHarness>(h: H) {
    if !H::WRITES {
        return assert_read_only(&h).await;
    }
    let (api, foreign) = (h.handle(), pair(h.stranger(), h.blocked()[0]));
    assert_refused(api.block(foreign).await, "blocking for another");
    assert_refused(api.unblock(foreign).await, "unblocking for another");
    assert_unchanged(&h, "the source was another account").await;
}
