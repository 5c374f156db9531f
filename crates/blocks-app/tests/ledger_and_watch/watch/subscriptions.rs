//! Both subscriptions stand before the stream is opened.

use blocks_domain::{BlockEventType, Failure};
use blocks_ports::ApiError;

use super::script::{Notes, Script, is_end_of_script, standing};
use crate::support::{Kept, world};
use blocks_app::WatchError;

use BlockEventType::{Block, Unblock};

/// Watches a quiet stream over pages of subscriptions; answers what was asked for.
async fn asked(
    pages: Vec<Result<blocks_domain::SubscriptionsPage, ApiError>>,
    refuses: Vec<ApiError>,
) -> (Vec<String>, Notes, WatchError) {
    let kept = Kept::of(world(3));
    let (feed, notes) = (Script::of([]), Notes::default());
    *feed.pages.lock().expect("one thread") = pages.into();
    *feed.refuses.lock().expect("one thread") = refuses;
    let end = kept.watch(&feed, &notes).await;
    let asked = feed.asked.lock().expect("one thread").clone();
    (asked, notes, end)
}

#[tokio::test]
async fn what_is_missing_is_subscribed_to_and_what_stands_is_not() {
    let owner = world(3).owner();
    let (all, notes, end) = asked(Vec::new(), Vec::new()).await;
    assert_eq!(all, ["list ", "subscribe block.block", "subscribe block.unblock", "open"]);
    assert_eq!(*notes.subscribed.lock().expect("one thread"), [Block, Unblock]);
    assert!(is_end_of_script(&end), "{end:?}");

    let (all, _, _) = asked(vec![Ok(standing(owner, [Unblock], None))], Vec::new()).await;
    assert_eq!(all, ["list ", "subscribe block.block", "open"]);
}

#[tokio::test]
async fn every_page_of_them_is_read_and_those_of_others_do_not_count() {
    let (owner, other) = (world(3).owner(), world(3).stranger(0));
    let token = "a-second-page-of-them";
    let pages = vec![
        Ok(standing(other, [Block, Unblock], Some(token))),
        Ok(standing(owner, [Block], None)),
    ];
    let (all, _, _) = asked(pages, Vec::new()).await;
    assert_eq!(all, ["list ", &format!("list {token}"), "subscribe block.unblock", "open"]);
}

#[tokio::test]
async fn somebody_who_was_faster_is_no_trouble() {
    let owner = world(3).owner();
    let pages =
        || vec![Ok(standing(owner, [Block], None)), Ok(standing(owner, [Block, Unblock], None))];
    let refusal = || vec![ApiError::new(Failure::InvalidRequest)];
    let (all, notes, end) = asked(pages(), refusal()).await;
    assert_eq!(all, ["list ", "subscribe block.unblock", "list ", "open"]);
    assert!(notes.subscribed.lock().expect("one thread").is_empty());
    assert!(is_end_of_script(&end));

    let (all, _, end) = asked(
        pages()[..1].iter().map(|page| Ok(page.as_ref().expect("a page").clone())).collect(),
        refusal(),
    )
    .await;
    assert_eq!(all.last().map(String::as_str), Some("list "), "it was refused for another reason");
    assert!(matches!(end, WatchError::Feed(error) if error.kind() == Failure::InvalidRequest));
}

#[tokio::test]
async fn pages_that_go_round_in_circles_are_not_followed_for_ever() {
    let owner = world(3).owner();
    let token = "the-same-page-of-them";
    let page = || Ok(standing(owner, [], Some(token)));
    let (all, notes, end) = asked(vec![page(), page()], Vec::new()).await;
    assert_eq!(all[..3], ["list ", &format!("list {token}"), "list "], "it is tried again");
    assert_eq!(notes.waits().len(), 1);
    assert!(is_end_of_script(&end));
}
