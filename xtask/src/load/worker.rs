//! One connection: it calls for any of the users, one call after the other.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::json;

use super::control::User;
use crate::http::{Http, Reply, Request, bearer};

/// Whoever uses one connection.
///
/// Any connection may call for any user, at the same time as others; each has targets of its own,
/// so that it knows what stands between a user and one of them.
pub(super) struct Worker {
    http: Http,
    users: Arc<[User]>,
    targets: Vec<String>,
    dice: StdRng,
    next_pages: HashMap<usize, String>,
    done: Done,
}

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Done {
    pages: u64,
    /// Blocks and unblocks that were acknowledged.
    pub(super) changes: u64,
    /// Calls that a spent window refused.
    refused: u64,
    took: Vec<Duration>,
    /// Whether a user, by number, blocks a target, as the last answer acknowledged.
    blocks: HashMap<(usize, String), bool>,
}

impl Worker {
    pub(super) fn new(http: Http, users: Arc<[User]>, targets: Vec<String>, dice: StdRng) -> Self {
        Self { http, users, targets, dice, next_pages: HashMap::new(), done: Done::default() }
    }

    pub(super) async fn work(mut self, until: Instant, limits: bool) -> Result<Done> {
        while Instant::now() < until {
            let user = self.dice.random_range(0..self.users.len());
            if self.dice.random_ratio(1, 2) {
                self.read(user).await?;
            } else {
                self.write(user).await?;
            }
            ensure!(limits || self.done.refused == 0, "a call is refused with the limits off");
        }
        Ok(self.done)
    }

    /// Reads the next page of a list, or the first.
    async fn read(&mut self, user: usize) -> Result<()> {
        let page = self.next_pages.remove(&user);
        let token = page.map(|token| format!("&pagination_token={token}")).unwrap_or_default();
        let fields = "user.fields=created_at,public_metrics";
        let id = self.users[user].id.clone();
        let target = format!("/2/users/{id}/blocking?max_results=100&{fields}{token}");
        let Some(reply) = self.call(user, "GET", &target, Vec::new()).await? else { return Ok(()) };
        let page = reply.json()?;
        let ids: Vec<_> =
            page["data"].as_array().into_iter().flatten().map(|user| user["id"].as_str()).collect();
        let different: BTreeSet<_> = ids.iter().collect();
        ensure!(different.len() == ids.len(), "somebody is on a page twice: {page}");
        ensure!(page["meta"]["result_count"] == ids.len(), "a page counts otherwise: {page}");
        let next = page["meta"]["next_token"].as_str().map(str::to_owned);
        self.next_pages.extend(next.map(|next| (user, next)));
        self.done.pages += 1;
        Ok(())
    }

    /// Blocks somebody, or unblocks them again.
    async fn write(&mut self, user: usize) -> Result<()> {
        let Some(other) = self.targets.choose(&mut self.dice).cloned() else { return Ok(()) };
        let id = self.users[user].id.clone();
        let blocks = self.dice.random_ratio(2, 3);
        let reply = if blocks {
            let body = json!({ "target_user_id": other }).to_string().into_bytes();
            self.call(user, "POST", &format!("/2/users/{id}/blocking"), body).await?
        } else {
            let target = format!("/2/users/{id}/blocking/{other}");
            self.call(user, "DELETE", &target, Vec::new()).await?
        };
        let Some(reply) = reply else { return Ok(()) };
        ensure!(reply.json()?["data"]["blocking"] == blocks, "a change is answered otherwise");
        self.done.blocks.insert((user, other), blocks);
        self.done.changes += 1;
        Ok(())
    }

    /// Makes a call; `None` when the window is spent.
    async fn call(
        &mut self,
        user: usize,
        method: &str,
        target: &str,
        body: Vec<u8>,
    ) -> Result<Option<Reply>> {
        let mut headers = vec![bearer(&self.users[user].token)];
        if !body.is_empty() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        let began = Instant::now();
        let reply = self.http.send(Request { method, target, headers, body }).await?;
        self.done.took.push(began.elapsed());
        match reply.status {
            200 => Ok(Some(reply)),
            429 => {
                self.done.refused += 1;
                Ok(None)
            }
            status => {
                bail!("{method} {target}: {status} {}", String::from_utf8_lossy(&reply.body))
            }
        }
    }
}

impl Done {
    /// What several connections have done.
    pub(super) fn together(all: Vec<Self>) -> Self {
        let mut sum = Self::default();
        for done in all {
            sum.pages += done.pages;
            sum.changes += done.changes;
            sum.refused += done.refused;
            sum.took.extend(done.took);
            sum.blocks.extend(done.blocks);
        }
        sum.took.sort_unstable();
        sum
    }

    pub(super) const fn answers(&self) -> usize {
        self.took.len()
    }

    /// Whom a user blocks, as the answers acknowledged.
    pub(super) fn blocked_by(&self, user: usize) -> BTreeSet<String> {
        let all = self.blocks.iter().filter(|((by, _), blocks)| *by == user && **blocks);
        all.map(|((_, target), _)| target.clone()).collect()
    }

    /// The time in which so many of a thousand calls were answered.
    fn within(&self, thousandths: usize) -> Duration {
        let at = self.took.len() * thousandths / 1000;
        self.took.get(at).or(self.took.last()).copied().unwrap_or_default()
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [half, most] = [500, 990].map(|part| self.within(part).as_secs_f64() * 1000.0);
        write!(
            f,
            "{} pages, {} changes, {} refused · half within {half:.1} ms, 99 % within {most:.1} ms",
            self.pages, self.changes, self.refused
        )
    }
}
