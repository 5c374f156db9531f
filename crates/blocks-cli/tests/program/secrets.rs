//! No secret ever shows.

use std::process::Command;

use blocks_ports::{Credential, TokenStore};
use blocks_sqlite::SqliteStore;
use secrecy::ExposeSecret;

use crate::browser::press;
use crate::sign_in::Scene;
use crate::support::{Home, Ran, Server, TOKEN, Wire};

#[test]
fn the_token_shows_in_no_output_of_any_command_however_talkative() {
    let page = r#"{"data":[{"id":"1","username":"one"}],"meta":{"result_count":1}}"#;
    let answers = [
        Wire::json("200 OK", page),
        Wire::json("401 Unauthorized", "{}"),
        Wire::json("403 Forbidden", "{}"),
        Wire::json("429 Too Many Requests", "{}"),
        Wire::with("500 Internal Server Error", "", "no"),
        Wire::with("200 OK", "content-type: text/html\r\n", "<html>"),
        Wire::json("200 OK", page).cut(3),
    ];
    let commands = [
        &["pull", "--no-wait"][..],
        &["whoami"],
        &["list"],
        &["show", "1"],
        &["stats"],
        &["block", "7", "--yes", "--no-wait"],
        &["unblock", "7", "--yes", "--no-wait"],
        &["doctor"],
        &["accounts"],
        &["logout"],
    ];
    for answer in answers {
        let home = Home::new();
        let server = Server::answering(vec![answer]);
        for command in commands {
            for flag in ["--json", "--quiet"] {
                let args = [command, &[flag]].concat();
                let flags = ["--api-url", &server.url, "--timeout", "1", "--retries", "0", "-vv"];
                let mut program = home.command(&[&flags, &args[..]].concat());
                program.env("BLOCKS_ACCESS_TOKEN", TOKEN).env("BLOCKS_LOG", "trace");
                program.env("RUST_BACKTRACE", "full");
                let output = program.output().expect("the program");
                let shown = [output.stdout, output.stderr].concat();
                let shown = String::from_utf8_lossy(&shown);
                assert!(!shown.contains(TOKEN), "{args:?} shows it:\n{shown}");
            }
        }
    }
}

/// The most that anybody can ask to be told.
fn talkative(mut command: Command) -> Command {
    command.env("BLOCKS_LOG", "trace").env("RUST_BACKTRACE", "full");
    command
}

/// Everything secret that the sandbox gave out, and that the program has stored.
fn secrets(scene: &Scene) -> Vec<String> {
    let mut secrets: Vec<_> = ["access_token", "app_token", "refresh_token", "client_secret"]
        .map(|key| scene.told(key).to_owned())
        .into();
    let oauth1 = &scene.sandbox.line["oauth1"];
    secrets.extend(
        ["consumer_secret", "token_secret"]
            .map(|key| oauth1[key].as_str().expect("a secret").to_owned()),
    );
    secrets.extend(stored(&scene.home));
    secrets
}

/// The secrets of the sign-in that is stored, if one is.
fn stored(home: &Home) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = SqliteStore::open(home.path().join("blocks.sqlite")).expect("the file");
        let work = "work".parse().expect("a name");
        match store.load(&work).await.expect("it loads").value {
            Some(Credential::OAuth2(oauth2)) => [Some(oauth2.access_token), oauth2.refresh_token]
                .into_iter()
                .flatten()
                .map(|secret| secret.expose_secret().to_owned())
                .collect(),
            _ => Vec::new(),
        }
    })
}

#[track_caller]
fn assert_silent(what: &str, ran: &Ran, secrets: &[String]) {
    let shown = format!("{}{}", ran.stdout, ran.stderr);
    for secret in secrets {
        assert!(!shown.contains(secret), "{what} shows {secret}:\n{shown}");
    }
}

#[test]
fn nothing_secret_shows_from_signing_in_to_signing_out() {
    let scene = Scene::new();
    let mut login = scene.login(&["-vv", "--headless", "--account", "work"]);
    let back = press(&login.address(), "approve").location();
    let code = back.split("code=").nth(1).expect("a code").split('&').next().expect("it");
    login.enter(&back);
    let ran = login.end().ended(0);
    let mut all = secrets(&scene);
    all.push(code.to_owned());
    assert_silent("login", &ran, &all);

    let commands = [
        &["whoami"][..],
        &["accounts"],
        &["doctor"],
        &["pull"],
        &["list"],
        &["block", "1", "--yes"],
        &["accounts", "rename", "work", "other"],
        &["accounts", "rename", "other", "work"],
        &["logout", "--dry-run"],
        &["logout"],
        &["doctor"],
        &["pull"],
    ];
    for command in commands {
        // Each finds its token refused, and refreshes it, so that every step is seen.
        scene.advance(7200);
        all.extend(stored(&scene.home));
        for flag in ["--json", "-vv"] {
            let program = talkative(scene.home.command(&[command, &[flag]].concat()));
            let ran = { program }.output().expect("the program");
            let ran = Ran::of(ran);
            all.extend(stored(&scene.home));
            assert_silent(&format!("{command:?}"), &ran, &all);
        }
    }
}

#[test]
fn no_token_endpoint_can_make_the_program_show_what_it_was_sent() {
    let echo = r#"{"error":"invalid_request","error_description":"s3cret-code s3cret-app"}"#;
    let granted = r#"{"token_type":"bearer","access_token":"s3cret-token","expires_in":"s3cret-token","x":["s3cret-code"]}"#;
    for answer in [
        Wire::json("400 Bad Request", echo),
        Wire::json("401 Unauthorized", echo),
        Wire::json("500 Internal Server Error", echo),
        Wire::with("302 Found", "location: https://s3cret-code.example/\r\n", "s3cret-app"),
        Wire::with("200 OK", "content-type: text/html\r\n", "<p>s3cret-code s3cret-app</p>"),
        Wire::json("200 OK", "{\"access_token\":[\"s3cret-token s3cret-code\"]}"),
        Wire::json("200 OK", granted),
        Wire::json("200 OK", granted).cut(2),
    ] {
        let scene = Scene::new();
        let me = Wire::json("401 Unauthorized", r#"{"title":"s3cret-token"}"#);
        let server = Server::with_user(me, vec![answer]);
        let args = ["login", "--headless", "-vv", "--api-url", &server.url, "--timeout", "1"];
        let app = ["--retries", "0", "--client-id", "an-app"];
        let mut login = scene.login_as("s3cret-app", &[&args[..], &app].concat());
        let address = login.address();
        let state = address.split("state=").nth(1).expect("a state").split('&').next();
        let state = state.expect("it");
        login.enter(&format!("http://127.0.0.1:8739/callback?state={state}&code=s3cret-code"));
        let ran = login.end();
        assert_ne!(ran.code, 0, "{}", ran.stderr);
        let secrets = ["s3cret-code", "s3cret-app", "s3cret-token"].map(str::to_owned);
        assert_silent("login", &ran, &secrets);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_secret_is_in_the_list_of_processes() {
    let scene = Scene::new();
    let mut login = scene.login(&["--headless"]);
    let back = press(&login.address(), "approve").location();
    let mut lines = Vec::new();
    for process in std::fs::read_dir("/proc").expect("processes").filter_map(Result::ok) {
        lines.extend(std::fs::read(process.path().join("cmdline")));
    }
    let list = String::from_utf8_lossy(&lines.concat()).into_owned();
    assert!(list.contains("--headless"), "the login is in the list");
    for secret in secrets(&scene) {
        assert!(!list.contains(&secret), "the list of processes shows {secret}");
    }
    login.enter(&back);
    login.end().ended(0);
}
