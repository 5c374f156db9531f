//! `blocks login --from-xurl`.

use crate::sign_in::Scene;
use crate::support::Ran;

/// A file as xurl writes it, with a sign-in of the sandbox's user.
fn file(scene: &Scene, access_token: &str, expires: i64) -> String {
    let (id, secret) = (scene.told("client_id"), scene.told("client_secret"));
    let (user, refresh) = (scene.told("username"), scene.told("refresh_token"));
    let yaml = format!(
        "apps:\n  default:\n    client_id: {id}\n    client_secret: {secret}\n    \
         default_user: {user}\n    oauth2_tokens:\n      {user}:\n        type: oauth2\n        \
         oauth2:\n          access_token: {access_token}\n          refresh_token: {refresh}\n          \
         expiration_time: {expires}\n    bearer_token:\n      type: bearer\n      bearer: app\n\
         default_app: default\n"
    );
    write(scene, &yaml)
}

fn write(scene: &Scene, yaml: &str) -> String {
    let path = scene.home.path().join("auth.yml");
    std::fs::write(&path, yaml).expect("a file");
    format!("--from-xurl={}", path.display())
}

fn login(scene: &Scene, flag: &str) -> Ran {
    let args = ["login", flag, "--json", "--api-url", &scene.sandbox.url];
    scene.home.run(&args)
}

#[test]
fn a_sign_in_of_xurl_is_taken_over_refreshed_if_need_be_and_shared_with_a_warning() {
    let scene = Scene::new();
    let flag = file(&scene, "ended-long-ago", 1_600_000_000);
    let ran = login(&scene, &flag).ended(0);
    assert!(ran.stderr.contains("xurl") && ran.stderr.contains("works once"), "{}", ran.stderr);
    assert_eq!(ran.json()[0]["account_id"], scene.told("user_id"));
    assert_eq!(scene.account()["sign_in"]["refreshable"], true);
    assert_eq!(scene.home.run(&["pull", "--json"]).ended(0).json()[0]["users"], 12);
    scene.advance(7200);
    scene.home.run(&["pull", "--quiet"]).ended(0);
}

#[test]
fn a_refresh_token_that_xurl_has_spent_is_told() {
    let scene = Scene::new();
    let flag = file(&scene, "ended-long-ago", 1_600_000_000);
    login(&scene, &flag).ended(0);
    scene.home.run(&["accounts", "remove", scene.told("username"), "--yes"]).ended(0);
    let ran = login(&scene, &flag).ended(3);
    assert!(ran.stderr.contains("blocks login"), "{}", ran.stderr);
    assert!(scene.home.run(&["accounts", "--json"]).ended(0).json().is_empty());
}

#[test]
fn a_token_of_the_app_alone_is_refused_with_the_reason() {
    let scene = Scene::new();
    let yaml = "apps: {a: {bearer_token: {type: bearer, bearer: x}}}\ndefault_app: a\n";
    let ran = login(&scene, &write(&scene, yaml)).ended(4);
    assert!(ran.stderr.contains("belongs to a user"), "{}", ran.stderr);
}

#[test]
fn a_file_that_is_missing_or_damaged_is_told() {
    let scene = Scene::new();
    let ran = login(&scene, "--from-xurl=/nowhere/auth.yml").ended(1);
    assert!(ran.stderr.contains("cannot read /nowhere/auth.yml"), "{}", ran.stderr);
    let ran = login(&scene, &write(&scene, "apps: [s3cret")).ended(1);
    assert!(ran.stderr.contains("not what xurl writes") && !ran.stderr.contains("s3cret"));
}
