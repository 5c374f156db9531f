//! `blocks sandbox`, and the world of `--sandbox`.

use std::process::Stdio;

use crate::support::{Home, Serving};

#[test]
fn serve_says_in_one_line_how_to_reach_it() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "12", "--seed", "3"]);
    assert!(serving.url.starts_with("http://127.0.0.1:") && !serving.url.ends_with('/'));
    for key in ["user_id", "username", "access_token"] {
        assert!(serving.line[key].is_string(), "{key} in {}", serving.line);
    }
    let summary = &serving.run(&home, &["pull", "--json"]).ended(0).json()[0];
    assert_eq!((&summary["users"], &summary["account_id"]), (&12.into(), &serving.line["user_id"]));
}

#[cfg(unix)]
#[test]
fn serve_ends_on_sigterm() {
    let home = Home::new();
    let mut child = home
        .command(&["sandbox", "serve"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().expect("a pipe"));
    std::io::BufRead::read_line(&mut stdout, &mut line).expect("a line");
    let ended = std::process::Command::new("kill").arg(child.id().to_string()).status();
    assert!(ended.expect("kill").success());
    assert_eq!(child.wait().expect("an end").code(), Some(0));
}

#[test]
fn the_world_lasts_between_runs_until_it_is_reset() {
    let home = Home::new();
    let id = &home.sandboxed(&["whoami", "--json"]).ended(0).json()[0]["account_id"].clone();
    home.sandboxed(&["pull", "--quiet"]).ended(0);
    let first =
        home.sandboxed(&["list", "--json", "--limit", "1"]).ended(0).json()[0]["id"].clone();
    let first = first.as_str().expect("an id");
    home.sandboxed(&["unblock", first, "--yes"]).ended(0);
    assert_eq!(home.sandboxed(&["pull", "--json"]).ended(0).json()[0]["users"], 2499);

    home.run(&["sandbox", "reset"]).ended(0);
    assert_eq!(home.sandboxed(&["pull", "--json"]).ended(0).json()[0]["users"], 2500);
    assert_eq!(&home.sandboxed(&["whoami", "--json"]).ended(0).json()[0]["account_id"], id);
    home.run(&["sandbox", "reset"]).ended(0);
    let ran = home.run(&["sandbox", "reset"]).ended(0);
    assert!(ran.stdout.contains("nothing to forget"), "{}", ran.stdout);
}

#[test]
fn commands_at_the_same_time_do_not_undo_each_other() {
    let home = Home::new();
    home.sandboxed(&["pull", "--quiet"]).ended(0);
    let users = home.sandboxed(&["list", "--json", "--limit", "6"]).ended(0).json();
    std::thread::scope(|scope| {
        for user in &users {
            let id = user["id"].as_str().expect("an id");
            let home = &home;
            scope.spawn(move || home.sandboxed(&["unblock", id, "--yes"]).ended(0));
        }
    });
    assert_eq!(home.sandboxed(&["stats", "--json"]).ended(0).json()[0]["users"], 2494);
    let pulled = &home.sandboxed(&["pull", "--full", "--json"]).ended(0).json()[0];
    assert_eq!((&pulled["users"], &pulled["removed"]), (&2494.into(), &0.into()));
}

#[test]
fn a_damaged_world_is_said_to_be_damaged() {
    let home = Home::new();
    home.sandboxed(&["whoami"]).ended(0);
    std::fs::write(home.path().join("sandbox/world.json"), "{").expect("a file");
    let ran = home.sandboxed(&["whoami"]).ended(1);
    assert!(ran.stderr.contains("sandbox reset"), "{}", ran.stderr);
}

#[test]
fn the_example_of_faults_is_a_file_that_is_right() {
    let home = Home::new();
    let example = home.run(&["sandbox", "faults"]).ended(0).stdout;
    assert!(example.contains("[[faults]]\nkind = \"status\"\nstatus = 503\n"), "{example}");
    let file = home.path().join("faults.toml");
    std::fs::write(&file, &example).expect("a file");
    let file = file.to_str().expect("a path");
    let ran = home.run(&["sandbox", "faults", file]).ended(0);
    assert!(ran.stdout.contains("is right: 17 faults."), "{}", ran.stdout);
    let read = &home.run(&["sandbox", "faults", file, "--json"]).ended(0).json()[0];
    assert_eq!(read["faults"].as_array().map(Vec::len), Some(17));
    let kinds = &home.run(&["sandbox", "faults", "--json"]).ended(0).json()[0]["kinds"];
    assert_eq!(kinds[1]["kind"], "delay");
}

#[test]
fn a_file_of_faults_that_is_wrong_is_told_with_its_line() {
    let home = Home::new();
    let file = home.path().join("faults.toml");
    std::fs::write(&file, "[[faults]]\nkind = \"reset\"\ntimse = 2\n").expect("a file");
    let file = file.to_str().expect("a path");
    for line in [&["sandbox", "faults", file][..], &["sandbox", "serve", "--faults", file]] {
        let ran = home.run(line).ended(2);
        assert!(ran.stderr.contains("line 3: `timse` is no key"), "{}", ran.stderr);
    }
    let missing = home.run(&["sandbox", "serve", "--faults", "no/such/file"]).ended(2);
    assert!(missing.stderr.contains("cannot read no/such/file"), "{}", missing.stderr);
}

#[test]
fn a_served_sandbox_meets_the_faults_of_its_file() {
    let home = Home::new();
    let file = home.path().join("faults.toml");
    let faults = "[[faults]]\nkind = \"status\"\nstatus = 403\nat = \"GET /2/users/me\"\n";
    std::fs::write(&file, faults).expect("a file");
    let serving = Serving::start(&home, &["--faults", file.to_str().expect("a path")]);
    assert!(serving.line["control_token"].is_null(), "it is on loopback");
    serving.run(&home, &["whoami"]).ended(4);
    serving.run(&home, &["whoami"]).ended(0);
}

#[test]
fn elsewhere_than_on_loopback_the_line_tells_the_control_token() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--listen", "0.0.0.0:0"]);
    let token = serving.line["control_token"].as_str().expect("a token");
    assert!(token.len() >= 32);
}
