//! A log that ends anywhere, as after a loss of power.

use super::*;

#[tokio::test]
async fn a_log_that_was_cut_off_shows_a_state_that_was_stored() {
    let (dir, path) = place();
    Scene::write(&path).await;
    let scene = Scene::open(&path).await.expect("open");
    let mut states = vec![scene.shown().await.expect("shown")];
    drop(scene);
    let scene = Scene::open_and_hold(&path).await.expect("open");
    // Forgetting empties the log.
    for step in STEPS.into_iter().filter(|step| !format!("{step:?}").starts_with("Forget")) {
        scene.take(step).await.expect("taken");
        states.push(scene.shown().await.expect("shown"));
    }
    let log = fs::read(dir.path().join("blocks.db-wal")).expect("the log");
    let step = log.len() / 60 + 1;
    let mut reached = 0;
    for cut in (0..log.len()).step_by(step).chain([log.len()]) {
        let path = copy(&path, &dir, &format!("cut-{cut}"));
        fs::write(path.with_extension("db-wal"), &log[..cut]).expect("written");
        private(&path.with_extension("db-wal"));
        let torn = Scene::open(&path).await.expect("open");
        let shown = torn.shown().await.expect("shown");
        let state = states.iter().position(|state| *state == shown);
        let state = state.unwrap_or_else(|| panic!("cut at {cut}: no state that there was"));
        assert!(state >= reached, "cut at {cut}: {state} comes before {reached}");
        torn.store.check().await.expect("whole");
        reached = state;
    }
    assert_eq!(reached, states.len() - 1, "the whole log has the last state");
}

/// Makes a file the owner's alone.
fn private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("set");
    }
    #[cfg(not(unix))]
    let _ = path;
}
