//! Lookups of users, each with one fault.

use std::sync::Arc;

use async_trait::async_trait;
use blocks_conformance::users_api::{UsersApiHarness, rules};
use blocks_domain::{
    Failure, LOOKUP_MAX, Problem, ProblemType, Selection, User, UserId, UserReply, Username,
    UsersPage,
};
use blocks_ports::{ApiError, Reply, UsersApi};

use crate::people::{id, person, selected};
use crate::{Broken, assert_bites};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    IsSomebodyElse,
    SortsById,
    MindsCase,
    PassesOverTheUnknown,
    FailsWhereNobodyIsFound,
    TakesAnyNumber,
    TakesNone,
    SendsEverything,
    SendsNothingMore,
}

const FAULTS: &[(&str, Fault)] = &[
    ("me_is_the_signed_in_account", Fault::IsSomebodyElse),
    ("users_are_found_by_id", Fault::SortsById),
    ("users_are_found_by_handle", Fault::SortsById),
    ("handles_are_found_without_regard_to_case", Fault::MindsCase),
    ("an_unknown_id_is_a_problem_beside_the_others", Fault::PassesOverTheUnknown),
    ("an_unknown_handle_is_a_problem_beside_the_others", Fault::PassesOverTheUnknown),
    ("unknown_users_alone_are_no_failure", Fault::FailsWhereNobodyIsFound),
    ("more_than_the_most_are_refused", Fault::TakesAnyNumber),
    ("none_at_all_are_refused", Fault::TakesNone),
    ("unasked_users_have_id_name_and_handle", Fault::SendsEverything),
    ("asked_for_fields_come_back_and_no_others", Fault::SendsNothingMore),
];

#[test]
fn every_rule_bites() {
    assert_bites(&rules(), FAULTS, &[include_str!("../../src/users_api.rs")], || ());
}

#[derive(Debug)]
struct Api {
    fault: Option<Fault>,
}

const ME: u64 = 12;
const KNOWN: [u64; 4] = [101, 102, 103, 104];

fn handle(id: UserId) -> Username {
    person(id).username.expect("everybody has one").parse().expect("a handle")
}

impl UsersApiHarness for Broken<(), Fault> {
    async fn fresh() -> Self {
        Self { store: (), fault: None }
    }

    fn handle(&self) -> Arc<dyn UsersApi> {
        Arc::new(Api { fault: self.fault })
    }

    fn account(&self) -> UserId {
        id(ME)
    }

    fn known(&self) -> Vec<(UserId, Username)> {
        KNOWN.map(|number| (id(number), handle(id(number)))).into()
    }

    fn nobody(&self) -> (UserId, Username) {
        (id(999), "nobody_at_all".parse().expect("a handle"))
    }
}

impl Api {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn shown(&self, user: UserId, selection: &Selection) -> User {
        match self.fault {
            Some(Fault::SendsEverything) => person(user),
            Some(Fault::SendsNothingMore) => selected(user, &Selection::default()),
            _ => selected(user, selection),
        }
    }

    /// Answers with those who were found, `None` standing for each who was not.
    fn page(
        &self,
        mut found: Vec<Option<UserId>>,
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        let too_many = found.len() > LOOKUP_MAX && !self.has(Fault::TakesAnyNumber);
        if too_many || (found.is_empty() && !self.has(Fault::TakesNone)) {
            return Err(ApiError::new(Failure::InvalidRequest));
        }
        if self.has(Fault::SortsById) {
            found.sort();
        }
        let users: Vec<_> = found.iter().flatten().map(|id| self.shown(*id, selection)).collect();
        if users.is_empty() && self.has(Fault::FailsWhereNobodyIsFound) {
            return Err(ApiError::new(Failure::NotFound));
        }
        let missing = found.iter().filter(|user| user.is_none());
        let problem = || Problem::new(ProblemType::ResourceNotFound, "Not Found Error");
        let problems: Vec<_> = missing.map(|_| problem()).collect();
        let mut page = UsersPage::new(users);
        if !problems.is_empty() && !self.has(Fault::PassesOverTheUnknown) {
            page.errors = Some(problems);
        }
        Ok(Reply::new(page))
    }
}

#[async_trait]
impl UsersApi for Api {
    async fn me(&self, selection: &Selection) -> Result<Reply<UserReply>, ApiError> {
        let me = if self.has(Fault::IsSomebodyElse) { KNOWN[0] } else { ME };
        Ok(Reply::new(UserReply::new(self.shown(id(me), selection))))
    }

    async fn by_usernames(
        &self,
        usernames: &[Username],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        let same = |one: &Username, other: &Username| {
            if self.has(Fault::MindsCase) { one.as_str() == other.as_str() } else { one == other }
        };
        let find = |asked| KNOWN.map(id).into_iter().find(|user| same(&handle(*user), asked));
        self.page(usernames.iter().map(find).collect(), selection)
    }

    async fn by_ids(
        &self,
        ids: &[UserId],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        let find = |asked: &UserId| KNOWN.map(id).into_iter().find(|user| user == asked);
        self.page(ids.iter().map(find).collect(), selection)
    }
}
