//! The sandbox that every round plays against, and a home for the program in each.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use blocks_domain::UserId;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::disk::{self, Sound};
use crate::http::{Http, Request};
use crate::program::{Program, Sandbox};

/// How many accounts the list holds at the beginning of each round.
pub(super) const USERS: usize = 1000;

/// How many accounts a page holds: many pages, and more accounts than the first page of a head.
const PAGE: &str = "50";

/// How many pages a read of the whole list takes.
pub(super) const PAGES: u32 = 20;

/// A pull that reads whatever is to be read.
pub(super) const PULL: &[&str] = &["pull", "--quiet", "--page-size", PAGE];

/// A pull of the whole list.
pub(super) const PULL_FULL: &[&str] = &["pull", "--full", "--quiet", "--page-size", PAGE];

/// A pull that waits for its turn.
pub(super) const PULL_IN_TURN: &[&str] = &["pull", "--wait", "--quiet", "--page-size", PAGE];

/// The number of the first user who is not blocked: far from those who are.
const FIRST_STRANGER: usize = 1_000_000;

/// How many requests the sandbox remembers.
const REMEMBERED: u64 = 1000;

/// A sandbox in a process of its own, and its control interface.
pub(super) struct Stage<'a> {
    program: &'a Path,
    _home: TempDir,
    sandbox: Sandbox,
    http: Http,
    runtime: Runtime,
}

impl<'a> Stage<'a> {
    pub(super) fn set(program: &'a Path) -> Result<Self> {
        let home = tempfile::tempdir().context("making a folder")?;
        let serving = Program { path: program, home: home.path() };
        let sandbox = serving.serve(&["--limits", "off", "--blocks", &USERS.to_string()])?;
        let http = Http::to(sandbox.told("url")?)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { program, _home: home, sandbox, http, runtime })
    }

    /// A folder in which nothing is known yet.
    pub(super) fn home(&self) -> Result<Home<'_>> {
        let folder = tempfile::tempdir().context("making a folder")?;
        Ok(Home { stage: self, folder })
    }

    /// Takes the world back to its beginning.
    pub(super) fn reset(&self) -> Result<()> {
        self.control("POST", "/sandbox/reset", &json!({})).map(drop)
    }

    /// Whom the world says that the signed-in user blocks, newest block first.
    pub(super) fn world(&self) -> Result<Vec<String>> {
        let user = self.owner()?;
        let target = format!("/sandbox/blocks?user={user}&limit={}", 2 * USERS);
        texts(&self.control("GET", &target, &Value::Null)?["user_ids"])
    }

    /// Changes the list as if somebody did it elsewhere.
    pub(super) fn change(&self, block: &[String], unblock: &[String]) -> Result<()> {
        let pairs = |users: &[String]| -> Result<Vec<_>> {
            let owner = self.owner()?;
            Ok(users.iter().map(|user| json!([owner, user])).collect())
        };
        let body = json!({ "add": pairs(block)?, "remove": pairs(unblock)? });
        self.control("POST", "/sandbox/blocks", &body).map(drop)
    }

    /// Users who are not blocked at the beginning.
    pub(super) fn strangers(&self, count: usize) -> Result<Vec<String>> {
        let target = format!("/sandbox/users?from={FIRST_STRANGER}&count={count}");
        let told = self.control("GET", &target, &Value::Null)?;
        let users = told["users"].as_array().context("no users")?;
        users.iter().map(|user| text(&user["id"])).collect()
    }

    /// Forgets which pages were asked for.
    pub(super) fn forget_requests(&self) -> Result<()> {
        self.control("DELETE", "/sandbox/requests", &Value::Null).map(drop)
    }

    /// The tokens of the pages that reads of the whole list asked for, in their order.
    pub(super) fn pages(&self) -> Result<Vec<Option<String>>> {
        let target = format!("/sandbox/requests?limit={REMEMBERED}");
        let told = self.control("GET", &target, &Value::Null)?;
        let requests = told["requests"].as_array().context("no requests")?;
        let is_all = told["count"].as_u64().is_some_and(|count| count <= REMEMBERED);
        ensure!(is_all, "there were too many requests to remember");
        let of_pages = requests.iter().filter(|request| is_of_whole_read(request));
        Ok(of_pages.map(|request| parameter(request, "pagination_token")).collect())
    }

    fn owner(&self) -> Result<&str> {
        self.sandbox.told("user_id")
    }

    fn control(&self, method: &str, target: &str, body: &Value) -> Result<Value> {
        let headers = vec![("content-type", "application/json".to_owned())];
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request { method, target, headers, body };
        let reply = self.runtime.block_on(self.http.send(request))?;
        let told = reply.json()?;
        ensure!(reply.status == 200, "{method} {target}: {told}");
        Ok(told)
    }
}

/// A folder in which the program keeps its state.
pub(super) struct Home<'a> {
    stage: &'a Stage<'a>,
    folder: TempDir,
}

impl Home<'_> {
    /// The program, signed in at the sandbox.
    pub(super) fn command(&self, args: &[&str]) -> Result<Command> {
        let Stage { program, sandbox, .. } = self.stage;
        let program = Program { path: program, home: self.path() };
        let mut command = program.command();
        command.args(args);
        command.env("BLOCKS_API_URL", sandbox.told("url")?);
        command.env("BLOCKS_ACCESS_TOKEN", sandbox.told("access_token")?);
        Ok(command)
    }

    /// Runs the program to its end, and answers what it printed.
    pub(super) fn run(&self, args: &[&str]) -> Result<String> {
        let output = self.command(args)?.output().context("starting the program")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{args:?} failed: {said}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The ids in the mirror, newest block first.
    pub(super) fn mirror(&self) -> Result<Vec<String>> {
        let listed = self.run(&["list", "--json"])?;
        let user = |line| text(&serde_json::from_str::<Value>(line)?["id"]);
        listed.lines().map(user).collect()
    }

    /// What the program says of those who are gone: ids, each with why.
    pub(super) fn removals(&self) -> Result<Vec<(String, String)>> {
        let mut removals = Vec::new();
        for line in self.run(&["changes", "--json"])?.lines() {
            let change: Value = serde_json::from_str(line)?;
            if change["change"] == "removed" {
                removals.push((text(&change["user_id"])?, text(&change["state"])?));
            }
        }
        Ok(removals)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// How many bytes its files hold.
    pub(super) fn size(&self) -> Result<u64> {
        let mut size = 0;
        for entry in fs::read_dir(self.path())? {
            size += entry?.metadata()?.len();
        }
        Ok(size)
    }

    /// Checks the file that a program left.
    pub(super) fn examine(&self) -> Result<Sound> {
        let account: UserId = self.stage.owner()?.parse()?;
        self.stage.runtime.block_on(disk::examine(self.path(), account))
    }
}

/// Whether a request is for a page of a read of the whole list; the head of a list is read in
/// smaller pages.
fn is_of_whole_read(request: &Value) -> bool {
    request["path"].as_str().is_some_and(|path| path.ends_with("/blocking"))
        && request["method"] == "GET"
        && parameter(request, "max_results").as_deref() == Some(PAGE)
}

fn parameter(request: &Value, name: &str) -> Option<String> {
    let query = request["query"].as_array()?;
    let pair = query.iter().find(|pair| pair[0] == name)?;
    pair[1].as_str().map(str::to_owned)
}

fn texts(values: &Value) -> Result<Vec<String>> {
    values.as_array().context("no list")?.iter().map(text).collect()
}

fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).with_context(|| format!("{value} is no text"))
}
