//! A mirror that is kept fresh: what a pull reads, what it costs, and what it does not believe.

use crate::browser::{control, elsewhere};
use crate::support::{Home, Server, Serving, Wire};

/// A page of users with these ids.
fn page(ids: std::ops::Range<u32>) -> Wire {
    let users: Vec<_> = ids.map(|id| format!(r#"{{"id":"{id}","username":"u{id}"}}"#)).collect();
    let (data, count) = (users.join(","), users.len());
    Wire::json("200 OK", &format!(r#"{{"data":[{data}],"meta":{{"result_count":{count}}}}}"#))
}

/// The summary that a pull prints for programs.
fn pulled(serving: &Serving, home: &Home, args: &[&str]) -> serde_json::Value {
    let args = [&["pull", "--json", "--quiet"], args].concat();
    serving.run(home, &args).ended(0).json()[0].clone()
}

/// The ids that the mirror shows, newest block first.
fn listed(home: &Home) -> Vec<String> {
    let users = home.run(&["list", "--json", "--quiet"]).ended(0).json();
    users.iter().map(|user| user["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn a_forecast_before_the_first_pull_is_honest_and_sends_nothing() {
    let home = Home::new();
    let ran = home.run(&["forecast"]).ended(0);
    assert!(ran.stdout.contains("nobody knows how many"), "{}", ran.stdout);
    let told = &home.run(&["forecast", "--users", "100000", "--json"]).ended(0).json()[0];
    for (key, least) in [("requests", 100), ("windows", 7), ("wait_s", 5400)] {
        assert_eq!((&told[key]["least"], &told[key]["most"]), (&least.into(), &least.into()));
    }
    assert_eq!((&told["cost_usd"]["most"], &told["reading"]), (&100.0.into(), &"full".into()));
    let ran = home.run(&["forecast", "--users", "100000"]).ended(0);
    for part in ["100,000", "1:30:00", "USD 100.00", "because nothing is mirrored yet"] {
        assert!(ran.stdout.contains(part), "{part} in {}", ran.stdout);
    }
}

#[test]
fn a_pull_begins_with_its_forecast_and_a_dry_run_is_nothing_else() {
    let home = Home::new();
    let ran = home.sandboxed(&["pull", "--dry-run", "--json"]).ended(0);
    assert_eq!(ran.json()[0]["requests"]["most"], serde_json::Value::Null, "{}", ran.stdout);
    home.sandboxed(&["list"]).ended(1);
    let ran = home.sandboxed(&["pull"]).ended(0);
    assert!(ran.stderr.starts_with("Reading the whole list, because nothing"), "{}", ran.stderr);
    let ran = home.sandboxed(&["pull", "--full"]).ended(0);
    assert!(ran.stderr.starts_with("Reading the whole list. 3 requests"), "{}", ran.stderr);
    let ran = home.sandboxed(&["pull"]).ended(0);
    assert!(ran.stderr.starts_with("Reading what is new, because"), "{}", ran.stderr);
}

#[test]
fn new_blocks_cost_a_page_and_a_lifted_one_is_missed_by_a_full_read_alone() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "3000", "--tier", "pay-per-use"]);
    pulled(&serving, &home, &[]);
    let before = listed(&home);
    elsewhere(&serving, "remove", &[&before[5], &before[2000]]);
    elsewhere(&serving, "add", &[&before[5]]);

    let head = pulled(&serving, &home, &[]);
    assert_eq!((&head["kind"], &head["users"]), (&"head".into(), &3000.into()));
    assert!(head["reads"].as_u64().is_some_and(|reads| reads <= 60), "{head}");
    assert_eq!(head["billed_reads"], 0, "they were all paid for today: {head}");
    assert_eq!(listed(&home)[0], before[5], "blocked again, so it is the newest");

    let full = pulled(&serving, &home, &["--full"]);
    assert_eq!((&full["kind"], &full["removed"]), (&"full".into(), &1.into()));
    let ran = home.run(&["changes"]).ended(0);
    assert!(ran.stdout.contains("missing, cause unknown"), "{}", ran.stdout);
    assert!(ran.stderr.contains("changes --explain"), "{}", ran.stderr);
}

#[test]
fn a_head_needs_something_to_go_on_from() {
    let home = Home::new();
    let ran = home.sandboxed(&["pull", "--head"]).ended(1);
    assert!(ran.stderr.contains("nothing of this block list is mirrored"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`blocks --sandbox pull`"), "{}", ran.stderr);
}

#[test]
fn a_read_that_has_lost_its_end_is_set_aside_until_it_is_accepted() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "2500"]);
    pulled(&serving, &home, &[]);
    let whole = listed(&home);
    let fault = r#"{"faults":[{"kind":"without-next-token"}]}"#;
    control(&serving.url, "/sandbox/faults", fault);

    let ran = serving.run(&home, &["pull", "--full"]).ended(7);
    assert!(ran.stderr.contains("1500 are missing") && ran.stderr.contains("pull --accept"));
    assert!(!ran.stderr.contains("Kept so far"), "{}", ran.stderr);
    assert_eq!(listed(&home), whole, "the mirror stays as it was");
    let ran = home.run(&["stats"]).ended(0);
    assert!(ran.stderr.contains("is set aside"), "{}", ran.stderr);
    let missing = home.run(&["changes", "--aside", "--json"]).ended(0).json();
    assert_eq!(missing.len(), 1500);
    assert!(missing.iter().all(|line| line["difference"] == "only_in_mirror"));

    let accepted = home.run(&["pull", "--accept", "--json"]).ended(0).json()[0].clone();
    assert_eq!((&accepted["users"], &accepted["removed"]), (&1000.into(), &1500.into()));
    assert_eq!(listed(&home), whole[..1000]);
    home.run(&["pull", "--accept"]).ended(1);

    let healed = pulled(&serving, &home, &["--full"]);
    assert_eq!((&healed["users"], &healed["added"]), (&2500.into(), &1500.into()));
    assert_eq!(listed(&home), whole);
}

#[test]
fn after_a_read_was_set_aside_the_next_pull_reads_it_all_again() {
    let home = Home::new();
    let server = Server::answering(vec![page(1..60), page(1..20), page(1..60)]);
    home.against(&server.url, &["pull"]).ended(0);
    let ran = home.against(&server.url, &["pull", "--full", "--json"]).ended(7);
    let summary = &ran.json()[0];
    assert_eq!(
        (&summary["complete"], &summary["set_aside"]),
        (&false.into(), &true.into()),
        "{summary}"
    );
    for said in ["pays for, the whole list again", "This run cost USD 0.00 for reading."] {
        assert!(ran.stderr.contains(said), "{said:?} is not said: {}", ran.stderr);
    }
    let ran = home.against(&server.url, &["pull"]).ended(0);
    assert!(
        ran.stderr.contains("because a read of the whole list was set aside"),
        "{}",
        ran.stderr
    );
    home.run(&["changes", "--aside"]).ended(1);
}

#[test]
fn why_somebody_is_missing_is_told_by_our_record_or_asked_of_x() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "40"]);
    pulled(&serving, &home, &[]);
    let ids = listed(&home);
    serving.run(&home, &["unblock", &ids[0], "--yes"]).ended(0);
    assert_eq!(listed(&home).len(), 39, "the mirror is right without another read");
    let suspend = format!(r#"{{"suspend":["{}"]}}"#, ids[1]);
    control(&serving.url, "/sandbox/users", &suspend);
    elsewhere(&serving, "remove", &[&ids[2]]);
    pulled(&serving, &home, &["--full"]);

    let states = |args: &[&str]| -> Vec<(String, String)> {
        let ran = serving.run(&home, &[&["changes", "--json"], args].concat()).ended(0);
        let text =
            |line: &serde_json::Value, key: &str| line[key].as_str().expect("text").to_owned();
        let changes = ran.json();
        let mut states: Vec<_> =
            changes.iter().map(|line| (text(line, "user_id"), text(line, "state"))).collect();
        states.sort();
        states
    };
    let expected = |second: &str| {
        let of = |id: &String, state: &str| (id.clone(), state.to_owned());
        let mut all = vec![of(&ids[0], "unblocked"), of(&ids[1], second), of(&ids[2], "unknown")];
        all.sort();
        all
    };
    assert_eq!(states(&[]), expected("unknown"));
    assert_eq!(states(&["--explain"]), expected("gone"));
    assert_eq!(states(&[]), expected("gone"), "what X said is kept");
    let ran = serving.run(&home, &["changes"]).ended(0);
    assert!(ran.stdout.contains("gone: suspended"), "{}", ran.stdout);
    assert!(ran.stdout.contains("the account is there"), "{}", ran.stdout);
    assert!(!ran.stderr.contains("--explain"), "nobody is asked about twice: {}", ran.stderr);
}

#[test]
fn a_budget_counts_what_was_paid_for_today_as_free() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "2500"]);
    let ran = serving.run(&home, &["pull", "--budget", "1.00", "--json"]).ended(6);
    assert_eq!(ran.json()[0]["users"], 1000);
    // A page is set aside in full before it is known to be free.
    let summary = pulled(&serving, &home, &["--restart", "--budget", "1.50"]);
    assert_eq!((&summary["reads"], &summary["billed_reads"]), (&2500.into(), &1500.into()));
    let again = pulled(&serving, &home, &["--full", "--budget", "1.00"]);
    assert_eq!((&again["reads"], &again["billed_reads"]), (&2500.into(), &0.into()));
}

#[test]
fn verify_shows_each_difference_and_loses_nothing() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "60"]);
    pulled(&serving, &home, &[]);
    let ran = serving.run(&home, &["verify"]).ended(0);
    assert!(ran.stdout.contains("as X tells: 60 accounts"), "{}", ran.stdout);

    let ids = listed(&home);
    elsewhere(&serving, "remove", &[&ids[7]]);
    let ran = serving.run(&home, &["verify", "--json"]).ended(7);
    let lines = ran.json();
    assert_eq!(lines[0]["difference"], "only_in_mirror");
    assert_eq!(lines[0]["user"]["id"], ids[7].as_str());
    assert_eq!((&lines[1]["same"], &lines[1]["only_in_mirror"]), (&false.into(), &1.into()));
    assert_eq!(listed(&home), ids, "the mirror stays as it was");
    home.run(&["pull", "--accept"]).ended(0);
    assert_eq!(listed(&home).len(), 59);
    home.run(&["verify"]).ended(3);
}

#[test]
fn what_is_purged_is_gone_from_the_file() {
    let home = Home::new();
    let bio = "A-BIO-TO-BE-FORGOTTEN";
    let body = format!(
        r#"{{"data":[{{"id":"7","username":"handle7","description":"{bio}"}}],"meta":{{"result_count":1}}}}"#
    );
    let server = Server::answering(vec![Wire::json("200 OK", &body)]);
    home.against(&server.url, &["pull"]).ended(0);
    let is_stored = |text: &str| {
        let files = std::fs::read_dir(home.path()).expect("a folder");
        let files = files.map(|file| file.expect("an entry").path()).filter(|path| path.is_file());
        files
            .map(|path| std::fs::read(path).expect("a file"))
            .any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    };
    assert!(is_stored(bio));
    home.run(&["purge", "--dry-run"]).ended(0);
    home.run(&["purge"]).ended(6);
    home.run(&["purge", "--older-than", "1", "--yes"]).ended(0);
    assert!(is_stored(bio), "it is not a day old");
    let told = home.run(&["purge", "--yes", "--json"]).ended(0).json()[0].clone();
    assert_eq!(told["profiles"], 1);
    assert!(!is_stored(bio) && !is_stored("handle7"));
    assert_eq!(home.run(&["list", "--json"]).ended(0).json()[0]["id"], "7", "ids stay");
    home.run(&["purge", "--all", "--yes"]).ended(0);
    home.run(&["list"]).ended(1);
}

#[test]
fn names_that_an_account_had_are_shown() {
    let home = Home::new();
    let named = |name: &str| {
        let body =
            format!(r#"{{"data":[{{"id":"7","username":"{name}"}}],"meta":{{"result_count":1}}}}"#);
        Wire::json("200 OK", &body)
    };
    let server = Server::answering(vec![named("old_name"), named("new_name")]);
    home.against(&server.url, &["pull"]).ended(0);
    home.against(&server.url, &["pull", "--full"]).ended(0);
    let ran = home.run(&["show", "new_name"]).ended(0);
    assert!(ran.stdout.contains("Was") && ran.stdout.contains("@old_name"), "{}", ran.stdout);
    let ran = home.run(&["changes"]).ended(0);
    assert!(ran.stdout.contains("~ @new_name\twas @old_name"), "{}", ran.stdout);
}
