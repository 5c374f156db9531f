//! A budget is never overspent, and what it paid for is kept.

use blocks_app::PullError;
use blocks_domain::{Failure, Price};

use crate::scene::{Scene, Wrappers, mirrored_ids, pages_of};

#[tokio::test]
async fn a_budget_ends_the_read_to_the_user() {
    let scene = Scene::with_blocks(60).await;
    let budget = Price::BLOCK_READ.cost_of(25);
    let wrappers = Wrappers::PATIENT.with_budget(budget);
    let client = scene.client();
    let pull = || scene.pull(&client, wrappers, pages_of(10));
    let error = pull().await.expect_err("too little");
    let PullError::Api { error, progress, .. } = error else { panic!("{error:?}") };
    assert_eq!(error.kind(), Failure::OverBudget);
    assert_eq!((progress.users, progress.pages), (25, 3));
    assert_eq!(scene.world.meter().cost, budget, "to the last user, and not beyond");

    pull().await.expect_err("still too little");
    let report = pull().await.expect("the rest");
    assert_eq!((report.progress.resumed, report.progress.billed_reads), (true, 10));
    assert_eq!(scene.world.meter().block_reads, 60, "nobody is paid for twice");
    assert_eq!(mirrored_ids(&scene.store(), scene.owner()).await, scene.blocked(scene.owner()));
}
