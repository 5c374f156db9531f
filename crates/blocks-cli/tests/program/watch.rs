//! `blocks watch`: events of a served sandbox, followed into the mirror.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout, Stdio};

use crate::browser::{control, elsewhere};
use crate::support::{Home, Ran, Serving};

/// A watch that is up to date and waits for events.
struct Watching {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl Watching {
    fn begin(home: &Home, serving: &Serving) -> Self {
        let mut command = serving.command(home, &["watch", "--json"]);
        command.env("BLOCKS_APP_TOKEN", serving.line["app_token"].as_str().expect("a token"));
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut watching = Self { child, stdout, stderr };
        watching.says("Up to date");
        watching
    }

    /// Reads what it says until it says this.
    fn says(&mut self, text: &str) {
        let mut said = String::new();
        while !said.contains(text) {
            let read = self.stderr.read_line(&mut said).expect("a line");
            assert!(read > 0, "it ended before it said {text:?}: {said}");
        }
    }

    fn event(&mut self) -> serde_json::Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).expect("one event a line")
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listed(home: &Home) -> Vec<String> {
    let users = home.run(&["list", "--json", "--quiet"]).ended(0).json();
    users.iter().map(|user| user["id"].as_str().expect("an id").to_owned()).collect()
}

#[cfg(unix)]
#[test]
fn events_change_the_mirror_as_they_happen() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "30"]);
    serving.run(&home, &["pull", "--quiet"]).ended(0);
    let before = listed(&home);
    let mut watching = Watching::begin(&home, &serving);

    elsewhere(&serving, "remove", &[&before[3]]);
    let event = watching.event();
    assert_eq!((&event["event"], &event["mirror"]), (&"block.unblock".into(), &"changed".into()));
    assert_eq!(event["user_id"], before[3].as_str());
    assert!(!listed(&home).contains(&before[3]));
    elsewhere(&serving, "add", &[&before[3]]);
    assert_eq!(watching.event()["event"], "block.block");
    assert_eq!(listed(&home)[0], before[3]);
    let ran = home.run(&["changes"]).ended(0);
    assert!(ran.stdout.contains("unblocked, as X told"), "{}", ran.stdout);

    let id = watching.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().expect("it").success());
    let mut said = String::new();
    watching.stderr.read_to_string(&mut said).expect("the rest");
    assert_eq!(watching.child.wait().expect("an end").code(), Some(130), "{said}");
    assert!(said.contains("`blocks watch` goes on"), "{said}");
    let cost = "Stopped after 2 events (USD 0.002) and reads for USD 0.00.";
    assert!(said.contains(cost), "{said}");
}

#[test]
fn a_watch_without_a_mirror_makes_one_and_two_programs_get_along() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "30"]);
    let mut watching = Watching::begin(&home, &serving);
    assert_eq!(listed(&home).len(), 30);
    let first = listed(&home)[0].clone();
    // The block is lifted by this program: the event tells what the mirror knows already.
    serving.run(&home, &["unblock", &first, "--yes"]).ended(0);
    assert_eq!(watching.event()["user_id"], first.as_str());
    serving.run(&home, &["pull", "--full", "--quiet"]).ended(0);
    assert_eq!(listed(&home).len(), 29);
}

#[test]
fn while_a_read_is_set_aside_nothing_is_followed_and_nothing_is_spent() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "1200"]);
    serving.run(&home, &["pull", "--quiet"]).ended(0);
    let fault = r#"{"faults":[{"kind":"without-next-token"}]}"#;
    control(&serving.url, "/sandbox/faults", fault);
    serving.run(&home, &["pull", "--full", "--page-size", "100"]).ended(7);

    let mut command = serving.command(&home, &["watch"]);
    command.env("BLOCKS_APP_TOKEN", serving.line["app_token"].as_str().expect("a token"));
    let ran = Ran::of(command.output().expect("the program")).ended(6);
    for said in ["is set aside", "`blocks changes --aside`", "`blocks pull --accept`"] {
        assert!(ran.stderr.contains(said), "{said:?} is not said: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("Reading"), "{}", ran.stderr);
    assert_eq!(home.run(&["changes", "--aside", "--json"]).ended(0).json().len(), 1100);

    home.run(&["pull", "--accept"]).ended(0);
    drop(Watching::begin(&home, &serving));
}

#[test]
fn without_the_token_of_the_app_nothing_is_read() {
    let home = Home::new();
    let serving = Serving::start(&home, &["--blocks", "30"]);
    let ran = serving.run(&home, &["watch"]).ended(3);
    assert!(ran.stderr.contains("Set BLOCKS_APP_TOKEN"), "{}", ran.stderr);
    serving.run(&home, &["list"]).ended(1);

    // The sign-in of a user is no token of an app, which only the server knows.
    let mut command = serving.command(&home, &["watch"]);
    command.env("BLOCKS_APP_TOKEN", serving.line["access_token"].as_str().expect("a token"));
    let ran = Ran::of(command.output().expect("the program")).ended(4);
    assert!(ran.stderr.contains("the app's own bearer token"), "{}", ran.stderr);
    serving.run(&home, &["list"]).ended(1);
}
