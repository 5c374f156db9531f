//! Block lists, each with one fault.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use async_trait::async_trait;
use blocks_conformance::blocks_api::{BlocksApiHarness, rules};
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, Failure, Meta, PageToken, UserId,
};
use blocks_ports::{ApiError, BlocksApi, Reply};

use crate::people::{id, person, selected};
use crate::{Broken, Shared, assert_bites};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    OldestFirst,
    SkipsBetweenPages,
    NeverLessThanFive,
    Miscounts,
    EndsEarly,
    NamesNoPageBefore,
    GoesBackToTheBeginning,
    TokensWorkOnce,
    ListsForAnybody,
    UnknownTokensAreTheFirstPage,
    SendsEverything,
    SendsNothingMore,
    NewBlocksComeLast,
    BlockingAgainMovesUp,
    UnblockingSaysBlocked,
    UnblockingAgainFails,
    BlocksNobody,
    BlocksForAnybody,
}

const FAULTS: &[(&str, Fault)] = &[
    ("the_newest_block_comes_first", Fault::OldestFirst),
    ("every_page_size_shows_the_same_list", Fault::SkipsBetweenPages),
    ("no_page_is_larger_than_asked_for", Fault::NeverLessThanFive),
    ("a_page_says_how_many_users_it_holds", Fault::Miscounts),
    ("only_the_last_page_is_without_next_token", Fault::EndsEarly),
    ("only_the_first_page_is_without_previous_token", Fault::NamesNoPageBefore),
    ("going_back_shows_the_same_pages", Fault::GoesBackToTheBeginning),
    ("a_token_names_the_same_page_again", Fault::TokensWorkOnce),
    ("a_foreign_list_is_refused", Fault::ListsForAnybody),
    ("an_unknown_token_is_refused", Fault::UnknownTokensAreTheFirstPage),
    ("unasked_users_have_id_name_and_handle", Fault::SendsEverything),
    ("asked_for_fields_come_back_and_no_others", Fault::SendsNothingMore),
    ("blocking_puts_an_account_first", Fault::NewBlocksComeLast),
    ("blocking_again_changes_nothing", Fault::BlockingAgainMovesUp),
    ("unblocking_takes_an_account_off", Fault::UnblockingSaysBlocked),
    ("unblocking_again_changes_nothing", Fault::UnblockingAgainFails),
    ("an_account_blocked_anew_comes_first", Fault::NewBlocksComeLast),
    ("a_target_that_does_not_exist_is_not_found", Fault::BlocksNobody),
    ("nobody_blocks_for_another", Fault::BlocksForAnybody),
];

#[test]
fn every_rule_bites() {
    let sources = [include_str!("../../src/blocks_api.rs")];
    assert_bites(&rules(), FAULTS, &sources, Storage::default);
}

#[test]
fn a_backend_that_writes_is_not_read_only() {
    let rules = rules::<DeclaredReadOnly>();
    let first = rules.iter().position(|rule| rule.name() == "blocking_puts_an_account_first");
    for rule in &rules[first.expect("the first rule about writing")..] {
        let backend = DeclaredReadOnly(Broken { store: Storage::default(), fault: None });
        let checked =
            catch_unwind(AssertUnwindSafe(|| blocks_conformance::run(rule.check(backend))));
        assert!(checked.is_err(), "`{}` lets a false declaration pass", rule.name());
    }
}

#[derive(Debug, Clone)]
struct Storage {
    blocked: Shared<Vec<UserId>>,
    used: Shared<HashSet<PageToken>>,
}

const ME: u64 = 12;
const STRANGER: u64 = 34;
const NOBODY: u64 = 56;

fn blocked() -> Vec<UserId> {
    [103, 101, 107, 102, 105, 106, 104].map(id).into()
}

impl Default for Storage {
    fn default() -> Self {
        let storage = Self { blocked: Shared::default(), used: Shared::default() };
        storage.blocked.with(|list| *list = blocked());
        storage
    }
}

#[derive(Debug)]
struct Api {
    storage: Storage,
    fault: Option<Fault>,
}

impl BlocksApiHarness for Broken<Storage, Fault> {
    const WRITES: bool = true;

    async fn fresh() -> Self {
        Self { store: Storage::default(), fault: None }
    }

    fn handle(&self) -> Arc<dyn BlocksApi> {
        Arc::new(Api { storage: self.store.clone(), fault: self.fault })
    }

    fn account(&self) -> UserId {
        id(ME)
    }

    fn blocked(&self) -> Vec<UserId> {
        blocked()
    }

    fn stranger(&self) -> UserId {
        id(STRANGER)
    }

    fn nobody(&self) -> UserId {
        id(NOBODY)
    }
}

/// The same backend, with the declaration that it cannot write.
struct DeclaredReadOnly(Broken<Storage, Fault>);

impl BlocksApiHarness for DeclaredReadOnly {
    const WRITES: bool = false;

    async fn fresh() -> Self {
        Self(Broken::fresh().await)
    }

    fn handle(&self) -> Arc<dyn BlocksApi> {
        self.0.handle()
    }

    fn account(&self) -> UserId {
        self.0.account()
    }

    fn blocked(&self) -> Vec<UserId> {
        self.0.blocked()
    }

    fn stranger(&self) -> UserId {
        self.0.stranger()
    }

    fn nobody(&self) -> UserId {
        self.0.nobody()
    }
}

const TOKEN: &str = "page-from-user-number-";

fn token(first: usize) -> PageToken {
    PageToken::new(&format!("{TOKEN}{first}")).expect("a token")
}

fn refused() -> ApiError {
    ApiError::new(Failure::InvalidRequest)
}

impl Api {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn first_of(&self, token: Option<&PageToken>) -> Result<usize, ApiError> {
        let Some(token) = token else { return Ok(0) };
        let again = !self.storage.used.with(|used| used.insert(token.clone()));
        if self.has(Fault::TokensWorkOnce) && again {
            return Err(refused());
        }
        let first = token.as_str().strip_prefix(TOKEN).and_then(|digits| digits.parse().ok());
        match first {
            None if self.has(Fault::UnknownTokensAreTheFirstPage) => Ok(0),
            first => first.ok_or_else(refused),
        }
    }

    fn meta(&self, first: usize, size: usize, behind: usize, all: usize) -> Meta {
        let mut meta = Meta::new(u32::try_from(behind - first).expect("a small number"));
        let before = first.saturating_sub(size);
        meta.previous_token = match self.fault {
            Some(Fault::NamesNoPageBefore) => None,
            Some(Fault::GoesBackToTheBeginning) => (first > 0).then(|| token(0)),
            _ => (first > 0).then(|| token(before)),
        };
        meta.next_token = match self.fault {
            Some(Fault::EndsEarly) if first > 0 => None,
            Some(Fault::SkipsBetweenPages) => (behind + 1 < all).then(|| token(behind + 1)),
            _ => (behind < all).then(|| token(behind)),
        };
        if self.has(Fault::Miscounts) {
            meta.result_count += 1;
        }
        meta
    }

    fn check(&self, pair: BlockPair) -> Result<(), ApiError> {
        if pair.source() != id(ME) && !self.has(Fault::BlocksForAnybody) {
            return Err(ApiError::new(Failure::Forbidden(blocks_domain::ForbiddenReason::Other)));
        }
        if pair.target() == id(NOBODY) && !self.has(Fault::BlocksNobody) {
            return Err(ApiError::new(Failure::NotFound));
        }
        Ok(())
    }
}

#[async_trait]
impl BlocksApi for Api {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        if source != id(ME) && !self.has(Fault::ListsForAnybody) {
            return Err(refused());
        }
        let mut all = self.storage.blocked.with(|list| list.clone());
        if self.has(Fault::OldestFirst) {
            all.reverse();
        }
        let least = if self.has(Fault::NeverLessThanFive) { 5 } else { 1 };
        let size = usize::from(query.max_results().get()).max(least);
        let first = self.first_of(query.pagination_token())?;
        let behind = all.len().min(first + size);
        let everything = self.has(Fault::SendsEverything);
        let users = all[first..behind].iter().map(|user| match self.fault {
            Some(Fault::SendsNothingMore) => selected(*user, &Default::default()),
            _ if everything => person(*user),
            _ => selected(*user, query.selection()),
        });
        let page = BlockingPage::new(users.collect(), self.meta(first, size, behind, all.len()));
        Ok(Reply::new(page))
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.check(pair)?;
        self.storage.blocked.with(|list| {
            if self.has(Fault::BlockingAgainMovesUp) {
                list.retain(|user| *user != pair.target());
            }
            if !list.contains(&pair.target()) {
                let place = if self.has(Fault::NewBlocksComeLast) { list.len() } else { 0 };
                list.insert(place, pair.target());
            }
        });
        Ok(Reply::new(BlockState::new(true)))
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.check(pair)?;
        let was_blocked = self.storage.blocked.with(|list| {
            let before = list.len();
            list.retain(|user| *user != pair.target());
            list.len() < before
        });
        if self.has(Fault::UnblockingAgainFails) && !was_blocked {
            return Err(ApiError::new(Failure::NotFound));
        }
        Ok(Reply::new(BlockState::new(self.has(Fault::UnblockingSaysBlocked))))
    }
}
