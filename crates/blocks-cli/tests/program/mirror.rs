//! `list`, `show`, `stats`: reading the mirror.

use crate::support::{Home, Server, Wire};

fn pulled() -> Home {
    let home = Home::new();
    home.sandboxed(&["pull", "--quiet"]).ended(0);
    home
}

#[test]
fn before_a_pull_there_is_nothing_and_it_says_what_to_do() {
    let home = Home::new();
    for command in ["list", "stats"] {
        let ran = home.sandboxed(&[command]).ended(1);
        assert!(ran.stderr.contains("blocks --sandbox pull"), "{}", ran.stderr);
    }
}

#[test]
fn a_list_in_a_pipe_is_one_line_of_fields_an_account() {
    let ran = pulled().sandboxed(&["list"]).ended(0);
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 2500);
    for line in lines {
        let fields: Vec<_> = line.split('\t').collect();
        assert_eq!(fields.len(), 5, "{line:?}");
        assert!(fields[2].parse::<u64>().is_ok(), "a count for programs: {line:?}");
        assert!(!line.chars().any(|c| c.is_control() && c != '\t'), "{line:?}");
    }
}

#[test]
fn a_list_for_programs_is_one_user_a_line() {
    let ran = pulled().sandboxed(&["list", "--json", "--limit", "3"]).ended(0);
    let users = ran.json();
    assert_eq!(users.len(), 3);
    for user in users {
        assert!(user["id"].is_string() && user["public_metrics"]["followers_count"].is_u64());
    }
}

#[test]
fn sorting_filtering_and_searching_agree_with_the_whole_list() {
    let home = pulled();
    let all = home.sandboxed(&["list", "--json"]).ended(0).json();
    let followers = |user: &serde_json::Value| {
        user["public_metrics"]["followers_count"].as_u64().expect("a count")
    };

    let sorted = home.sandboxed(&["list", "--json", "--sort", "followers"]).ended(0).json();
    assert!(sorted.windows(2).all(|pair| followers(&pair[0]) >= followers(&pair[1])));
    assert_eq!(sorted.len(), all.len());

    let many = home.sandboxed(&["list", "--json", "--min-followers", "1000"]).ended(0).json();
    assert_eq!(many.len(), all.iter().filter(|user| followers(user) >= 1000).count());
    assert!(!many.is_empty() && many.len() < all.len());

    let name = all[17]["name"].as_str().expect("a name").to_uppercase();
    let found = home.sandboxed(&["list", "--json", "--search", &name]).ended(0).json();
    assert!(found.iter().any(|user| user["id"] == all[17]["id"]), "{name}");

    let reversed = home.sandboxed(&["list", "--json", "--reverse"]).ended(0).json();
    assert!(reversed.iter().rev().eq(all.iter()));
}

#[test]
fn the_search_that_the_readme_shows_finds_somebody() {
    let readme = include_str!("../../../../README.md");
    let word = readme.split("--search ").nth(1).and_then(|rest| rest.split(' ').next());
    let ran = pulled().sandboxed(&["list", "--search", word.expect("an example")]).ended(0);
    assert!(ran.stdout.lines().count() > 0, "nobody mentions {word:?}");
}

#[test]
fn one_account_is_shown_by_id_and_by_handle() {
    let home = pulled();
    let user = &home.sandboxed(&["list", "--json", "--limit", "1"]).ended(0).json()[0];
    let (id, handle) =
        (user["id"].as_str().expect("an id"), user["username"].as_str().expect("it"));
    let by_id = home.sandboxed(&["show", id]).ended(0).stdout;
    let by_handle =
        home.sandboxed(&["show", &format!("@{}", handle.to_uppercase())]).ended(0).stdout;
    assert_eq!(by_id, by_handle);
    assert!(by_id.contains(handle), "{by_id}");
    assert_eq!(home.sandboxed(&["show", id, "--json"]).ended(0).json()[0]["user"], *user);
    let ran = home.sandboxed(&["show", "@nobody_at_all"]).ended(1);
    assert!(ran.stderr.contains("was not on the block list"), "{}", ran.stderr);
}

#[test]
fn where_profiles_were_forgotten_that_is_said() {
    let home = pulled();
    let user = &home.sandboxed(&["list", "--json", "--limit", "1"]).ended(0).json()[0];
    let (id, handle) =
        (user["id"].as_str().expect("an id"), user["username"].as_str().expect("it"));
    home.sandboxed(&["purge", "--yes"]).ended(0);

    let ran = home.sandboxed(&["show", &format!("@{handle}")]).ended(1);
    for said in ["no mirrored profile is of @", "of 2,500 accounts are not known", "by its id"] {
        assert!(ran.stderr.contains(said), "{said:?} is not said: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("was not on the block list"), "{}", ran.stderr);
    home.sandboxed(&["show", id]).ended(0);

    for args in [&["stats"][..], &["list"], &["list", "--search", "a"], &["list", "--limit", "1"]] {
        let ran = home.sandboxed(args).ended(0);
        assert!(ran.stderr.contains("2,500 of 2,500 profiles are not known"), "{}", ran.stderr);
        let ran = home.sandboxed(&[args, &["--json"]].concat()).ended(0);
        assert_eq!(ran.stderr, "", "{args:?}");
    }
    let stats = home.sandboxed(&["stats"]).ended(0).stdout;
    assert!(!stats.contains('%'), "no share of nobody: {stats}");
    let stats = &home.sandboxed(&["stats", "--json"]).ended(0).json()[0];
    assert_eq!((&stats["users"], &stats["profiles"]), (&2500.into(), &0.into()));
}

#[test]
fn shares_are_of_the_profiles_that_are_known() {
    let page = r#"{"data":[{"id":"1"},{"id":"2","username":"two","description":"a bio"}],"meta":{"result_count":2}}"#;
    let (home, server) = (Home::new(), Server::answering(vec![Wire::json("200 OK", page)]));
    home.against(&server.url, &["pull"]).ended(0);
    let ran = home.run(&["stats"]).ended(0);
    assert!(ran.stdout.contains("1 (100.0 %)"), "{}", ran.stdout);
    assert!(ran.stderr.contains("1 of 2 profiles is not known"), "{}", ran.stderr);
}

#[test]
fn figures_add_up() {
    let home = pulled();
    let stats = &home.sandboxed(&["stats", "--json"]).ended(0).json()[0];
    assert_eq!((&stats["users"], &stats["profiles"]), (&2500.into(), &2500.into()));
    let sum = |key: &str| -> u64 {
        let parts = stats[key].as_object().expect("figures").values();
        parts.map(|count| count.as_u64().expect("a count")).sum()
    };
    assert_eq!((sum("created"), sum("followers_below")), (2500, 2500));
    assert!(home.sandboxed(&["stats"]).ended(0).stdout.contains("2,500 accounts that @"));
}

#[test]
fn a_hostile_profile_never_reaches_the_terminal_as_it_is() {
    let hostile = r#"{"data":[{"id":"3","username":"three","name":"\u001b]0;owned\u0007\u202egnp.exe","description":"a\nb\u009b2J\u001b[31m\u0000"}],"meta":{"result_count":1}}"#;
    let home = Home::new();
    let server = Server::answering(vec![Wire::json("200 OK", hostile)]);
    home.against(&server.url, &["pull"]).ended(0);
    for command in [&["list"][..], &["show", "3"], &["list", "--json"], &["show", "3", "--json"]] {
        let ran = home.against(&server.url, command).ended(0);
        let bad = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}';
        assert!(!ran.stdout.chars().any(bad), "{command:?}: {:?}", ran.stdout);
    }
    let user = &home.against(&server.url, &["list", "--json"]).ended(0).json()[0];
    assert_eq!(user["name"], "\u{1b}]0;owned\u{7}\u{202e}gnp.exe", "nothing is lost");
}

#[test]
fn an_account_that_is_not_there_is_named() {
    let ran = pulled().sandboxed(&["list", "--account", "work"]).ended(2);
    assert!(ran.stderr.contains("there is no account `work`"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn the_state_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let home = pulled();
    let folder = home.path().join("sandbox");
    for file in std::fs::read_dir(&folder).expect("a folder") {
        let file = file.expect("an entry");
        let mode = file.metadata().expect("a mode").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
    }
}

#[test]
fn a_handle_that_changed_hands_does_not_take_over_a_mirror() {
    let home = Home::new();
    let page = |id: &str| {
        let body = format!(r#"{{"data":[{{"id":"{id}"}}],"meta":{{"result_count":1}}}}"#);
        Wire::json("200 OK", &body)
    };
    let first = Server::answering(vec![page("1")]);
    home.against(&first.url, &["pull"]).ended(0);
    let other = Wire::json("200 OK", r#"{"data":{"id":"43","username":"me"}}"#);
    let second = Server::with_user(other, vec![page("2")]);
    let ran = home.against(&second.url, &["pull"]).ended(0);
    assert!(ran.stderr.contains("--account 43"), "the hint names the list: {}", ran.stderr);

    let ids = |args: &[&str]| home.run(args).ended(0).json()[0]["id"].clone();
    assert_eq!(ids(&["list", "--json"]), "1", "the default account is the first");
    assert_eq!(ids(&["list", "--json", "--account", "43"]), "2");
}
