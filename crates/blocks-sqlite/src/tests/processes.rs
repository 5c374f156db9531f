//! What holds when another process dies.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::*;

/// Where the child finds the file.
const PATH: &str = "BLOCKS_SQLITE_TEST_PATH";

#[tokio::test]
async fn a_hold_ends_with_its_process_and_what_it_stored_stays() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "tests::processes::the_other_process", "--nocapture"])
        .env(PATH, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let said = BufReader::new(child.stdout.take().expect("piped"));
    assert!(said.lines().map_while(Result::ok).any(|line| line.ends_with("stored a page")));

    let Hold::Busy { holder } = store.hold(id(1)).await.expect("an answer") else {
        panic!("the child holds it");
    };
    assert_eq!(holder, Some(format!("process {}", child.id())));
    let (_, _other_account) = hold(&store, id(2)).await;

    child.kill().expect("killed");
    child.wait().expect("dead");
    let (fence, _guard) = hold(&store, id(1)).await;
    assert_eq!(fence, Fence::new(2), "greater than the child's");
    let unfinished = store.unfinished(id(1)).await.expect("an answer").expect("its read");
    assert_eq!((unfinished.users, unfinished.checkpoint.pages), (10, 1));
}

/// Nothing by itself: the test above runs it in a process of its own.
#[tokio::test]
async fn the_other_process() {
    let Some(path) = std::env::var_os(PATH).map(PathBuf::from) else { return };
    let store = SqliteStore::open(path).expect("open");
    let (read, fence, _guard) = begin(&store, id(1)).await;
    let page = page_before("the-second-page-is", users(0..10));
    store.append(read.id, fence, &read.checkpoint, &page).await.expect("stored");
    println!("stored a page");
    // Whoever started this ends it.
    std::io::stdin().read_to_end(&mut Vec::new()).expect("readable");
}
