//! The two pictures of one world: what comes over the wire, and what comes without it.
//!
//! The sandbox writes its answers by hand, the direct API builds models; where the models read an
//! answer as anything else than what was built, one of the two is wrong.

use blocks_domain::{
    BlockingPage, BlockingQuery, MaxResults, Selection, UserReply, UsersPage, Vocabulary,
};
use blocks_fake::{FakeApi, World};
use blocks_ports::{BlocksApi, UsersApi};

use crate::client::{Client, NOON};

const SIZE: u32 = 600;

async fn client() -> Client {
    let world = World::builder().seed(5).blocks(SIZE).unavailable(100).limits(false);
    Client::of(world.still_at(NOON.parse().expect("a time")).build()).await
}

fn query(pairs: &[(&str, String)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn a_page_of_everything_reads_as_what_it_is() {
    let client = client().await;
    let api = FakeApi::new(client.world.clone());
    for words in Vocabulary::ALL {
        let asked = BlockingQuery::new(Selection::everything(words))
            .with_max_results(MaxResults::new(SIZE).expect("in range"));
        let answer = client.get(&format!("{}?{}", client.list(), query(&asked.pairs()))).await;
        let read: BlockingPage = serde_json::from_slice(&answer.body).expect("a page");
        let built = api.blocking(client.world.owner(), &asked).await.expect("a page").value;

        assert_eq!(read.meta, built.meta);
        for (read, built) in read.users().iter().zip(built.users()) {
            assert_eq!(read, built);
        }
        assert_eq!(read, built);
        let includes = read.includes.expect("company");
        assert!(includes.posts.is_some_and(|posts| posts.len() > 100), "posts came along");
        assert!(includes.users.is_some_and(|users| users.len() > 1), "organisations came along");
        assert!(read.errors.is_some_and(|errors| errors.len() > 5), "some posts cannot be shown");
    }
}

#[tokio::test]
async fn lookups_read_as_what_they_are() {
    let client = client().await;
    let api = FakeApi::new(client.world.clone());
    let ids = client.world.blocks(client.world.owner(), 50);
    client.world.suspend(ids[7]).expect("they exist");
    client.world.deactivate(ids[11]).expect("they exist");
    for words in Vocabulary::ALL {
        let selection = Selection::everything(words);
        let asked = query(&selection.pairs());

        let answer = client.get(&format!("/2/users/me?{asked}")).await;
        let read: UserReply = serde_json::from_slice(&answer.body).expect("a user");
        assert_eq!(read, api.me(&selection).await.expect("a user").value);

        let list = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let answer = client.get(&format!("/2/users?ids={list}&{asked}")).await;
        let read: UsersPage = serde_json::from_slice(&answer.body).expect("users");
        assert_eq!(read.errors.as_ref().map(|errors| errors.len() > 2), Some(true));
        assert_eq!(read, api.by_ids(&ids, &selection).await.expect("users").value);
    }
}
