//! A full disk.

use blocks_ports::Forgotten;

use super::*;

const NO_ROOM: &str = "PRAGMA max_page_count = 1";
const ROOM: &str = "PRAGMA max_page_count = 1000000; DELETE FROM ballast;";

/// Lets every change of these tables take more room than there is: SQLite lets nobody lower the
/// limit further than to the present size, and some changes need no further page.
fn leave_no_room(scene: &mut Scene, tables: &[&str]) {
    let mut ballast =
        "CREATE TABLE ballast (bytes BLOB); INSERT INTO ballast VALUES (NULL);".into();
    for table in tables {
        for event in ["INSERT", "UPDATE", "DELETE"] {
            ballast = format!(
                "{ballast} CREATE TRIGGER {table}_{event} AFTER {event} ON {table} BEGIN
                     INSERT INTO ballast SELECT zeroblob(1000000) FROM ballast LIMIT 1;
                 END;"
            );
        }
    }
    let connection = scene.store.connection.try_lock().expect("nobody else");
    connection.execute_batch(&ballast).expect("created");
    drop(connection);
    scene.tell(NO_ROOM);
}

#[tokio::test]
async fn a_full_disk_stores_nothing_and_loses_nothing() {
    let no_room = |scene: &mut Scene| {
        let tables = ["read", "member", "profile", "change", "operation", "spending", "event"];
        leave_no_room(scene, &tables);
        None
    };
    befall(StoreFailure::Full, "there is no room left to write", no_room, ROOM).await;
}

#[tokio::test]
async fn what_was_forgotten_before_the_disk_was_full_stays_forgotten() {
    let (_dir, path) = place();
    Scene::write(&path).await;
    let mut scene = Scene::open(&path).await.expect("open");
    leave_no_room(&mut scene, &["change"]);
    let profiles = Forget::Profiles { before: None };
    let error = scene.store.forget(id(QUIET), profiles).await.expect_err("full");
    assert_eq!(error.kind, StoreFailure::Full, "{error:?}");

    scene.tell(ROOM);
    let forgotten = scene.store.forget(id(QUIET), profiles).await.expect("forgotten");
    assert_eq!(forgotten, Forgotten::new(0, 1), "the profiles were forgotten, the names were not");
    scene.store.check().await.expect("whole");
}

#[tokio::test]
async fn a_page_for_which_there_is_no_room_is_stored_in_no_part() {
    let (_dir, path) = place();
    Scene::write(&path).await;
    let mut scene = Scene::open_and_hold(&path).await.expect("open");
    let fence = scene.fence(READING);
    let read = scene.store.unfinished(id(READING)).await.expect("an answer").expect("one");
    let page = page_before("the-third-page-is", users(1_000..2_000));
    scene.tell(NO_ROOM);
    let append = async || scene.store.append(read.id, fence, &read.checkpoint, &page).await;
    let error = append().await.expect_err("full");
    assert_eq!(error.kind, StoreFailure::Full, "{error:?}");
    let unfinished = scene.store.unfinished(id(READING)).await.expect("an answer");
    assert_eq!(unfinished.as_ref(), Some(&read), "neither the users nor the checkpoint");

    let connection = scene.store.connection.try_lock().expect("nobody else");
    connection.execute_batch("PRAGMA max_page_count = 1000000").expect("set");
    drop(connection);
    assert_eq!(append().await.expect("stored"), Append::Appended(read.checkpoint.behind(&page)));
    scene.store.check().await.expect("whole");
}
