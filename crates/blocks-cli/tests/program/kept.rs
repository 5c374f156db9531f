//! `blocks sandbox serve --state`: what was answered outlasts a kill.

use crate::support::{Home, Serving};

/// The flags that keep the world of a home.
fn flags(home: &Home) -> [String; 4] {
    let file = home.path().join("kept.json").to_str().expect("UTF-8").to_owned();
    ["--state".into(), file, "--blocks".into(), "12".into()]
}

fn serve(home: &Home) -> Serving {
    let flags = flags(home);
    Serving::start(home, &flags.each_ref().map(String::as_str))
}

#[test]
fn nothing_that_was_answered_is_lost_to_a_kill() {
    let home = Home::new();
    let mut expected = 12;
    for round in 0..6 {
        // Each one is killed in the end, as its value is dropped.
        let serving = serve(&home);
        let listed = serving.run(&home, &["pull", "--json"]).ended(0).json()[0]["users"].clone();
        assert_eq!(listed, expected, "round {round}");
        let user = home.run(&["list", "--json", "--limit", "1"]).ended(0).json()[0]["id"].clone();
        let user = user.as_str().expect("an id");
        serving.run(&home, &["unblock", user, "--yes", "--json"]).ended(0);
        expected -= 1;
    }
}

#[test]
fn one_world_is_served_once() {
    let home = Home::new();
    let _serving = serve(&home);
    let flags = flags(&home);
    let again: Vec<_> =
        ["sandbox", "serve"].into_iter().chain(flags.iter().map(|f| &**f)).collect();
    let ran = home.run(&again).ended(1);
    assert!(ran.stderr.contains("another sandbox keeps its world in"), "{}", ran.stderr);
}
