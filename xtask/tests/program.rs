//! The chores as somebody runs them: what they say, and with which exit code they end.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use tempfile::TempDir;

/// What a chore came to.
struct Outcome {
    code: Option<i32>,
    said: String,
    complained: String,
}

fn xtask(args: &[&str], specs: &Path) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(args)
        .env("BLOCKS_SPEC_DIR", specs)
        .env("COLUMNS", "80")
        .env("NO_PROXY", "*")
        .output()
        .expect("xtask starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Outcome {
        code: output.status.code(),
        said: text(output.stdout),
        complained: text(output.stderr),
    }
}

/// A file of `tests/fixtures`.
fn made_up(number: u8) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join(format!("tests/fixtures/made-up-{number}.json"))
}

fn name(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// A file with a text of ours.
fn file(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("next.json");
    fs::write(&path, text).expect("a file");
    path
}

/// Serves one request with this answer, and tells where.
fn server(answer: impl Into<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let answer = answer.into();
    thread::spawn(move || {
        let (mut caller, _) = listener.accept()?;
        let _ = caller.read(&mut [0; 4096])?;
        caller.write_all(&answer)
    });
    format!("http://127.0.0.1:{port}/openapi.json")
}

fn drift(spec: &str) -> Outcome {
    let nowhere = tempfile::tempdir().expect("a folder");
    xtask(&["drift", "--since", name(&made_up(1)), "--spec", spec], nowhere.path())
}

#[test]
fn the_exit_code_tells_whether_something_is_new() {
    let same = drift(name(&made_up(1)));
    assert_eq!(same.code, Some(0), "{}", same.complained);
    assert!(same.said.contains("\nnothing is new; "), "{}", same.said);
    let next = drift(name(&made_up(2)));
    assert_eq!(next.code, Some(1), "{}", next.complained);
    assert!(next.said.contains("\n  mood: new, string (one of cheerful, gloomy) (User.mood)\n"));
    assert!(next.said.contains("\n10 differences are new; "), "{}", next.said);
}

#[test]
fn a_file_behind_an_address_is_compared_like_one_of_the_disk() {
    let text = fs::read_to_string(made_up(2)).expect("a file");
    let length = text.len();
    let there = server(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{text}"));
    let (here, there) = (drift(name(&made_up(2))), drift(&there));
    assert_eq!(there.code, Some(1), "{}", there.complained);
    let lines = |outcome: &Outcome| outcome.said.lines().skip(1).map(str::to_owned).collect();
    let (here, there): (Vec<_>, Vec<_>) = (lines(&here), lines(&there));
    assert_eq!(here, there);
}

#[test]
fn a_file_that_cannot_be_compared_ends_with_2_and_says_why_and_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = fs::read_to_string(made_up(1)).expect("a file");
    let newer = whole.replacen("\"3.0.0\"", "\"3.1.0\"", 1);
    assert_ne!(newer, whole);
    let other = r#"{ "openapi": "3.0.0", "paths": { "/pets": {} } }"#;
    let cases = [
        (&whole[..whole.len() / 2], "is cut off (EOF while parsing", "once more"),
        ("", "is empty", "once more"),
        ("<!doctype html><p>Sign in", "is a page of HTML", "save the JSON"),
        ("openapi: 3.0.0", "is no JSON (expected value at line 1", "openapi.json"),
        ("[]", "is JSON, but no OpenAPI file", "openapi.json"),
        (&newer, "is written in OpenAPI 3.1.0, and only 3.0 is read", "convert it to 3.0"),
        (r#"{ "swagger": "2.0" }"#, "is written in OpenAPI 2.0", "convert it to 3.0"),
        (r#"{ "openapi": "3.0.0" }"#, "has no `paths`", "the whole file"),
        (other, "describes no call that begins with /2/", "openapi.json"),
    ];
    for (text, why, advice) in cases {
        let path = file(&folder, text);
        let outcome = drift(name(&path));
        assert_eq!(outcome.code, Some(2), "{text}: {}", outcome.complained);
        assert_eq!(outcome.said, "", "{text}");
        let told = &outcome.complained;
        assert!(told.starts_with("error: ") && told.contains("next"), "{told}");
        assert!(told.contains(why) && told.contains(advice), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    let missing = drift(name(&folder.path().join("missing.json")));
    assert_eq!(missing.code, Some(2));
    assert!(missing.complained.contains("missing.json cannot be read: "), "{}", missing.complained);
}

#[test]
fn an_address_that_answers_no_file_ends_with_2_and_says_why_and_what_to_do() {
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}/openapi.json", listener.local_addr().expect("an address"))
    };
    let html = "HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n<html></html>";
    let cases = [
        (nobody, "could not be fetched: Connection refused", "with --spec"),
        (
            server("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"),
            "could not be fetched: the server answered 403 Forbidden",
            "with --spec",
        ),
        (
            server("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{ \"openapi\": \"3.0."),
            "could not be fetched: ",
            "try again later",
        ),
        (server(html), "is a page of HTML", "save the JSON"),
    ];
    for (url, why, advice) in cases {
        let outcome = drift(&url);
        let told = &outcome.complained;
        assert_eq!(outcome.code, Some(2), "{told}");
        assert!(told.starts_with(&format!("error: {url} ")), "{told}");
        assert!(told.contains(why) && told.contains(advice), "{told}");
    }
}

#[test]
fn notes_that_cannot_be_read_end_with_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let notes = folder.path().join("notes.toml");
    let spec = made_up(1);
    let args = ["drift", "--spec", name(&spec), "--notes", name(&notes)];
    let missing = xtask(&args, folder.path());
    assert_eq!((missing.code, missing.said.as_str()), (Some(2), ""));
    assert!(missing.complained.contains("notes.toml"), "{}", missing.complained);
    fs::write(&notes, "[[accepted]]\nwhat = [\"User.url\"]\nreason = \"\"\nsince = \"2026-08-07\"")
        .expect("notes");
    let wrong = xtask(&args, folder.path());
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.complained.contains("is accepted without a reason"), "{}", wrong.complained);
}

#[test]
fn where_the_official_files_are_missing_it_says_so_and_goes_on() {
    let empty = tempfile::tempdir().expect("a folder");
    let missing = empty.path().join("nowhere");
    for specs in [empty.path(), &missing] {
        for (args, code) in [(["drift", "--official"], 2), (["tolerant", "--pages=1"], 1)] {
            let outcome = xtask(&args, specs);
            assert_eq!((outcome.code, outcome.complained.as_str()), (Some(0), ""), "{args:?}");
            let folder = name(specs);
            assert!(outcome.said.starts_with("skipped: no "), "{}", outcome.said);
            assert!(outcome.said.contains(&format!("for {folder} holds no OpenAPI file")));
            assert_eq!(outcome.said.lines().count(), 1, "{}", outcome.said);
            let outcome = xtask(&[&args[..], &["--require"]].concat(), specs);
            assert_eq!((outcome.code, outcome.said.as_str()), (Some(code), ""), "{args:?}");
            assert!(outcome.complained.contains("holds no OpenAPI file"), "{}", outcome.complained);
        }
    }
}

#[test]
fn what_is_new_or_lost_in_an_official_file_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    file(&folder, &fs::read_to_string(made_up(1)).expect("a file"));
    let outcome = xtask(&["drift", "--official"], folder.path());
    assert_eq!(outcome.code, Some(1), "{}", outcome.complained);
    assert!(outcome.said.starts_with("next: "), "{}", outcome.said);
    // The made-up file describes a `note_post` that is a text, which no model keeps as one.
    let tolerant = xtask(&["tolerant", "--pages", "200"], folder.path());
    assert_eq!(tolerant.code, Some(1), "{}", tolerant.said);
    assert!(tolerant.complained.contains("note_post: not an object\n"), "{}", tolerant.complained);
    assert!(tolerant.said.starts_with("next: 200 answers, "), "{}", tolerant.said);
}

#[test]
fn the_help_fits_80_columns_and_tells_the_exit_codes() {
    let nowhere = tempfile::tempdir().expect("a folder");
    for chore in ["drift", "tolerant"] {
        let help = xtask(&[chore, "--help"], nowhere.path());
        assert_eq!(help.code, Some(0));
        for line in help.said.lines() {
            assert!(line.chars().count() <= 80, "{chore}: {line}");
        }
    }
    let help = xtask(&["drift", "--help"], nowhere.path()).said;
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("exits with 0 ") && words.contains("with 2 where nothing"), "{help}");
}
