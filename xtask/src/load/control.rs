//! The side of the sandbox that X does not have: tokens in bulk, and the time.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::http::{Http, Request, bearer};

/// Somebody who calls.
#[derive(Debug)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) token: String,
}

/// The control interface of a sandbox.
pub(super) struct Control {
    http: Http,
}

/// The number of the first user who is blocked: far from those who call.
const FIRST_TARGET: usize = 1_000_000;

impl Control {
    pub(super) const fn of(http: Http) -> Self {
        Self { http }
    }

    /// Users with tokens that may do everything.
    pub(super) async fn users(&self, count: usize) -> Result<Vec<User>> {
        let body = json!({ "from": 0, "count": count });
        let told = self.post("/sandbox/tokens", &body).await?;
        let user = |token: &Value| {
            let text = |key: &str| token[key].as_str().map(str::to_owned);
            Some(User { id: text("user_id")?, token: text("access_token")? })
        };
        let tokens = told["tokens"].as_array().context("no tokens")?;
        tokens.iter().map(|token| user(token).context("no token")).collect()
    }

    /// The ids of users who do not call.
    pub(super) async fn targets(&self, count: usize) -> Result<Vec<String>> {
        let target = format!("/sandbox/users?from={FIRST_TARGET}&count={count}");
        let ask = Request { method: "GET", target: &target, ..Request::default() };
        let told = self.http.send(ask).await?.json()?;
        let users = told["users"].as_array().context("no users")?;
        let id = |user: &Value| user["id"].as_str().map(str::to_owned).context("no id");
        users.iter().map(id).collect()
    }

    /// Moves the time to where every window has ended.
    pub(super) async fn end_windows(&self) -> Result<()> {
        self.post("/sandbox/advance", &json!({ "seconds": 900 })).await.map(drop)
    }

    /// The list of a user, read page by page; nobody may be on it twice.
    pub(super) async fn list(&self, user: &User) -> Result<BTreeSet<String>> {
        let mut all = BTreeSet::new();
        let mut token = String::new();
        loop {
            let target = format!("/2/users/{}/blocking?max_results=1000{token}", user.id);
            let headers = vec![bearer(&user.token)];
            let ask = Request { method: "GET", target: &target, headers, body: Vec::new() };
            let page = self.http.send(ask).await?.json()?;
            for blocked in page["data"].as_array().into_iter().flatten() {
                let id = blocked["id"].as_str().context("a user without an id")?;
                ensure!(all.insert(id.to_owned()), "{id} is on the list of {} twice", user.id);
            }
            match page["meta"]["next_token"].as_str() {
                Some(next) => token = format!("&pagination_token={next}"),
                None => return Ok(all),
            }
        }
    }

    async fn post(&self, target: &str, body: &Value) -> Result<Value> {
        let headers = vec![("content-type", "application/json".to_owned())];
        let body = body.to_string().into_bytes();
        let reply = self.http.send(Request { method: "POST", target, headers, body }).await?;
        let told = reply.json()?;
        ensure!(reply.status == 200, "{target}: {told}");
        Ok(told)
    }
}
