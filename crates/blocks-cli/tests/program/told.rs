//! What a person is told: nothing is spent, lost or left out without a word.

use crate::browser::{control, elsewhere};
use crate::support::{Home, Ran, Server, Serving, Wire};

/// A home with a mirror of a served list.
fn pulled(blocks: &str) -> (Home, Serving) {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", blocks]);
    serving.run(&home, &["pull", "--quiet"]).ended(0);
    (home, serving)
}

#[test]
fn where_there_is_no_change_that_is_said() {
    let (home, _serving) = pulled("30");
    let ran = home.run(&["changes"]).ended(0);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("No change is known"), "{}", ran.stderr);
    let ran = home.run(&["changes", "--since", "2030-01-01"]).ended(0);
    assert!(ran.stderr.contains("No such change"), "{}", ran.stderr);
    for args in [["changes", "--json"], ["changes", "--quiet"]] {
        let Ran { stdout, stderr, .. } = home.run(&args).ended(0);
        assert_eq!((stdout, stderr), (String::new(), String::new()), "{args:?}");
    }
}

#[test]
fn a_refused_question_about_the_missing_ends_with_its_code_and_says_what_to_do() {
    let (home, serving) = pulled("30");
    let ids = home.run(&["list", "--json", "--quiet"]).ended(0).json();
    let first = ids[0]["id"].as_str().expect("an id");
    elsewhere(&serving, "remove", &[first]);
    serving.run(&home, &["pull", "--full", "--quiet"]).ended(0);
    let ran = serving.run(&home, &["changes", "--explain", "--budget", "0.001"]).ended(6);
    assert!(ran.stderr.contains("Allow more money"), "{}", ran.stderr);
    for (status, code, remedy) in [(403, 4, "scopes"), (402, 1, "Buy credits")] {
        let fault =
            format!(r#"{{"faults":[{{"kind":"status","status":{status},"at":"GET /2/users"}}]}}"#);
        control(&serving.url, "/sandbox/faults", &fault);
        let ran = serving.run(&home, &["changes", "--explain"]).ended(code);
        assert!(ran.stderr.contains(remedy), "{}", ran.stderr);
    }
}

#[test]
fn a_head_that_gives_up_an_unfinished_read_says_so() {
    let (home, serving) = pulled("3000");
    serving.run(&home, &["pull", "--full", "--budget", "1.00", "--page-size", "1000"]).ended(0);
    let fault =
        r#"{"faults":[{"kind":"status","status":402,"at":"GET /2/users/:id/blocking","after":1}]}"#;
    control(&serving.url, "/sandbox/faults", fault);
    serving.run(&home, &["pull", "--full"]).ended(7);
    let ran = home.run(&["forecast", "--head"]).ended(0);
    assert!(ran.stdout.contains("1,000 accounts read before"), "{}", ran.stdout);
    let ran = serving.run(&home, &["pull", "--head"]).ended(0);
    let said = "An unfinished read with 1,000 accounts is given up.";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

#[test]
fn verify_tells_beforehand_what_it_costs() {
    let (home, serving) = pulled("30");
    let ran = serving.run(&home, &["verify"]).ended(0);
    assert!(ran.stderr.starts_with("Reading the whole list. 1 request"), "{}", ran.stderr);
    assert!(ran.stderr.contains("30 accounts were paid for earlier today"), "{}", ran.stderr);
}

#[test]
fn verify_says_of_the_missing_that_they_are_no_longer_on_the_list() {
    let (home, serving) = pulled("30");
    let ids = home.run(&["list", "--json", "--quiet"]).ended(0).json();
    elsewhere(&serving, "remove", &[ids[3]["id"].as_str().expect("an id")]);
    let ran = serving.run(&home, &["verify"]).ended(7);
    for said in [
        "\tin the mirror, not on the list at X\n",
        "0 not in the mirror, 1 no longer on the list at X (unblocked, suspended or gone)",
    ] {
        assert!(ran.stdout.contains(said), "{said:?} is not said: {}", ran.stdout);
    }
    let told = serving.run(&home, &["verify", "--json"]).ended(7).json();
    let last = told.last().expect("a summary");
    assert_eq!((&last["same"], &last["set_aside"]), (&false.into(), &true.into()), "{last}");
}

#[test]
fn a_forecast_tells_what_is_kept_and_what_a_budget_allows() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "2000"]);
    let pull = ["pull", "--budget", "0.50", "--page-size", "500"];
    serving.run(&home, &pull).ended(6);
    let forecast = ["forecast", "--budget", "0.10"];
    for args in [&forecast[..], &["pull", "--dry-run", "--budget", "0.10"]] {
        let ran = home.run(args).ended(0);
        for said in ["at least 500, which are kept", "at most USD 0.10, your budget"] {
            assert!(ran.stdout.contains(said), "{said:?} is not said: {}", ran.stdout);
        }
    }
    let ran = home.run(&["forecast", "--budget", "5", "--users", "2000"]).ended(0);
    assert!(!ran.stdout.contains("your budget"), "it is enough: {}", ran.stdout);
    let told = home.run(&[&forecast[..], &["--json"]].concat()).ended(0);
    assert!(told.stdout.contains(r#""budget_usd":0.10"#), "{}", told.stdout);
}

#[cfg(unix)]
#[test]
fn whoever_interrupts_is_told_of_all_that_is_kept() {
    use std::process::Stdio;

    let page = r#"{"data":[{"id":"7"},{"id":"8"}],"meta":{"result_count":2,"next_token":"T"}}"#;
    let (first, silence) =
        (Wire::json("200 OK", page), Wire::json("200 OK", page).cut(5).stalling());
    let (home, server) = (Home::new(), Server::answering(vec![first, silence]));
    // The second time nothing is read before the interruption.
    for (requests, cost) in [(2, "; this run cost USD 0.002 for reading."), (3, ".")] {
        let mut command = home.command(&["pull", "--api-url", &server.url]);
        command.env("BLOCKS_ACCESS_TOKEN", "token");
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.expect("the program");
        while server.page_requests().len() < requests {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let id = child.id().to_string();
        assert!(
            std::process::Command::new("kill").args(["-INT", &id]).status().expect("it").success()
        );
        let ran = Ran::of(child.wait_with_output().expect("an end")).ended(130);
        let said = format!("Kept so far: 2 accounts{cost} Run the same command");
        assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    }
}

#[test]
fn a_purge_says_what_it_has_forgotten_and_how_to_have_it_again() {
    let (home, _serving) = pulled("30");
    let ran = home.run(&["purge", "--older-than", "1", "--dry-run"]).ended(0);
    assert!(ran.stdout.contains("would be forgotten, 0 accounts that"), "{}", ran.stdout);
    let ran = home.run(&["purge", "--yes"]).ended(0);
    assert!(ran.stdout.contains("Forgotten: 30 profiles"), "{}", ran.stdout);
    assert!(ran.stderr.contains("`blocks pull --full`"), "{}", ran.stderr);
    let ran = home.run(&["purge", "--all", "--yes"]).ended(0);
    assert!(ran.stdout.starts_with("All that was kept"), "{}", ran.stdout);
}

#[test]
fn after_the_first_pull_the_changes_are_worth_a_look() {
    let (home, serving) = pulled("30");
    let ran = serving.run(&home, &["pull"]).ended(0);
    assert!(ran.stderr.contains("  blocks list     the accounts\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("  blocks changes  who came and went\n"), "{}", ran.stderr);
}
