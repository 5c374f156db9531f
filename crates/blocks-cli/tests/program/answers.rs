//! Answers that go wrong: a typed error, the right code, nothing half-written.

use crate::support::{Home, Server, Wire};

const FIRST: &str = r#"{"data":[{"id":"1","name":"One","username":"one"}],"meta":{"result_count":1,"next_token":"token-of-page-two"}}"#;
const LAST: &str =
    r#"{"data":[{"id":"2","name":"Two","username":"two"}],"meta":{"result_count":1}}"#;

/// A page that goes wrong, with what the program must say of it.
struct Case {
    page: Wire,
    code: i32,
    says: &'static str,
}

fn case(page: Wire, code: i32, says: &'static str) -> Case {
    Case { page, code, says }
}

fn problem(status: &str, title: &str, kind: &str) -> Wire {
    let body = format!(r#"{{"title":"{title}","detail":"{title}","type":"{kind}","status":403}}"#);
    Wire::with(status, "content-type: application/problem+json\r\n", &body)
}

fn cases() -> Vec<Case> {
    let html = "<!DOCTYPE html><html><body>\u{1b}[2Jover capacity</body></html>";
    let type_html = "content-type: text/html\r\n";
    let capped = r#"{"title":"UsageCapExceeded","detail":"Monthly cap","type":"https://api.x.com/2/problems/usage-capped"}"#;
    vec![
        case(Wire::json("200 OK", LAST).cut(9), 7, "the connection broke"),
        case(Wire::json("200 OK", LAST).cut(9).stalling(), 7, "did not answer in time"),
        case(Wire::json("200 OK", "").cut(4).stalling(), 7, "did not answer in time"),
        case(
            Wire::json("200 OK", r#"{"data":[{"id":"2"}],"meta":"#),
            7,
            "not what the API promises",
        ),
        case(Wire::json("200 OK", r#"{"data":[{"id":"2"}]}"#), 7, "meta"),
        case(
            Wire::json("200 OK", r#"{"data":[{"name":"nobody"}],"meta":{"result_count":1}}"#),
            7,
            "id",
        ),
        case(Wire::with("200 OK", type_html, html), 7, "not what the API promises"),
        case(
            Wire::with(
                "503 Service Unavailable",
                "content-type: text/plain\r\n",
                "Service Unavailable",
            ),
            7,
            "trouble of its own",
        ),
        case(Wire::with("502 Bad Gateway", type_html, html), 7, "trouble of its own"),
        case(
            Wire::json(
                "200 OK",
                r#"{"errors":[{"title":"Not Found Error","detail":"gone","type":"https://api.x.com/2/problems/resource-not-found"}]}"#,
            ),
            7,
            "no such user",
        ),
        case(Wire::json("200 OK", FIRST), 7, "came before"),
        case(
            problem("401 Unauthorized", "Unauthorized", "about:blank"),
            3,
            "does not accept the access token",
        ),
        case(
            problem(
                "402 Payment Required",
                "CreditsDepleted",
                "https://api.x.com/2/problems/credits",
            ),
            7,
            "credits are used up",
        ),
        case(problem("403 Forbidden", "Forbidden", "about:blank"), 4, "lacks a scope"),
        case(
            problem(
                "403 Forbidden",
                "Unsupported Authentication",
                "https://api.x.com/2/problems/unsupported-authentication",
            ),
            4,
            "this kind of token",
        ),
        case(
            problem(
                "403 Forbidden",
                "Client Forbidden",
                "https://api.x.com/2/problems/client-forbidden",
            ),
            4,
            "not enrolled",
        ),
        case(Wire::with("429 Too Many Requests", "", capped), 7, "usage cap"),
        case(Wire::with("302 Found", "location: https://evil.example/\r\n", ""), 7, "evil.example"),
    ]
}

#[test]
fn what_goes_wrong_on_the_second_page_costs_nothing_that_was_read() {
    for Case { page, code, says } in cases() {
        let home = Home::new();
        let server = Server::answering(vec![Wire::json("200 OK", FIRST), page]);
        let ran = home.against(&server.url, &["pull", "--no-wait"]).ended(code);
        assert!(ran.stderr.contains(says), "{says:?} is not said:\n{}", ran.stderr);
        assert!(!ran.stderr.contains('\u{1b}'), "an escape came through:\n{}", ran.stderr);
        assert_eq!(ran.stdout, "", "no result");
        home.against(&server.url, &["list"]).ended(1);

        let well = Server::answering(vec![Wire::json("200 OK", LAST)]);
        let ran = home.against(&well.url, &["pull", "--json"]).ended(0);
        let summary = &ran.json()[0];
        assert_eq!((&summary["users"], &summary["resumed"]), (&2.into(), &true.into()), "{says}");
        let asked = well.page_requests();
        assert!(asked[0].contains("pagination_token=token-of-page-two"), "{asked:?}");
    }
}

#[test]
fn a_spent_window_is_remembered_for_the_next_run() {
    let home = Home::new();
    let spent =
        "x-rate-limit-limit: 15\r\nx-rate-limit-remaining: 0\r\nx-rate-limit-reset: 4102444800\r\n";
    let refusal = r#"{"title":"Too Many Requests","type":"about:blank"}"#;
    let refusal = Wire::with("429 Too Many Requests", spent, refusal);
    let server = Server::answering(vec![Wire::json("200 OK", FIRST), refusal]);
    for asked in [2, 2] {
        let ran = home.against(&server.url, &["pull", "--no-wait"]).ended(5);
        assert!(ran.stderr.contains("window are spent"), "{}", ran.stderr);
        assert_eq!(server.page_requests().len(), asked, "no call that could be foreseen to fail");
    }
}

#[test]
fn the_same_on_the_first_page_is_a_plain_failure() {
    let home = Home::new();
    let server = Server::answering(vec![Wire::with("500 Internal Server Error", "", "oops")]);
    home.against(&server.url, &["pull"]).ended(1);
}

#[test]
fn an_oversized_answer_is_cut_short() {
    let home = Home::new();
    let padding = "x".repeat(65 << 20);
    let body = format!(
        r#"{{"data":[{{"id":"2","description":"{padding}"}}],"meta":{{"result_count":1}}}}"#
    );
    let server = Server::answering(vec![Wire::json("200 OK", FIRST), Wire::json("200 OK", &body)]);
    let ran = home.against(&server.url, &["pull"]).ended(7);
    assert!(ran.stderr.contains("64 MiB") || ran.stderr.contains("67108864"), "{}", ran.stderr);
}

#[test]
fn odd_pages_that_can_be_used_are_used() {
    let empty = r#"{"meta":{"result_count":0,"next_token":"token-of-page-three"}}"#;
    let unknown = r#"{"data":[{"id":"3","mood":"sunny","username":"three"}],"meta":{"result_count":5,"karma":1},"weather":"fine"}"#;
    let home = Home::new();
    let server = Server::answering(vec![
        Wire::json("200 OK", FIRST),
        Wire::json("200 OK", empty),
        Wire::json("200 OK", unknown),
    ]);
    let ran = home.against(&server.url, &["pull", "--json"]).ended(0);
    assert_eq!(ran.json()[0]["users"], 2);
    assert!(ran.stderr.contains("says that it holds 5 users, and holds 1"), "{}", ran.stderr);
    let ran = home.against(&server.url, &["list", "--json"]).ended(0);
    assert_eq!(ran.json()[1]["mood"], "sunny", "unknown fields are kept");
}

#[test]
fn both_vocabularies_are_read() {
    let post = r#"{"data":[{"id":"3","pinned_post_id":"9","public_metrics":{"post_count":5}}],"includes":{"posts":[{"id":"9"}]},"meta":{"result_count":1}}"#;
    let home = Home::new();
    let server = Server::answering(vec![Wire::json("200 OK", post)]);
    home.against(&server.url, &["pull"]).ended(0);
    let user = &home.against(&server.url, &["list", "--json"]).ended(0).json()[0];
    assert_eq!(user["pinned_tweet_id"], "9");
    assert_eq!(user["public_metrics"]["tweet_count"], 5);
}

#[test]
fn trouble_that_passes_is_outlasted() {
    let home = Home::new();
    let server = Server::answering(vec![
        Wire::with("503 Service Unavailable", "", "later"),
        Wire::json("200 OK", LAST),
    ]);
    let mut command = home.command(&["pull", "--json", "--api-url", &server.url, "--retries", "1"]);
    command.env("BLOCKS_ACCESS_TOKEN", crate::support::TOKEN);
    let output = command.output().expect("the program");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&summary["retries"], &summary["requests"]), (&1.into(), &1.into()));
}

#[test]
fn a_server_that_is_not_there_is_said_to_be_so() {
    let home = Home::new();
    let ran = home.against("http://127.0.0.1:9", &["pull"]).ended(1);
    assert!(ran.stderr.contains("could not be reached"), "{}", ran.stderr);
}

#[test]
fn an_unencrypted_address_elsewhere_is_refused() {
    let home = Home::new();
    let ran = home.against("http://192.0.2.1", &["pull"]).ended(2);
    assert!(ran.stderr.contains("https"), "{}", ran.stderr);
}
