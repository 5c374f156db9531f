//! Storage in trouble: what the program says of it, how it ends, and that nothing is lost.

use std::fs;
use std::path::PathBuf;
#[cfg(unix)]
use std::process::Command;

use rusqlite::Connection;

use crate::support::{Home, Ran, Serving};

/// How many accounts the list holds.
const USERS: usize = 1200;

/// A sandbox, and a home with a mirror of its list.
fn mirrored() -> (Serving, Home) {
    let (elsewhere, home) = (Home::new(), Home::new());
    let list = ["--limits", "off", "--blocks", &USERS.to_string()];
    let serving = Serving::start(&elsewhere, &list);
    serving.run(&home, &["pull", "--quiet"]).ended(0);
    (serving, home)
}

fn database(home: &Home) -> PathBuf {
    home.path().join("blocks.sqlite")
}

fn listed(serving: &Serving, home: &Home) -> usize {
    serving.run(home, &["list", "--json"]).ended(0).json().len()
}

/// What the program says of an error, and what to do about it.
#[track_caller]
fn says(ran: &Ran, told: &[&str]) {
    // Lines are broken at 80 columns.
    let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for told in told {
        assert!(said.contains(told), "{told:?} in {}", ran.stderr);
    }
}

#[test]
fn a_database_that_another_program_keeps_locked_is_told_and_can_be_read() {
    let (serving, home) = mirrored();
    let other = Connection::open(database(&home)).expect("a database");
    other.execute_batch("BEGIN EXCLUSIVE").expect("locked");
    assert_eq!(listed(&serving, &home), USERS, "a reader does not mind");
    let ran = serving.run(&home, &["pull", "--full"]).ended(1);
    says(&ran, &["another program keeps", "blocks.sqlite", "Wait for the other program"]);

    other.execute_batch("ROLLBACK").expect("unlocked");
    serving.run(&home, &["pull", "--full"]).ended(0);
    assert_eq!(listed(&serving, &home), USERS);
}

#[test]
fn a_damaged_database_is_told_left_as_it_is_and_can_be_moved_aside() {
    /// The size of a page of the database.
    const PAGE: usize = 4096;

    let (serving, home) = mirrored();
    let whole = fs::read(database(&home)).expect("a file");
    let without_head = [&[0x5a; 100], &whole[100..]].concat();
    let without_rest = [&whole[..PAGE], &vec![0x5a; whole.len() - PAGE]].concat();
    let cut_off = whole[..whole.len() / PAGE / 2 * PAGE].to_vec();
    for damaged in [without_head, without_rest, cut_off] {
        fs::write(database(&home), &damaged).expect("damaged");
        for command in [&["pull", "--full"][..], &["list"], &["stats"]] {
            let ran = serving.run(&home, command).ended(1);
            says(&ran, &["blocks.sqlite` is damaged", "Move it aside"]);
        }
        let left = fs::read(database(&home)).expect("a file");
        assert!(left == damaged, "what may be rescued is left alone");
    }
    fs::rename(database(&home), home.path().join("aside.sqlite")).expect("moved");
    serving.run(&home, &["pull", "--quiet"]).ended(0);
    assert_eq!(listed(&serving, &home), USERS);
}

/// The program, started by another one.
#[cfg(unix)]
fn started_by(starter: &[&str], serving: &Serving, home: &Home, args: &[&str]) -> Ran {
    let mut command = Command::new(starter[0]);
    command.args(&starter[1..]).arg(env!("CARGO_BIN_EXE_blocks")).args(args);
    command.env_clear().env("BLOCKS_HOME", home.path()).env("BLOCKS_API_URL", &serving.url);
    command.env("BLOCKS_ACCESS_TOKEN", serving.line["access_token"].as_str().expect("a token"));
    Ran::of(command.output().expect("the program"))
}

#[cfg(unix)]
#[test]
fn a_write_that_fails_costs_the_page_under_way_and_no_more() {
    /// No file grows beyond 2,048 blocks of half a KiB, which the log of a few pages is.
    const CRAMPED: &[&str] = &["/bin/sh", "-c", r#"trap "" XFSZ; ulimit -f 2048; exec "$0" "$@""#];

    let (serving, home) = mirrored();
    let pull = ["pull", "--full", "--page-size", "100"];
    let ran = started_by(CRAMPED, &serving, &home, &pull).ended(7);
    says(&ran, &["blocks.sqlite`", "disk I/O error", "Kept so far:", "to go on"]);
    assert_eq!(listed(&serving, &home), USERS, "the last complete mirror stays");

    let summary = &serving.run(&home, &[&pull[..], &["--json"]].concat()).ended(0).json()[0];
    assert_eq!(summary["resumed"], true, "{summary}");
    assert_eq!(listed(&serving, &home), USERS);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_may_only_be_read_is_told_and_its_mirror_stays() {
    use std::os::unix::fs::PermissionsExt;

    let (serving, home) = mirrored();
    let mode = |mode| fs::set_permissions(home.path(), fs::Permissions::from_mode(mode));
    let before = fs::read(database(&home)).expect("a file");
    mode(0o500).expect("a folder of ours");
    // The superuser may write wherever it is, unless it gives up that right.
    let is_superuser = fs::write(home.path().join("probe"), "").is_ok();
    let starter: &[&str] = if is_superuser {
        fs::remove_file(home.path().join("probe")).expect("ours");
        &["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    } else {
        &["env"]
    };
    let ran = started_by(starter, &serving, &home, &["pull", "--full"]).ended(1);
    says(&ran, &["blocks.sqlite`", "may not be read or written", "Give yourself"]);
    assert!(fs::read(database(&home)).expect("a file") == before);

    mode(0o700).expect("a folder of ours");
    assert_eq!(listed(&serving, &home), USERS);
}
