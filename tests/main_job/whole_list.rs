//! A pull brings the whole list, in order, as it is.

use blocks_domain::{BlockingQuery, MaxResults, Price, Selection, User, UserField};
use blocks_fake::{Profile, Text};
use blocks_ports::{MirrorStore, Snapshot};

use crate::scene::{Scene, Wrappers, mirrored};

const FIELDS: [UserField; 7] = [
    UserField::CreatedAt,
    UserField::Description,
    UserField::Location,
    UserField::ProfileImageUrl,
    UserField::Protected,
    UserField::PublicMetrics,
    UserField::Url,
];

#[tokio::test]
async fn the_mirror_is_the_list() {
    let scene = Scene::with_blocks(2_345).await;
    let client = scene.client();
    let selection = Selection::default().with_user_fields(FIELDS).expect("known fields");
    let query = BlockingQuery::new(selection).with_max_results(MaxResults::MAX);
    let report = scene.pull(&client, Wrappers::PATIENT, query).await.expect("the whole list");

    assert_eq!((report.progress.requests, client.calls().len()), (3, 3));
    assert_eq!((report.snapshot.users, report.snapshot.added), (2_345, 2_345));
    let meter = scene.world.meter();
    assert_eq!(report.progress.billed_reads, meter.block_reads);
    assert_eq!(
        (report.progress.cost(), meter.cost),
        (Price::BLOCK_READ.cost_of(2_345), report.progress.cost())
    );

    let store = scene.store();
    let snapshot = store.snapshot(scene.owner()).await.expect("a mirror");
    assert_eq!(snapshot, Some(report.snapshot));
    let users = mirrored(&store, scene.owner()).await;
    let ids: Vec<_> = users.iter().map(|user| user.id).collect();
    assert_eq!(ids, scene.blocked(scene.owner()), "newest block first");
    for user in &users {
        is_shown_as(user, &scene.world.profile(user.id).expect("somebody of this world"));
    }
}

#[tokio::test]
async fn an_empty_list_is_a_snapshot_too() {
    let scene = Scene::with_blocks(0).await;
    let report = scene.pull(&scene.client(), Wrappers::PATIENT, BlockingQuery::default()).await;
    let report = report.expect("nobody");
    assert_eq!((report.progress.requests, report.snapshot.users, report.snapshot.pages), (1, 0, 1));
}

#[tokio::test]
async fn the_next_pull_tells_what_changed() {
    let scene = Scene::with_blocks(25).await;
    let client = scene.client();
    let pull = || scene.pull(&client, Wrappers::PATIENT, BlockingQuery::default());
    pull().await.expect("the list");
    let oldest = *scene.blocked(scene.owner()).last().expect("somebody");
    scene.world.unblock(scene.pair(oldest)).expect("no longer blocked");
    for number in 0..3 {
        let stranger = scene.world.stranger(number);
        scene.world.block(scene.pair(stranger)).expect("blocked");
    }
    let report = pull().await.expect("the list again");
    let Snapshot { users, added, removed, .. } = report.snapshot;
    assert_eq!((users, added, removed), (27, 3, 1));
    let meter = scene.world.meter();
    assert_eq!((meter.block_reads, meter.free_reads), (28, 24), "paid for once a day");
}

#[track_caller]
fn is_shown_as(user: &User, profile: &Profile) {
    assert_eq!(user.name.as_ref(), Some(&profile.name));
    assert_eq!(user.username.as_ref(), Some(&profile.username));
    assert_eq!(user.created_at, Some(profile.created_at));
    assert_eq!(user.description.as_deref(), Some(profile.description.text()));
    assert_eq!(user.location, profile.location);
    assert_eq!(user.profile_image_url.as_ref(), Some(&profile.avatar_url));
    assert_eq!(user.protected, Some(profile.protected));
    assert_eq!(user.url.as_deref(), profile.website.as_ref().map(Text::text));
    let metrics = user.public_metrics.as_ref().expect("counts");
    let counts = [metrics.followers_count, metrics.following_count, metrics.post_count];
    let shown = [profile.counts.followers, profile.counts.following, profile.counts.posts];
    assert_eq!(counts, shown.map(Some));
    assert!(user.extra.is_empty(), "the models know every field: {:?}", user.extra);
}
