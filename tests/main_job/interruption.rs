//! A read that is cut off by the end of its program goes on with the next.

use std::pin::pin;

use blocks_app::{Pull, PullError};
use blocks_ports::MirrorStore;

use crate::scene::{Behind, Scene, Wrappers, mirrored_ids, pages_of};

#[tokio::test]
async fn what_was_stored_survives_and_the_rest_is_read() {
    let scene = Scene::with_blocks(70).await;
    {
        let (store, clock, behind) = (scene.store(), scene.clock(), Behind::pages(4));
        let api = scene.wrapped(&scene.client(), Wrappers::PATIENT, &store);
        let pull = Pull::new(&api, &store, &clock);
        let mut pull = pin!(pull.run(scene.owner(), pages_of(10), &behind));
        behind.stop(&mut pull).await;
    }
    let store = scene.store();
    let unfinished = store.unfinished(scene.owner()).await.expect("a mirror").expect("a read");
    assert_eq!((unfinished.users, unfinished.checkpoint.pages), (40, 4));
    assert_eq!(store.snapshot(scene.owner()).await.expect("a mirror"), None, "nothing is shown");

    let client = scene.client();
    let report = scene.pull(&client, Wrappers::PATIENT, pages_of(10)).await.expect("the rest");
    assert_eq!(
        (report.progress.resumed, report.progress.requests, report.snapshot.pages),
        (true, 3, 7)
    );
    assert_eq!(client.calls()[0].token, unfinished.checkpoint.next_token);
    assert_eq!(mirrored_ids(&store, scene.owner()).await, scene.blocked(scene.owner()));
}

#[tokio::test]
async fn a_second_pull_at_once_is_refused_and_harms_nothing() {
    let scene = Scene::with_blocks(70).await;
    let (store, clock, behind) = (scene.store(), scene.clock(), Behind::pages(2));
    let api = scene.wrapped(&scene.client(), Wrappers::PATIENT, &store);
    let first = Pull::new(&api, &store, &clock);
    let mut first = pin!(first.run(scene.owner(), pages_of(10), &behind));
    behind.stop(&mut first).await;

    let client = scene.client();
    let second = scene.pull(&client, Wrappers::PATIENT, pages_of(10)).await;
    assert!(matches!(second, Err(PullError::Busy { .. })), "{second:?}");
    assert_eq!(client.calls(), [], "nothing is asked for, so nothing is billed");

    let report = first.await.expect("the whole list");
    assert_eq!((report.progress.requests, report.snapshot.users), (7, 70));
    assert_eq!(mirrored_ids(&store, scene.owner()).await, scene.blocked(scene.owner()));
}
