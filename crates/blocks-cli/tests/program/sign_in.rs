//! `blocks login`, `logout` and `accounts`, against a sandbox that is served.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStderr, Command, Stdio};

use crate::browser::{approve_and_follow, control, get, press};
use crate::support::{Home, Ran, Server, Serving, Wire};

/// A sandbox with an app that is registered for a redirect URI of its own.
pub(crate) struct Scene {
    pub(crate) home: Home,
    pub(crate) sandbox: Serving,
    redirect_uri: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let home = Home::new();
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it");
        let redirect_uri = format!("http://{port}/callback");
        let flags = ["--blocks", "12", "--redirect-uri", &redirect_uri];
        let sandbox = Serving::start(&home, &flags);
        Self { home, sandbox, redirect_uri }
    }

    /// A scene whose account has signed in.
    pub(crate) fn signed_in(flags: &[&str]) -> Self {
        let scene = Self::new();
        let mut login = scene.login(flags);
        let page = approve_and_follow(&login.address());
        assert!(page.body.contains("Signed in"), "{}", page.body);
        login.end().ended(0);
        scene
    }

    pub(crate) fn told(&self, key: &str) -> &str {
        self.sandbox.line[key].as_str().expect(key)
    }

    /// Begins `blocks login` at the sandbox, as its app.
    pub(crate) fn login(&self, flags: &[&str]) -> Login {
        let always = ["login", "--json", "--api-url", &self.sandbox.url];
        let app = ["--client-id", self.told("client_id"), "--redirect-uri", &self.redirect_uri];
        self.login_with(&[&always, &app, flags].concat())
    }

    pub(crate) fn login_with(&self, args: &[&str]) -> Login {
        self.login_as(self.told("client_secret"), args)
    }

    /// The same, as an app with this secret, and as talkative as can be.
    pub(crate) fn login_as(&self, client_secret: &str, args: &[&str]) -> Login {
        let mut command = self.home.command(args);
        command.env("BLOCKS_CLIENT_SECRET", client_secret);
        Login::begin(command)
    }

    /// Begins `blocks login` with no secret but those that another home knows.
    pub(crate) fn login_in(&self, home: &Home, args: &[&str]) -> Login {
        Login::begin(home.command(args))
    }

    /// Begins `blocks login` with another program for a browser.
    pub(crate) fn login_with_browser(&self, browser: &str) -> Login {
        let always = ["login", "--api-url", &self.sandbox.url];
        let app = ["--client-id", self.told("client_id"), "--redirect-uri", &self.redirect_uri];
        let mut command = self.home.command(&[&always[..], &app].concat());
        command.env("BLOCKS_CLIENT_SECRET", self.told("client_secret")).env("BROWSER", browser);
        Login::begin(command)
    }

    /// Lets the sandbox's time pass; this machine's clock knows nothing of it.
    pub(crate) fn advance(&self, seconds: u32) {
        let json = format!("{{\"seconds\":{seconds}}}");
        control(&self.sandbox.url, "/sandbox/advance", &json);
    }

    /// The only account, as `blocks accounts --json` tells it.
    pub(crate) fn account(&self) -> serde_json::Value {
        let accounts = self.home.run(&["accounts", "--json"]).ended(0).json();
        assert_eq!(accounts.len(), 1, "{accounts:?}");
        accounts[0].clone()
    }
}

/// `blocks login` under way.
pub(crate) struct Login {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
}

impl Login {
    /// Runs it, as talkative as can be, and with a browser that opens nothing unless one is named.
    fn begin(mut command: Command) -> Self {
        if command.get_envs().all(|(name, _)| name != "BROWSER") {
            command.env("BROWSER", "true");
        }
        command.env("BLOCKS_LOG", "trace").env("RUST_BACKTRACE", "full");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        Self { child, stderr, said: String::new() }
    }

    /// The address that it shows.
    pub(crate) fn address(&mut self) -> String {
        loop {
            let mut line = String::new();
            let read = self.stderr.read_line(&mut line).expect("a line");
            assert!(read > 0, "no address: {}", self.said);
            self.said.push_str(&line);
            if line.trim().starts_with("http") {
                return line.trim().to_owned();
            }
        }
    }

    pub(crate) fn enter(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "{line}").expect("it listens");
    }

    pub(crate) fn end(mut self) -> Ran {
        let mut rest = String::new();
        self.stderr.read_to_string(&mut rest).expect("UTF-8");
        let mut ran = Ran::of(self.child.wait_with_output().expect("an end"));
        ran.stderr = self.said + &rest;
        ran
    }
}

#[test]
fn a_browser_that_comes_back_signs_in_and_later_commands_need_no_token() {
    let scene = Scene::new();
    let mut login = scene.login(&[]);
    let page = approve_and_follow(&login.address());
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Signed in") && page.body.contains(scene.told("username")));

    let line = &login.end().ended(0).json()[0];
    assert_eq!(line["account"], scene.told("username"));
    assert_eq!(line["account_id"], scene.told("user_id"));
    assert_eq!((&line["kind"], &line["refreshable"]), (&"oauth2".into(), &true.into()));
    let scopes = ["block.read", "offline.access", "tweet.read", "users.read"];
    assert_eq!(line["scopes"], serde_json::json!(scopes), "the least, and no more");

    let pulled = &scene.home.run(&["pull", "--json"]).ended(0).json()[0];
    assert_eq!((&pulled["users"], &pulled["lookups"]), (&12.into(), &0.into()));
}

#[test]
fn write_asks_for_the_right_to_block_and_no_refresh_for_no_refresh_token() {
    let scene = Scene::signed_in(&["--write", "--no-refresh"]);
    let sign_in = &scene.account()["sign_in"];
    let scopes = ["block.read", "block.write", "tweet.read", "users.read"];
    assert_eq!(sign_in["scopes"], serde_json::json!(scopes));
    assert_eq!(sign_in["refreshable"], false);
    let stranger = "1";
    let ran = scene.home.run(&["block", stranger, "--yes", "--json"]).ended(1);
    assert!(ran.stdout.contains("error"), "X knows no user 1: {}", ran.stdout);
}

#[test]
fn a_no_is_shown_in_the_browser_and_nothing_is_stored() {
    let scene = Scene::new();
    let mut login = scene.login(&[]);
    let page = get(&press(&login.address(), "deny").location());
    assert!(page.body.contains("Not signed in"), "{}", page.body);
    let ran = login.end().ended(3);
    assert!(ran.stderr.contains("denied"), "{}", ran.stderr);
    assert!(scene.home.run(&["accounts", "--json"]).ended(0).json().is_empty());
}

#[test]
fn only_the_answer_to_this_very_request_counts() {
    let scene = Scene::new();
    let mut login = scene.login(&[]);
    let right = press(&login.address(), "approve").location();
    let (start, _) = right.split_once("state=").expect("a state");
    for wrong in [format!("{start}state=forged"), start.to_owned(), scene.redirect_uri.clone()] {
        assert_eq!(get(&wrong).status, 400, "{wrong}");
    }
    assert_eq!(get(&scene.redirect_uri.replace("callback", "favicon.ico")).status, 404);
    assert_eq!(get(&right).status, 200);
    login.end().ended(0);
}

#[test]
fn a_browser_that_does_not_come_back_is_not_waited_for_without_end() {
    let scene = Scene::new();
    let ran = scene.login(&["--wait", "1"]).end().ended(3);
    assert!(ran.stderr.contains("did not come back within 1 second"), "{}", ran.stderr);
}

#[test]
fn a_taken_port_and_a_redirect_uri_elsewhere_say_what_to_do() {
    let scene = Scene::new();
    let address = scene.redirect_uri.replace("http://", "").replace("/callback", "");
    let taken = TcpListener::bind(address).expect("the port");
    let ran = scene.login(&[]).end().ended(1);
    assert!(ran.stderr.contains("--headless"), "{}", ran.stderr);
    drop(taken);
    let elsewhere = ["--redirect-uri", "https://example.com/back"];
    let args = ["login", "--api-url", &scene.sandbox.url, "--client-id", "x"];
    let ran = scene.login_with(&[&args[..], &elsewhere].concat()).end().ended(2);
    assert!(ran.stderr.contains("--headless"), "{}", ran.stderr);
}

#[test]
fn headless_takes_the_pasted_address_and_still_checks_its_state() {
    let scene = Scene::new();
    let mut login = scene.login(&["--headless"]);
    let back = press(&login.address(), "approve").location();
    login.enter(&back);
    login.end().ended(0);
    assert_eq!(scene.account()["account_id"], scene.told("user_id"));

    let mut login = scene.login(&["--headless"]);
    login.address();
    login.enter(&back);
    let ran = login.end().ended(3);
    assert!(ran.stderr.contains("state"), "an answer to another request: {}", ran.stderr);

    let mut login = scene.login(&["--headless"]);
    let denied = press(&login.address(), "deny").location();
    login.enter(&denied);
    login.end().ended(3);
}

#[test]
fn a_pin_signs_in_with_oauth1_and_every_call_is_signed() {
    let scene = Scene::new();
    let oauth1 = &scene.sandbox.line["oauth1"];
    let key = oauth1["consumer_key"].as_str().expect("a key");
    let secret = scene.home.path().join("secret");
    std::fs::write(&secret, oauth1["consumer_secret"].as_str().expect("a secret")).expect("a file");
    let secret = secret.to_str().expect("UTF-8");
    let args = ["login", "--oauth1", "--json", "--api-url", &scene.sandbox.url];
    let app = ["--client-id", key, "--client-secret-file", secret];

    let mut login = scene.login_with(&[&args[..], &app].concat());
    let page = press(&login.address(), "approve");
    login.enter(&page.between("id=\"pin\">", "<"));
    let line = &login.end().ended(0).json()[0];
    assert_eq!((&line["kind"], &line["lookups"]), (&"oauth1".into(), &0.into()));
    assert_eq!(line["account_id"], scene.told("user_id"), "X told it with the token");
    assert_eq!(scene.home.run(&["pull", "--json"]).ended(0).json()[0]["users"], 12);

    let mut login = scene.login_with(&[&args[..], &app].concat());
    login.address();
    login.enter("0000000");
    let ran = login.end().ended(3);
    assert!(ran.stderr.contains("PIN"), "{}", ran.stderr);
}

#[test]
fn the_four_values_in_the_environment_sign_and_three_are_refused() {
    let scene = Scene::new();
    let run = |leave_out: &str| {
        let mut command = scene.home.command(&["pull", "--json", "--api-url", &scene.sandbox.url]);
        for (key, value) in scene.sandbox.line["oauth1"].as_object().expect("four values") {
            let name = format!("BLOCKS_OAUTH1_{}", key.to_uppercase());
            if key != leave_out {
                command.env(name, value.as_str().expect("text"));
            }
        }
        Ran::of(command.output().expect("the program"))
    };
    assert_eq!(run("").ended(0).json()[0]["users"], 12);
    let ran = run("token_secret").ended(2);
    assert!(ran.stderr.contains("BLOCKS_OAUTH1_TOKEN_SECRET is missing"), "{}", ran.stderr);
}

#[test]
fn it_stays_signed_in_when_the_server_refuses_a_token_that_looks_fresh() {
    let scene = Scene::signed_in(&[]);
    for _ in 0..3 {
        scene.advance(7200);
        assert_eq!(scene.home.run(&["pull", "--json"]).ended(0).json()[0]["complete"], true);
    }
}

#[test]
fn logout_ends_the_sign_in_at_the_server_and_here() {
    let scene = Scene::signed_in(&[]);
    let copy = scene.home.copy();
    let would = scene.home.run(&["logout", "--dry-run"]).ended(0);
    assert!(would.stdout.contains("would be revoked"), "{}", would.stdout);
    let line = &scene.home.run(&["logout", "--json"]).ended(0).json()[0];
    assert_eq!((&line["was_signed_in"], &line["revoked"]), (&true.into(), &true.into()));

    let ran = scene.home.run(&["pull"]).ended(3);
    assert!(ran.stderr.contains("is not signed in") && ran.stderr.contains("blocks login"));
    let ran = copy.run(&["pull"]).ended(3);
    assert!(ran.stderr.contains("has ended"), "a stolen copy is worth nothing: {}", ran.stderr);
    assert!(ran.stderr.contains("works once"), "it says how that happens: {}", ran.stderr);
}

#[test]
fn logout_local_forgets_and_tells_the_server_nothing() {
    let scene = Scene::signed_in(&[]);
    let copy = scene.home.copy();
    scene.home.run(&["logout", "--local"]).ended(0);
    scene.home.run(&["pull"]).ended(3);
    copy.run(&["pull", "--quiet"]).ended(0);
}

#[test]
fn logout_keeps_the_sign_in_when_the_server_cannot_be_told() {
    let scene = Scene::signed_in(&[]);
    let Scene { home, sandbox, .. } = scene;
    drop(sandbox);
    let ran = home.run(&["logout"]).ended(1);
    assert!(ran.stderr.contains("still signed in"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--local"), "{}", ran.stderr);
    let accounts = home.run(&["accounts", "--json"]).ended(0).json();
    assert_eq!(accounts[0]["sign_in"]["kind"], "oauth2");
}

#[test]
fn a_sign_in_is_sent_to_the_server_that_it_was_made_at_and_to_no_other() {
    let scene = Scene::signed_in(&[]);
    let other = Server::answering(vec![Wire::json("200 OK", "{}")]);
    let name = scene.told("username");
    let ran = scene.home.run(&["pull", "--api-url", &other.url, "--account", name]).ended(2);
    assert!(ran.stderr.contains("is not sent to"), "{}", ran.stderr);
    scene.home.run(&["pull", "--api-url", &other.url]).ended(3);
    assert_eq!(other.page_requests(), [""; 0]);
    scene.home.run(&["pull", "--quiet", "--api-url", &scene.sandbox.url]).ended(0);
}

#[test]
fn accounts_can_be_renamed_chosen_and_removed() {
    let scene = Scene::signed_in(&["--account", "work"]);
    let home = &scene.home;
    assert_eq!(
        (&scene.account()["account"], &scene.account()["default"]),
        (&"work".into(), &true.into())
    );
    home.run(&["accounts", "rename", "work", "office"]).ended(0);
    assert_eq!(scene.account()["sign_in"]["kind"], "oauth2", "the sign-in went along");
    home.run(&["pull", "--quiet", "--account", "office"]).ended(0);

    for args in [["rename", "work", "home"], ["rename", "office", "two words"]] {
        home.run(&[&["accounts"], &args[..]].concat()).ended(2);
    }
    home.run(&["accounts", "default", "nobody"]).ended(2);
    let ran = home.run(&["accounts"]).ended(0);
    assert!(ran.stdout.contains("office") && ran.stdout.contains("OAuth 2.0"), "{}", ran.stdout);

    home.run(&["accounts", "remove", "office", "--dry-run"]).ended(0);
    home.run(&["accounts", "remove", "office"]).ended(6);
    home.run(&["accounts", "remove", "office", "--yes"]).ended(0);
    assert!(home.run(&["accounts", "--json"]).ended(0).json().is_empty());
    home.run(&["pull"]).ended(3);
}

#[test]
fn another_user_does_not_take_an_account_over() {
    let scene = Scene::signed_in(&["--account", "work"]);
    let other = Server::answering(vec![Wire::json("200 OK", "{}")]);
    let ran = scene.home.against(&other.url, &["whoami", "--account", "work"]).ended(2);
    assert!(ran.stderr.contains("another name"), "{}", ran.stderr);
}

#[test]
fn the_sandbox_inside_signs_in_too_and_keeps_it_between_runs() {
    let scene = Scene::new();
    let args = ["--sandbox", "login", "--json", "--redirect-uri", &scene.redirect_uri];
    let mut command = scene.home.command(&args);
    command.env("BROWSER", "true").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program");
    let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut login = Login { child, stderr, said: String::new() };
    approve_and_follow(&login.address());
    login.end().ended(0);
    assert_eq!(scene.home.sandboxed(&["pull", "--json"]).ended(0).json()[0]["lookups"], 0);
    scene.home.sandboxed(&["logout"]).ended(0);
    assert_eq!(scene.home.sandboxed(&["pull", "--json"]).ended(0).json()[0]["lookups"], 1);
}

#[cfg(target_os = "linux")]
#[test]
fn where_no_keychain_runs_nobody_is_asked_to_approve_anything() {
    let scene = Scene::new();
    let mut command = scene.home.command(&["login", "--keyring", "--headless", "--client-id", "x"]);
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    let ran = Ran::of(command.output().expect("the program")).ended(1);
    assert!(ran.stderr.contains("Leave --keyring out"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("authorize"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn whoever_is_told_to_end_finishes_the_refresh_first() {
    use std::time::Duration;

    use crate::proxy::SlowTokens;

    let scene = Scene::new();
    let slow = SlowTokens::before(&scene.sandbox.url, Duration::from_millis(300));
    let args = ["login", "--headless", "--json", "--api-url", &slow.url];
    let app = ["--client-id", scene.told("client_id"), "--redirect-uri", &scene.redirect_uri];
    let mut login = scene.login_with(&[&args[..], &app].concat());
    let back = press(&login.address(), "approve").location();
    login.enter(&back);
    login.end().ended(0);
    slow.wait_for_a_request();
    for (command, signal) in [
        (&["whoami"][..], "INT"),
        (&["doctor"], "INT"),
        (&["pull"], "TERM"),
        (&["whoami"], "HUP"),
        (&["block", "1", "--yes"], "TERM"),
    ] {
        scene.advance(7200);
        let mut child = scene.home.command(command);
        let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.expect("the program");
        slow.wait_for_a_request();
        let pid = child.id().to_string();
        let killed = Command::new("kill").args(["-s", signal, &pid]).status().expect("kill");
        assert!(killed.success());
        Ran::of(child.wait_with_output().expect("an end")).ended(130);
        scene.home.run(&["whoami"]).ended(0);
    }
}
