//! Help, schemas, completions, manual pages, wrong usage.

use crate::support::Home;

#[test]
fn every_command_has_help_that_fits_80_columns() {
    let home = Home::new();
    let mut pages = vec![vec!["--help"], vec!["help"], vec!["sandbox", "serve", "--help"]];
    let commands = [
        "pull",
        "list",
        "show",
        "stats",
        "whoami",
        "block",
        "unblock",
        "sandbox",
        "schema",
        "completions",
        "man",
    ];
    pages.extend(commands.map(|command| vec![command, "--help"]));
    for page in pages {
        let ran = home.run(&page).ended(0);
        assert!(ran.stdout.contains("Usage: blocks"), "{page:?}");
        assert!(!ran.stdout.contains('\u{1b}'), "no colours in a pipe");
    }
}

#[test]
fn the_help_tells_the_exit_codes() {
    let ran = Home::new().run(&["--help"]).ended(0);
    assert!(ran.stdout.contains("not entitled"), "{}", ran.stdout);
}

#[test]
fn wrong_usage_is_told_from_failure() {
    let home = Home::new();
    for args in [
        &["frobnicate"][..],
        &["pull", "--page-size", "1001"],
        &["pull", "--budget", "-1"],
        &["pull", "--budget", "1e3"],
        &["show", "two words"],
        &["block"],
        &["list", "--verified", "--not-verified"],
        &["pull", "--real-time"],
        &["pull", "--sandbox", "--api-url", "https://api.x.com"],
        &["schema", "tweets"],
        &["man", "frobnicate"],
        &[],
    ] {
        let ran = home.run(args).ended(2);
        assert!(!ran.stderr.is_empty(), "{args:?}");
    }
    for (args, says) in [
        (&["pull", "--page-size", "0"][..], "accounts, 1 to 1000"),
        (&["verify", "--page-size", "2000"], "accounts, 1 to 1000"),
        (&["pull", "--full-every", "0"], "a whole number of days, at least 1"),
        (&["watch", "--max-age", "0"], "a whole number of days, at least 1"),
        (&["purge", "--older-than", "0"], "a whole number of days, at least 1"),
        (&["pull", "--overlap", "0"], "a whole number, 1 to"),
        (&["list", "--min-followers", "x"], "it takes a whole number"),
        (&["list", "--max-followers", "-1"], "'-1'"),
        (&["forecast", "--users", "many"], "it takes a whole number"),
    ] {
        let ran = home.run(args).ended(2);
        assert!(ran.stderr.contains(says), "{args:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("max_results"), "{}", ran.stderr);
    }
}

#[test]
fn each_model_has_a_schema_in_both_vocabularies() {
    let home = Home::new();
    let names = home.run(&["schema"]).ended(0).stdout;
    assert!(names.lines().any(|name| name == "blocking-page"));
    for name in names.lines() {
        for words in ["tweet", "post"] {
            let text = home.run(&["schema", name, "--words", words]).ended(0).stdout;
            let schema: serde_json::Value = serde_json::from_str(&text).expect(name);
            assert!(schema["$schema"].is_string());
        }
    }
}

#[test]
fn completions_and_manual_pages_are_printed() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(home.run(&["completions", shell]).ended(0).stdout.contains("pull"), "{shell}");
    }
    assert!(home.run(&["man"]).ended(0).stdout.contains(".TH blocks 1"));
    let page = home.run(&["man", "sandbox", "serve"]).ended(0).stdout;
    assert!(page.contains("limits"), "{page}");
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let home = Home::new();
    home.sandboxed(&["pull", "--quiet"]).ended(0);
    let mut child = home
        .command(&["--sandbox", "list"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program");
    drop(child.stdout.take());
    let end = child.wait_with_output().expect("an end");
    assert_eq!(end.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&end.stderr), "");
}
