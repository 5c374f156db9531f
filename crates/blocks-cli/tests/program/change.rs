//! `block` and `unblock`: shown, confirmed, and answered truthfully.

use crate::browser::control;
use crate::support::{Home, Server, Serving, Wire};

/// The id and handle of somebody on the sandbox's list.
fn somebody(home: &Home) -> (String, String) {
    home.sandboxed(&["pull", "--quiet"]).ended(0);
    let user = &home.sandboxed(&["list", "--json", "--limit", "1"]).ended(0).json()[0];
    let text = |key: &str| user[key].as_str().expect("text").to_owned();
    (text("id"), text("username"))
}

#[test]
fn an_unblock_and_a_block_show_at_once_and_in_every_pull() {
    let home = Home::new();
    let (id, handle) = somebody(&home);
    let ran = home.sandboxed(&["unblock", &handle, "--yes"]).ended(0);
    assert!(ran.stdout.contains("is not blocked now"), "{}", ran.stdout);
    assert!(ran.stderr.contains(&id), "it is shown before it is done: {}", ran.stderr);
    assert_eq!(home.sandboxed(&["stats", "--json"]).ended(0).json()[0]["users"], 2499);
    let summary = &home.sandboxed(&["pull", "--full", "--json"]).ended(0).json()[0];
    assert_eq!((&summary["users"], &summary["removed"]), (&2499.into(), &0.into()));

    let line = &home.sandboxed(&["block", &id, "--yes", "--json"]).ended(0).json()[0];
    assert_eq!((&line["blocking"], &line["user_id"]), (&true.into(), &id.clone().into()));
    for pull in [None, Some("--head"), Some("--full")] {
        let args: Vec<_> = ["pull", "--quiet"].into_iter().chain(pull).collect();
        pull.map(|_| home.sandboxed(&args).ended(0));
        let first = &home.sandboxed(&["list", "--json", "--limit", "1"]).ended(0).json()[0];
        assert_eq!(first["id"], id.as_str(), "the newest block stands first, {pull:?}");
        assert_eq!(first["username"], handle.as_str());
    }
}

#[test]
fn without_consent_nothing_is_done() {
    let home = Home::new();
    let (id, _) = somebody(&home);
    let ran = home.sandboxed(&["unblock", &id]).ended(6);
    assert!(ran.stderr.contains("--yes"), "{}", ran.stderr);
    let ran = home.sandboxed(&["unblock", &id, "--dry-run"]).ended(0);
    assert!(ran.stdout.contains("would unblock 1 account"), "{}", ran.stdout);
    let summary = &home.sandboxed(&["pull", "--full", "--json"]).ended(0).json()[0];
    assert_eq!((&summary["users"], &summary["removed"]), (&2500.into(), &0.into()));
}

#[test]
fn nobody_blocks_themselves_and_no_call_is_made_to_find_out() {
    let home = Home::new();
    let server = Server::answering(vec![Wire::json("200 OK", "{}")]);
    home.against(&server.url, &["block", "42", "--yes"]).ended(6);
    assert_eq!(server.page_requests().len(), 0);
}

#[test]
fn an_answer_that_says_otherwise_is_told_as_it_is() {
    let home = Home::new();
    let server = Server::answering(vec![Wire::json("200 OK", r#"{"data":{"blocking":false}}"#)]);
    let ran = home.against(&server.url, &["block", "7", "--yes"]).ended(1);
    assert!(ran.stdout.contains("X did not block user 7"), "{}", ran.stdout);
}

#[test]
fn an_error_is_never_taken_for_a_state() {
    let home = Home::new();
    for (wire, code) in [
        (Wire::json("403 Forbidden", r#"{"title":"Forbidden","type":"about:blank"}"#), 4),
        (Wire::json("401 Unauthorized", r#"{"title":"Unauthorized","type":"about:blank"}"#), 3),
        (Wire::json("500 Internal Server Error", "{}"), 1),
        (Wire::json("200 OK", "{}"), 1),
        (Wire::json("200 OK", r#"{"data":{}}"#), 1),
    ] {
        let server = Server::answering(vec![wire]);
        let ran = home.against(&server.url, &["unblock", "7", "--yes"]).ended(code);
        assert_eq!(ran.stdout, "", "no state is reported");
    }
}

#[test]
fn somebody_who_is_not_there_does_not_stop_the_others() {
    let home = Home::new();
    let (id, _) = somebody(&home);
    let ran = home.sandboxed(&["unblock", "4", &id, "--yes"]).ended(1);
    assert!(ran.stdout.contains("no such user"), "{}", ran.stdout);
    assert!(ran.stdout.contains("is not blocked now"), "{}", ran.stdout);
    let ran = home.sandboxed(&["block", "@no_such_handle", "--yes"]).ended(1);
    assert!(ran.stderr.contains("@no_such_handle"), "{}", ran.stderr);
}

#[test]
fn a_plan_without_writing_is_told_from_a_wrong_token() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--tier", "pay-per-use"]);
    let ran = serving.run(&home, &["block", "7", "--yes"]).ended(4);
    assert!(ran.stderr.contains("Enterprise"), "{}", ran.stderr);
}

#[test]
fn a_block_by_this_program_has_its_name_in_the_changes() {
    let home = Home::new();
    let (id, handle) = somebody(&home);
    home.sandboxed(&["unblock", &id, "--yes"]).ended(0);
    home.sandboxed(&["block", &handle, "--yes"]).ended(0);
    let changes = home.sandboxed(&["changes", "--json", "--quiet"]).ended(0).json();
    let told: Vec<_> =
        changes.iter().map(|change| (&change["change"], &change["username"])).collect();
    let name = serde_json::Value::from(handle);
    assert_eq!(told, [(&"removed".into(), &name), (&"added".into(), &name)]);
}

#[test]
fn a_refusal_does_not_hide_an_attempt_whose_answer_was_lost() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "30"]);
    serving.run(&home, &["pull", "--quiet"]).ended(0);
    let id = home.run(&["list", "--json", "--quiet"]).ended(0).json()[0]["id"].clone();
    let id = id.as_str().expect("an id");
    let faults = r#"{"faults":[{"kind":"truncate","at":"DELETE /2/users/:source_user_id/blocking/:target_user_id"},{"kind":"status","status":403,"at":"DELETE /2/users/:source_user_id/blocking/:target_user_id"}]}"#;
    control(&serving.url, "/sandbox/faults", faults);
    serving.run(&home, &["unblock", id, "--yes"]).ended(4);
    serving.run(&home, &["pull", "--full", "--quiet"]).ended(0);
    let changes = home.run(&["changes", "--json", "--quiet"]).ended(0).json();
    assert_eq!(changes.len(), 1);
    assert_eq!(
        (&changes[0]["change"], &changes[0]["state"]),
        (&"removed".into(), &"unblocked".into())
    );
}
