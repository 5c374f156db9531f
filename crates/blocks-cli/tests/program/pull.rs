//! `blocks pull` against the sandbox: the main job.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Stdio};

use crate::support::{Home, Serving};

#[test]
fn the_main_job_ends_with_a_summary_and_what_to_try_next() {
    let home = Home::new();
    let ran = home.sandboxed(&["pull"]).ended(0);
    assert!(ran.stdout.contains("Mirrored 2,500 accounts"), "{}", ran.stdout);
    assert!(ran.stdout.contains("USD 2.50"), "{}", ran.stdout);
    for next in ["blocks --sandbox list", "blocks --sandbox stats", "blocks sandbox serve"] {
        assert!(ran.stderr.contains(next), "{}", ran.stderr);
    }
}

#[test]
fn the_summary_for_programs_has_every_key() {
    let home = Home::new();
    let ran = home.sandboxed(&["pull", "--json"]).ended(0);
    let summary = &ran.json()[0];
    for (key, value) in [
        ("complete", serde_json::json!(true)),
        ("set_aside", false.into()),
        ("users", 2500.into()),
        ("added", 2500.into()),
        ("removed", 0.into()),
        ("unavailable", 0.into()),
        ("requests", 3.into()),
        ("retries", 0.into()),
        ("waited_s", 0.0.into()),
        ("billed_reads", 2500.into()),
        ("resumed", false.into()),
    ] {
        assert_eq!(summary[key], value, "{key} in {summary}");
    }
    assert_eq!(summary["cost_usd"], 2.5);
    assert!(ran.stdout.contains(r#""cost_usd":2.50"#), "digit by digit: {}", ran.stdout);
    assert!(summary["snapshot"].is_u64() && summary["account_id"].is_string());
}

#[test]
fn a_second_pull_finds_nothing_new() {
    let home = Home::new();
    home.sandboxed(&["pull"]).ended(0);
    let summary = &home.sandboxed(&["pull", "--json"]).ended(0).json()[0];
    assert_eq!((&summary["added"], &summary["removed"]), (&0.into(), &0.into()));
}

#[test]
fn a_long_read_crosses_windows_and_says_what_x_would_make_one_wait() {
    let home = Home::new();
    let ran = home.sandboxed(&["pull", "--json", "--page-size", "100"]).ended(0);
    let summary = &ran.json()[0];
    assert_eq!(summary["requests"], 25);
    let waited = summary["waited_s"].as_f64().expect("seconds");
    assert!((800.0..=901.0).contains(&waited), "one window is waited for, not {waited} s");
    assert!(ran.stderr.contains("X would wait 1"), "{}", ran.stderr);
}

#[test]
fn without_waiting_it_stops_at_the_window_and_goes_on_later() {
    let home = Home::new();
    let ran = home.sandboxed(&["pull", "--no-wait", "--page-size", "100"]).ended(5);
    assert!(ran.stderr.contains("Kept so far: 1,500 accounts"), "{}", ran.stderr);
    let summary = &home.sandboxed(&["pull", "--json", "--page-size", "100"]).ended(0).json()[0];
    assert_eq!((&summary["users"], &summary["requests"]), (&2500.into(), &10.into()));
    assert_eq!(summary["resumed"], true);
}

#[test]
fn an_unfinished_read_can_be_given_up() {
    let home = Home::new();
    home.sandboxed(&["pull", "--no-wait", "--page-size", "100"]).ended(5);
    let summary = &home.sandboxed(&["pull", "--json", "--restart"]).ended(0).json()[0];
    assert_eq!((&summary["requests"], &summary["resumed"]), (&3.into(), &false.into()));
}

#[test]
fn a_budget_is_a_hard_stop_and_the_next_run_goes_on() {
    let home = Home::new();
    let ran = home.sandboxed(&["pull", "--budget", "1.50"]).ended(6);
    let left =
        "Kept so far: 1,500 accounts; this run would have cost USD 1.50 for reading. Run the";
    assert!(ran.stderr.contains(left), "{}", ran.stderr);
    let summary = &home.sandboxed(&["pull", "--json"]).ended(0).json()[0];
    assert_eq!((&summary["users"], &summary["billed_reads"]), (&2500.into(), &1000.into()));
}

#[test]
fn a_pull_that_did_not_finish_tells_programs_what_it_spent() {
    let home = Home::new();
    let ran = home.sandboxed(&["pull", "--json", "--budget", "1.00"]).ended(6);
    let summary = &ran.json()[0];
    assert_eq!(
        (&summary["complete"], &summary["set_aside"], &summary["snapshot"]),
        (&false.into(), &false.into(), &serde_json::Value::Null)
    );
    assert_eq!((&summary["users"], &summary["requests"]), (&1000.into(), &1.into()));
    assert!(ran.stdout.contains(r#""cost_usd":1.00"#), "{}", ran.stdout);
}

#[test]
fn a_token_that_cannot_be_one_is_not_sent() {
    let home = Home::new();
    for token in ["two words", "line\nbreak", "ümlaut"] {
        let output = home.command(&["pull"]).env("BLOCKS_ACCESS_TOKEN", token).output();
        let output = output.expect("the program");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("holds no token or secret") && !said.contains(token), "{said}");
    }
}

#[test]
fn the_environments_server_is_not_for_the_sandbox() {
    let home = Home::new();
    for url in ["", "http://127.0.0.1:9"] {
        let output = home.command(&["--sandbox", "whoami"]).env("BLOCKS_API_URL", url).output();
        assert!(output.expect("the program").status.success(), "{url:?}");
    }
}

#[test]
fn it_needs_to_be_signed_in() {
    let home = Home::new();
    let ran = home.run(&["pull"]).ended(3);
    assert!(ran.stderr.contains("BLOCKS_ACCESS_TOKEN"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--sandbox"), "{}", ran.stderr);
}

#[test]
fn nothing_but_results_goes_to_stdout_and_quiet_is_quiet() {
    let home = Home::new();
    let ran = home.sandboxed(&["pull", "--quiet"]).ended(0);
    assert_eq!(ran.stderr, "");
    assert!(ran.stdout.starts_with("Mirrored"), "{}", ran.stdout);
}

/// A pull that has spent its window and waits for the next one, with what it says.
fn waiting_pull(home: &Home, serving: &Serving) -> (Child, BufReader<ChildStderr>) {
    let mut command = home.command(&["pull", "--page-size", "100"]);
    command.env("BLOCKS_API_URL", &serving.url);
    command.env("BLOCKS_ACCESS_TOKEN", serving.line["access_token"].as_str().expect("a token"));
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut said = String::new();
    while !said.contains("waiting") {
        let read = stderr.read_line(&mut said).expect("a line");
        assert!(read > 0, "it ended without waiting: {said}");
    }
    (child, stderr)
}

#[test]
fn two_pulls_of_one_account_do_not_mix() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "2000"]);
    let (mut first, _stderr) = waiting_pull(&home, &serving);
    let ran = serving.run(&home, &["pull"]).ended(1);
    let said = format!("another pull of this account is under way (process {})", first.id());
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    first.kill().expect("the first can be ended");
    first.wait().expect("an end");
    let ran = serving.run(&home, &["pull", "--no-wait"]).ended(5);
    assert!(ran.stderr.contains("Kept so far: 1,500 accounts"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_cleanly_and_the_next_run_goes_on() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "2000"]);
    let (mut child, mut stderr) = waiting_pull(&home, &serving);
    let interrupt = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill");
    assert!(interrupt.success());
    let mut said = String::new();
    stderr.read_to_string(&mut said).expect("the rest");
    assert_eq!(child.wait().expect("an end").code(), Some(130), "{said}");
    let left = "Kept so far: 1,500 accounts; this run cost USD 1.50 for reading. Run the same";
    assert!(said.contains(left), "{said}");
    let ran = serving.run(&home, &["pull", "--page-size", "100", "--no-wait"]);
    assert_eq!(ran.code, 5, "the window is still spent, also for the next process: {}", ran.stderr);
}
