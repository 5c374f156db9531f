//! What is good at one server is sent to no other.

use std::process::Stdio;

use crate::browser::{approve_and_follow, press};
use crate::sign_in::Scene;
use crate::support::{Ran, Server, Wire};

/// `blocks login` at a server, with nothing but what is stored.
fn login(scene: &Scene, flags: &[&str]) -> Ran {
    let mut command = scene.home.command(&[&["login", "--headless"], flags].concat());
    Ran::of(command.stdin(Stdio::null()).output().expect("the program"))
}

#[test]
fn the_secret_of_an_app_stays_with_its_server() {
    let scene = Scene::signed_in(&[]);
    let other = Scene::new();
    let redirect = ["--redirect-uri", other.told("redirect_uri")];
    let at = ["--api-url", &other.sandbox.url, "--client-id", scene.told("client_id")];
    // Both worlds follow from one seed, so the other server would take the secret.
    let args = ["login", "--headless", "--json", "--account", "other"];
    let mut login = other.login_in(&scene.home, &[&args[..], &at, &redirect].concat());
    let back = press(&login.address(), "approve").location();
    login.enter(&back);
    let ran = login.end().ended(3);
    assert!(ran.stderr.contains("client id or client secret"), "{}", ran.stderr);
}

#[test]
fn a_login_without_an_address_goes_to_no_other_server_with_the_app_of_this_one() {
    let scene = Scene::signed_in(&["--account", "work"]);
    let ran = login(&scene, &[]).ended(2);
    assert!(ran.stderr.contains("not known which app"), "{}", ran.stderr);
    // Whoever signs in again does so where the account lives.
    let again = login(&scene, &["--account", "work"]).ended(3);
    assert!(again.stderr.contains(&scene.sandbox.url), "{}", again.stderr);
}

#[test]
fn x_itself_is_an_address_as_well() {
    let scene = Scene::signed_in(&["--account", "work"]);
    let at_x = ["--api-url", "https://API.x.com/", "--account", "work"];
    let ran = scene.home.run(&[&["whoami"], &at_x[..]].concat()).ended(2);
    assert!(ran.stderr.contains("is not sent to X"), "{}", ran.stderr);
    let ran = scene.home.run(&["whoami", "--api-url", "https://api.x.com"]).ended(3);
    assert!(ran.stderr.contains("no account is signed in at X"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`work` at http"), "{}", ran.stderr);
}

#[test]
fn the_token_of_an_app_goes_to_the_server_that_is_named_and_to_no_other() {
    let scene = Scene::signed_in(&["--account", "work"]);
    let watch = |flags: &[&str]| {
        let mut command = scene.home.command(&[&["watch"], flags].concat());
        command.env("BLOCKS_APP_TOKEN", "of-x-and-of-nobody-else");
        Ran::of(command.output().expect("the program"))
    };
    let ran = watch(&[]).ended(3);
    assert!(ran.stderr.contains(&format!("speaks to {}", scene.sandbox.url)), "{}", ran.stderr);
    let ran = watch(&["--api-url", &scene.sandbox.url]).ended(3);
    assert!(ran.stderr.contains("it is the app's own bearer token"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("blocks login"), "{}", ran.stderr);
}

#[test]
fn a_sign_in_of_xurl_follows_no_stray_variable() {
    let scene = Scene::new();
    let yaml = "apps: {a: {client_id: i, oauth2_tokens: {u: {oauth2: {access_token: x}}}}}";
    let file = scene.home.path().join("auth.yml");
    std::fs::write(&file, yaml).expect("a file");
    let stray = Server::answering(vec![Wire::json("200 OK", "{}")]);
    let mut command = scene.home.command(&["login", &format!("--from-xurl={}", file.display())]);
    command.env("BLOCKS_API_URL", &stray.url);
    let ran = Ran::of(command.output().expect("the program")).ended(2);
    assert!(ran.stderr.contains("BLOCKS_API_URL"), "{}", ran.stderr);
}

#[test]
fn names_of_imports_under_way_are_nobodys_account() {
    let scene = Scene::signed_in(&["--account", "work"]);
    login(&scene, &["--account", "import.x.bob"]).ended(2);
    scene.home.run(&["accounts", "rename", "work", "import.x.bob"]).ended(2);
}

#[cfg(unix)]
#[test]
fn the_browser_is_started_without_the_secrets_of_the_environment() {
    use std::os::unix::fs::PermissionsExt;

    let scene = Scene::new();
    let (script, seen) = (scene.home.path().join("browser"), scene.home.path().join("seen"));
    let text =
        format!("#!/bin/sh\n/usr/bin/env > {0}.part; /bin/mv {0}.part {0}\n", seen.display());
    std::fs::write(&script, text).expect("a script");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o700)).expect("a mode");
    let mut login = scene.login_with_browser(script.to_str().expect("UTF-8"));
    approve_and_follow(&login.address());
    login.end().ended(0);
    let environment = (0..100).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        std::fs::read_to_string(&seen).ok()
    });
    let environment = environment.expect("the browser was started");
    assert!(!environment.contains("BLOCKS_"), "{environment}");
    assert!(!environment.contains(scene.told("client_secret")));
}

#[test]
fn an_app_is_forgotten_with_its_last_account() {
    let scene = Scene::signed_in(&["--account", "work"]);
    let secret = scene.told("client_secret").to_owned();
    let holds_it = |scene: &Scene| {
        let file = std::fs::read(scene.home.path().join("blocks.sqlite")).expect("the file");
        file.windows(secret.len()).any(|bytes| bytes == secret.as_bytes())
    };
    scene.home.run(&["logout"]).ended(0);
    assert!(holds_it(&scene), "signing in again needs no secret");
    scene.home.run(&["accounts", "remove", "work", "--yes"]).ended(0);
    assert!(!holds_it(&scene));
}
