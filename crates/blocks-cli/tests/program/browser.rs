//! A browser as small as can be: it opens pages, presses buttons and sends nothing else.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::Serving;

/// A page as it came.
pub(crate) struct Page {
    pub(crate) status: u16,
    headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Page {
    /// Where it sends the browser.
    #[track_caller]
    pub(crate) fn location(&self) -> String {
        let location = self.headers.get("location");
        location.unwrap_or_else(|| panic!("no redirect: {} {}", self.status, self.body)).clone()
    }

    /// The text between two others.
    #[track_caller]
    pub(crate) fn between(&self, before: &str, after: &str) -> String {
        let rest = self.body.split_once(before);
        let (_, rest) = rest.unwrap_or_else(|| panic!("no {before} in {}", self.body));
        rest.split_once(after).expect("its end").0.to_owned()
    }
}

/// Opens a page.
pub(crate) fn get(url: &str) -> Page {
    request("GET", url, "")
}

/// Presses a button of the consent page at `url`.
pub(crate) fn press(url: &str, button: &str) -> Page {
    let page = get(url);
    assert_eq!(page.status, 200, "{}", page.body);
    let ticket = page.between("name=\"ticket\" value=\"", "\"");
    let username = page.between("name=\"username\" value=\"", "\"");
    let action = page.between("action=\"", "\"");
    let origin = url.split('/').take(3).collect::<Vec<_>>().join("/");
    let form = format!("ticket={ticket}&username={username}&{button}=yes");
    request("POST", &format!("{origin}{action}"), &form)
}

/// Approves at the page, and goes where it sends the browser.
pub(crate) fn approve_and_follow(url: &str) -> Page {
    get(&press(url, "approve").location())
}

/// Sends JSON to the control interface of a sandbox.
pub(crate) fn control(url: &str, path: &str, json: &str) {
    let page = send("POST", &format!("{url}{path}"), "application/json", json);
    assert_eq!(page.status, 200, "{}", page.body);
}

/// Makes (`add`) or lifts (`remove`) blocks of the served user, as another client would.
pub(crate) fn elsewhere(serving: &Serving, change: &str, users: &[&str]) {
    let source = serving.line["user_id"].as_str().expect("an id");
    let pairs: Vec<_> = users.iter().map(|user| serde_json::json!([source, user])).collect();
    control(&serving.url, "/sandbox/blocks", &serde_json::json!({ change: pairs }).to_string());
}

fn request(method: &str, url: &str, form: &str) -> Page {
    send(method, url, "application/x-www-form-urlencoded", form)
}

fn send(method: &str, url: &str, content_type: &str, body: &str) -> Page {
    let rest = url.strip_prefix("http://").expect("http");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut connection = TcpStream::connect(host).expect("a connection");
    let length = body.len();
    write!(
        connection,
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
         content-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .expect("a request");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
    let headers = lines.filter_map(|line| line.split_once(": "));
    Page {
        status: status.parse().expect("a status"),
        headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
        body: body.to_owned(),
    }
}
