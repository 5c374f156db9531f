//! Two accounts in one file stay apart.

use blocks_app::{NoProgress, Pull, Wanted};
use blocks_domain::{BlockPair, Scope, UserId};
use blocks_ports::{Credential, MirrorStore};

use crate::scene::{Client, Scene, Wrappers, mirrored_ids, pages_of};

#[tokio::test]
async fn each_account_has_its_own_list() {
    let scene = Scene::with_blocks(30).await;
    let (owner, friend) = (scene.owner(), scene.world.stranger(0));
    // The friend blocks some whom the owner blocks too, and somebody else.
    let shared = scene.blocked(owner);
    for target in shared.iter().step_by(3).copied().chain([scene.world.stranger(1)]) {
        let pair = BlockPair::new(friend, target).expect("two users");
        scene.world.block(pair).expect("blocked");
    }
    let token = scene.world.mint(friend, Scope::ALL, None).expect("a token");
    let friends = Client::at(&scene.sandbox.url(), Credential::bearer(token));

    scene.pull(&scene.client(), Wrappers::PATIENT, pages_of(10)).await.expect("the owner's");
    let store = scene.store();
    let before = store.snapshot(owner).await.expect("a mirror");
    let pull_for = async |account: UserId| {
        let (api, clock) = (scene.wrapped(&friends, Wrappers::PATIENT, &store), scene.clock());
        let pull = Pull::new(&api, &store, &clock).wanting(Wanted::Full);
        pull.run(account, pages_of(10), &NoProgress).await
    };
    let report = pull_for(friend).await.expect("the friend's");
    assert_eq!((report.snapshot.users, report.snapshot.added), (11, 11));

    assert_eq!(store.snapshot(owner).await.expect("a mirror"), before);
    for account in [owner, friend] {
        assert_eq!(mirrored_ids(&store, account).await, scene.blocked(account));
    }
    pull_for(owner).await.expect_err("the friend's token does not open the owner's list");
    assert_eq!(mirrored_ids(&store, owner).await, shared);
}
