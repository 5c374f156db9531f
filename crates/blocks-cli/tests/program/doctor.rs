//! `blocks doctor` tells one trouble from the other, with a remedy for each.

use serde_json::Value;

use crate::sign_in::Scene;
use crate::support::{Home, Ran, Server, Wire};

/// What a check found.
#[track_caller]
fn finding(ran: &Ran, check: &str) -> Value {
    let report = &ran.json()[0];
    let checks = report["checks"].as_array().expect("checks");
    let found = checks.iter().find(|finding| finding["check"] == check);
    found.unwrap_or_else(|| panic!("no {check} in {report}")).clone()
}

/// Checks what was found and that it comes with a remedy, where it is trouble.
#[track_caller]
fn assert_found(ran: &Ran, check: &str, state: &str, words: &str) {
    let finding = finding(ran, check);
    assert_eq!(finding["state"], state, "{finding}");
    let said = format!("{} {}", finding["finding"], finding["remedy"]);
    assert!(said.contains(words), "no `{words}` in {finding}");
    assert!(state != "trouble" || finding["remedy"].is_string(), "no remedy in {finding}");
}

/// The doctor of a token that gets this answer when it reads one block.
fn at(answer: Wire) -> Ran {
    let server = Server::answering(vec![answer]);
    Home::new().against(&server.url, &["doctor", "--json"])
}

#[test]
fn all_is_well_and_writing_is_unknown_until_it_is_tried() {
    let scene = Scene::signed_in(&["--write"]);
    let ran = scene.home.run(&["doctor", "--json"]).ended(0);
    assert_eq!(ran.json()[0]["healthy"], true);
    for check in ["sign-in", "network", "clock", "token", "reading"] {
        assert_found(&ran, check, "ok", "");
    }
    assert_found(&ran, "writing", "unknown", "Enterprise");
    assert!(ran.stderr.contains("USD 0.001"), "it says what it spends: {}", ran.stderr);
    let free = scene.home.run(&["doctor", "--json", "--free"]).ended(0);
    assert_found(&free, "reading", "skipped", "billed");
    assert!(!free.stderr.contains("USD"), "{}", free.stderr);
}

#[test]
fn nobody_is_signed_in() {
    let scene = Scene::new();
    let ran = scene.home.run(&["doctor", "--json", "--api-url", &scene.sandbox.url]).ended(3);
    assert_found(&ran, "sign-in", "trouble", "blocks login");
    assert_found(&ran, "network", "ok", "");
}

#[test]
fn a_token_that_has_ended_is_refreshed_or_the_refusal_told() {
    let scene = Scene::signed_in(&[]);
    let copy = scene.home.copy();
    scene.advance(7200);
    let ran = scene.home.run(&["doctor", "--json"]).ended(1);
    assert_found(&ran, "clock", "trouble", "2:00:00 behind");
    assert_found(&ran, "reading", "ok", "");
    // The copy holds the refresh token that is spent by now.
    let ran = copy.run(&["doctor", "--json"]).ended(3);
    assert_found(&ran, "reading", "trouble", "blocks login");
}

#[test]
fn a_scope_that_was_not_granted_is_named_and_costs_nothing_to_find() {
    let scene = Scene::signed_in(&[]);
    let ran = scene.home.run(&["doctor", "--json"]).ended(0);
    assert_found(&ran, "writing", "note", "blocks login --write");
}

#[test]
fn a_token_of_the_app_is_recognised_before_anything_is_spent() {
    let server = Server::answering(vec![Wire::json("200 OK", "{}")]);
    let home = Home::new();
    let mut command = home.command(&["doctor", "--json", "--api-url", &server.url]);
    command.env("BLOCKS_ACCESS_TOKEN", format!("{}%3Dxyz", "A".repeat(24)));
    let ran = Ran::of(command.output().expect("the program")).ended(4);
    assert_found(&ran, "token", "trouble", "on behalf of");
    assert_eq!(server.page_requests(), [""; 0]);
}

#[test]
fn each_refusal_has_its_own_words() {
    let problem = |status: &str, fields: &str| Wire::json(status, &format!("{{{fields}}}"));
    let of_type =
        |word: &str| format!("\"title\":\"x\",\"type\":\"https://api.x.com/2/problems/{word}\"");
    let enrolment = of_type("client-forbidden") + ",\"reason\":\"client-not-enrolled\"";
    for (answer, code, words) in [
        (problem("403 Forbidden", &enrolment), 4, "enrol"),
        (problem("403 Forbidden", "\"title\":\"Forbidden\",\"type\":\"about:blank\""), 4, "scope"),
        (problem("403 Forbidden", &of_type("unsupported-authentication")), 4, "user"),
        (problem("402 Payment Required", &of_type("credits")), 1, "credits"),
        (problem("429 Too Many Requests", &of_type("usage-capped")), 1, "cap"),
        (problem("401 Unauthorized", "\"title\":\"Unauthorized\""), 3, "token"),
        (problem("503 Service Unavailable", ""), 1, "again"),
    ] {
        let ran = at(answer).ended(code);
        assert_found(&ran, "reading", "trouble", words);
    }
}

#[test]
fn a_spent_window_says_until_when() {
    let headers = "content-type: application/json\r\nx-rate-limit-limit: 15\r\n\
                   x-rate-limit-remaining: 0\r\nx-rate-limit-reset: 4102444800\r\n\
                   date: Thu, 31 Dec 2099 23:59:00 GMT\r\n";
    let ran = at(Wire::with("429 Too Many Requests", headers, "{}")).ended(5);
    assert_found(&ran, "reading", "trouble", "opens again at");
}

#[test]
fn a_clock_that_is_off_is_told_by_how_much() {
    let headers = "content-type: application/json\r\ndate: Fri, 01 Jan 2100 00:00:00 GMT\r\n";
    let me = Wire::with("200 OK", headers, r#"{"data":{"id":"42","username":"me"}}"#);
    let page = Wire::json("200 OK", r#"{"meta":{"result_count":0}}"#);
    let server = Server::with_user(me, vec![page]);
    let ran = Home::new().against(&server.url, &["doctor", "--json"]).ended(1);
    assert_found(&ran, "clock", "trouble", "behind the server's");
    assert_found(&ran, "reading", "ok", "");
}

#[test]
fn no_network_no_tls_and_a_stranger_are_told_apart() {
    let doctor = |url: &str| Home::new().against(url, &["doctor", "--json"]).ended(1);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = format!("http://{}", closed.local_addr().expect("an address"));
    drop(closed);
    assert_found(&doctor(&nobody), "network", "trouble", "no connection");

    let plain = Server::answering(vec![Wire::json("200 OK", "{}")]);
    let encrypted = plain.url.replace("http:", "https:");
    assert_found(&doctor(&encrypted), "network", "trouble", "not secure");
    assert_found(&doctor("https://nowhere.invalid"), "network", "trouble", "cannot be found");

    let portal = Wire::with("200 OK", "content-type: text/html\r\n", "<h1>Hotel</h1>");
    let portal = Server::with_user(portal, vec![Wire::json("200 OK", "{}")]);
    assert_found(&doctor(&portal.url), "network", "trouble", "not the X API");
}

#[test]
fn a_person_reads_one_line_for_each_check() {
    let scene = Scene::signed_in(&[]);
    let ran = scene.home.run(&["doctor"]).ended(0);
    for check in ["sign-in", "network", "clock", "token", "reading", "writing"] {
        let lines = ran.stdout.lines().filter(|line| line.contains(check)).count();
        assert!(lines >= 1, "{check} in {}", ran.stdout);
    }
}
