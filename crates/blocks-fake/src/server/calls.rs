//! The calls of the API, one function each.

use blocks_domain::{BlockPair, Endpoint, UserId, Username};
use serde_json::{Map, Value, json};

use super::Incoming;
use super::activity;
use super::answer::{Answer, Content};
use super::body::{object_in, text_in};
use super::encode;
use super::query::{Asked, Reader};
use super::refusal::{Refusal, Violation};
use crate::World;
use crate::world::{Absence, Bookmark, Caller, Claim, View};

/// How many users one lookup may name.
const MOST_LOOKED_UP: usize = 100;

/// Answers a call.
pub(super) fn answer(
    world: &World,
    endpoint: Endpoint,
    ids: &[String],
    claim: Claim<'_>,
    incoming: &Incoming,
) -> Answer {
    let caller = match world.admit(claim, endpoint) {
        Ok(caller) => caller,
        Err(denied) => return Refusal::Denied(denied).answer(),
    };
    let call = Call { world, caller };
    let query = incoming.query();
    let answered = match (endpoint, ids) {
        _ if incoming.is_too_long => Err(Refusal::TooLarge),
        (Endpoint::GetBlocking, [id]) => call.get_blocking(id, query),
        (Endpoint::PostBlocking, [id]) => call.post_blocking(id, incoming),
        (Endpoint::DeleteBlocking, [source, target]) => call.delete_blocking(source, target, query),
        (Endpoint::GetMe, _) => call.get_me(query),
        (Endpoint::GetUsersBy, _) => call.get_users_by(query),
        (Endpoint::GetUsers, _) => call.get_users(query),
        (Endpoint::GetSubscriptions, _) => activity::list(world, query),
        (Endpoint::PostSubscription, _) => activity::create(world, &caller, incoming),
        (Endpoint::PutSubscription, [id]) => activity::change(world, id, incoming),
        (Endpoint::DeleteSubscription, [id]) => activity::delete(world, id, query),
        _ => Err(Refusal::Nowhere),
    };
    let answer = match answered {
        Ok(json) => Answer::new(200, Content::Json(json)),
        Err(refusal) => refusal.answer(),
    };
    answer.with_rate(Some(caller.rate))
}

/// A call that was let in.
struct Call<'a> {
    world: &'a World,
    caller: Caller,
}

impl Call<'_> {
    fn get_blocking(&self, id: &str, query: &str) -> Result<Value, Refusal> {
        let mut reader = Reader::new(query, &["max_results", "pagination_token"], true);
        self.check_caller("id", id, &mut reader);
        let size = reader.max_results();
        let bookmark = match reader.text("pagination_token").map(str::to_owned) {
            None => Bookmark::FIRST_PAGE,
            Some(token) => self.world.bookmark(&token, self.caller.user).unwrap_or_else(|| {
                reader.refuse(Violation::not_a_token(&token));
                Bookmark::FIRST_PAGE
            }),
        };
        let asked = reader.asked();
        reader.finish().map_err(Refusal::Invalid)?;

        let read = self.world.read_blocks(&self.caller, bookmark, size);
        let mut meta = Map::new();
        meta.insert("result_count".into(), read.people.len().into());
        for (name, bookmark) in [("next_token", read.next), ("previous_token", read.previous)] {
            if let Some(bookmark) = bookmark {
                let token = self.world.page_token(bookmark, self.caller.user);
                meta.insert(name.into(), token.as_str().into());
            }
        }
        let mut body = self.users(&read.people, &asked, Vec::new());
        body.insert("meta".into(), meta.into());
        Ok(body.into())
    }

    fn post_blocking(&self, id: &str, incoming: &Incoming) -> Result<Value, Refusal> {
        let mut reader = Reader::new(incoming.query(), &[], false);
        self.check_caller("id", id, &mut reader);
        reader.finish().map_err(Refusal::Invalid)?;
        let target = target_in(incoming).map_err(|violation| Refusal::Invalid(vec![violation]))?;
        self.set_blocking("target_user_id", target, true)
    }

    fn delete_blocking(&self, source: &str, target: &str, query: &str) -> Result<Value, Refusal> {
        let mut reader = Reader::new(query, &[], false);
        self.check_caller("source_user_id", source, &mut reader);
        let target = target.parse().map_err(|_| Violation::not_valid("target_user_id", target));
        if let Err(violation) = &target {
            reader.refuse(violation.clone());
        }
        reader.finish().map_err(Refusal::Invalid)?;
        let target = target.map_err(|violation| Refusal::Invalid(vec![violation]))?;
        self.set_blocking("target_user_id", target, false)
    }

    fn set_blocking(&self, name: &str, target: UserId, blocking: bool) -> Result<Value, Refusal> {
        let pair = BlockPair::new(self.caller.user, target).map_err(|_| {
            Refusal::Invalid(vec![Violation::the_caller(name, &target.to_string())])
        })?;
        let done = self.world.set_blocking(pair, blocking);
        done.map_err(|why| Refusal::Absent { id: target.to_string(), why })?;
        Ok(json!({ "data": { "blocking": blocking } }))
    }

    fn get_me(&self, query: &str) -> Result<Value, Refusal> {
        let mut reader = Reader::new(query, &[], true);
        let asked = reader.asked();
        reader.finish().map_err(Refusal::Invalid)?;
        let views = self.world.look_up(&self.caller, Endpoint::GetMe, [self.caller.user]);
        let mut body = self.users(&views, &asked, Vec::new());
        if let Some(Value::Array(mut users)) = body.remove("data") {
            body.extend(users.pop().map(|user| ("data".to_owned(), user)));
        }
        Ok(body.into())
    }

    fn get_users(&self, query: &str) -> Result<Value, Refusal> {
        let is_valid = |id: &str| id.parse::<UserId>().is_ok();
        let find = |id: &str| id.parse().ok();
        self.look_up(Endpoint::GetUsers, "ids", query, is_valid, find)
    }

    fn get_users_by(&self, query: &str) -> Result<Value, Refusal> {
        let is_valid = |name: &str| name.parse::<Username>().is_ok();
        let find = |name: &str| self.world.id_of(name);
        self.look_up(Endpoint::GetUsersBy, "usernames", query, is_valid, find)
    }

    fn look_up(
        &self,
        endpoint: Endpoint,
        name: &'static str,
        query: &str,
        is_valid: impl Fn(&str) -> bool,
        find: impl Fn(&str) -> Option<UserId>,
    ) -> Result<Value, Refusal> {
        let mut reader = Reader::new(query, &[name], true);
        let list = reader.text(name).unwrap_or_default().to_owned();
        let values: Vec<&str> = list.split(',').collect();
        if list.is_empty() {
            reader.refuse(Violation::empty(name));
        } else if values.len() > MOST_LOOKED_UP {
            let count = values.len();
            reader.refuse(Violation::too_many(name, &list, count, MOST_LOOKED_UP));
        } else {
            for value in values.iter().filter(|value| !is_valid(value)) {
                reader.refuse(Violation::not_valid(name, value));
            }
        }
        let asked = reader.asked();
        reader.finish().map_err(Refusal::Invalid)?;

        let absence = |value: &str| {
            find(value).map_or(Some(Absence::NotFound), |user| self.world.absence(user))
        };
        let absent = |value: &&str| Some(encode::absent(name, value, absence(value)?));
        let missing = values.iter().filter_map(absent).collect();
        let found = values.iter().filter_map(|value| find(value));
        let views = self.world.look_up(&self.caller, endpoint, found);
        Ok(self.users(&views, &asked, missing).into())
    }

    /// The keys `data`, `includes` and `errors` of an answer, those of them that hold something.
    fn users(&self, views: &[View], asked: &Asked, mut errors: Vec<Value>) -> Map<String, Value> {
        let company = self.world.company(&self.caller, views, asked.expansions.iter().copied());
        errors.extend(company.missing.iter().map(|missing| encode::missing(missing, asked.words)));
        let users: Vec<_> = views.iter().map(|view| encode::user(view, asked)).collect();
        let mut body = Map::new();
        if !users.is_empty() {
            body.insert("data".into(), users.into());
        }
        body.extend(encode::includes(&company, asked).map(|all| ("includes".to_owned(), all)));
        if !errors.is_empty() {
            body.insert("errors".into(), errors.into());
        }
        body
    }

    /// Refuses a path whose user is not the caller.
    fn check_caller(&self, name: &str, id: &str, reader: &mut Reader) {
        match id.parse::<UserId>() {
            Err(_) => reader.refuse(Violation::not_valid(name, id)),
            Ok(user) if user == self.caller.user => {}
            Ok(_) => {
                let caller = self.caller.user.to_string();
                reader.refuse(Violation::not_the_caller(name, id, &caller));
            }
        }
    }
}

/// The target in the body of a POST.
fn target_in(incoming: &Incoming) -> Result<UserId, Violation> {
    const KEY: &str = "target_user_id";
    let body = object_in(incoming, &[KEY])?;
    let id = text_in(&body, KEY, "$")?;
    id.parse().map_err(|_| Violation::not_valid(KEY, id))
}
