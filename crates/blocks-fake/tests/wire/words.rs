//! One user in full, word for word, in both vocabularies.

use blocks_domain::BlockPair;
use blocks_fake::{Pin, Profile, World};
use serde_json::{Value, json};

use crate::client::Client;

/// Somebody in the world of seed 5 who is withheld in a country, and has a website, a pinned post,
/// and a bio with a hashtag and a mention in it.
const SOMEBODY: &str = "129727016892120208";

async fn look_up(query: &str) -> Value {
    let client = Client::of(World::builder().seed(5).build()).await;
    client.get(&format!("/2/users?ids={SOMEBODY}&{query}")).await.json()
}

#[tokio::test]
async fn in_tweet_words() {
    let answer = look_up(
        "expansions=pinned_tweet_id&tweet.fields=author_id,conversation_id,created_at,\
         display_text_range,edit_controls,entities,lang,possibly_sensitive,public_metrics,\
         reply_settings&user.fields=connection_status,created_at,description,entities,\
         is_identity_verified,location,most_recent_tweet_id,parody,profile_banner_url,\
         profile_image_url,protected,public_metrics,receives_your_dm,subscription,url,verified,\
         verified_followers_count,verified_type,withheld",
    )
    .await;
    assert_eq!(answer, json!({ "data": [user()], "includes": { "tweets": [post()] } }));
}

fn user() -> Value {
    json!({
        "id": SOMEBODY,
        "name": "प्रिया Kowalska 🦊🦊",
        "username": "kenjibe2e5d",
        "connection_status": [],
        "created_at": "2011-10-28T01:11:45.695Z",
        "description": "Collects commas; spends them freely. #rivers @bobuw5bv",
        "entities": {
            "url": {
                "urls": [{
                    "start": 0,
                    "end": 23,
                    "url": "https://t.co/cbc800b954",
                    "expanded_url": "https://example.com/3956ce",
                    "display_url": "example.com/3956ce",
                }],
            },
            "description": {
                "hashtags": [{ "start": 37, "end": 44, "tag": "rivers" }],
                "mentions": [{
                    "start": 45,
                    "end": 54,
                    "username": "bobuw5bv",
                    "id": "1642630397188634957",
                }],
            },
        },
        "is_identity_verified": false,
        "location": "🌍",
        "most_recent_tweet_id": "186415658612957070",
        "parody": false,
        "pinned_tweet_id": "339672146635862126",
        "profile_banner_url": "https://pbs.twimg.com/profile_banners/129727016892120208/1500x500",
        "profile_image_url":
            "https://pbs.twimg.com/profile_images/129727016892120208/avatar_normal.jpg",
        "protected": false,
        "public_metrics": {
            "followers_count": 91526,
            "following_count": 910,
            "tweet_count": 868,
            "listed_count": 305,
            "like_count": 6527,
            "media_count": 2165,
        },
        "receives_your_dm": false,
        "subscription": { "subscribes_to_you": false },
        "url": "https://t.co/cbc800b954",
        "verified": false,
        "verified_followers_count": 4494,
        "verified_type": "none",
        "withheld": { "country_codes": ["TR"], "scope": "user" },
    })
}

fn post() -> Value {
    json!({
        "id": "339672146635862126",
        "text": "Collects commas; spends them freely.",
        "edit_history_tweet_ids": ["339672146635862126"],
        "author_id": SOMEBODY,
        "conversation_id": "339672146635862126",
        "created_at": "2013-05-29T09:18:45.218Z",
        "display_text_range": [0, 36],
        "edit_controls": {
            "is_edit_eligible": true,
            "editable_until": "2013-05-29T10:18:45.218Z",
            "edits_remaining": 5,
        },
        "lang": "ja",
        "possibly_sensitive": false,
        "public_metrics": {
            "bookmark_count": 0,
            "impression_count": 1,
            "like_count": 0,
            "quote_count": 0,
            "reply_count": 0,
            "retweet_count": 0,
        },
        "reply_settings": "everyone",
    })
}

#[tokio::test]
async fn in_post_words() {
    let answer = look_up(
        "expansions=pinned_post_id&post.fields=lang,public_metrics&\
         user.fields=most_recent_tweet_id,public_metrics,subscribes_to_you",
    )
    .await;
    assert_eq!(
        answer,
        json!({
            "data": [{
                "id": SOMEBODY,
                "name": "प्रिया Kowalska 🦊🦊",
                "username": "kenjibe2e5d",
                "most_recent_post_id": "186415658612957070",
                "pinned_post_id": "339672146635862126",
                "public_metrics": {
                    "followers_count": 91526,
                    "following_count": 910,
                    "post_count": 868,
                    "listed_count": 305,
                    "like_count": 6527,
                    "media_count": 2165,
                },
                "subscribes_to_you": false,
            }],
            "includes": {
                "posts": [{
                    "id": "339672146635862126",
                    "text": "Collects commas; spends them freely.",
                    "lang": "ja",
                    "public_metrics": {
                        "bookmark_count": 0,
                        "impression_count": 1,
                        "like_count": 0,
                        "quote_count": 0,
                        "reply_count": 0,
                        "repost_count": 0,
                    },
                }],
            },
        })
    );
}

#[tokio::test]
async fn fields_of_posts_alone_bring_nothing_along() {
    let answer = look_up("tweet.fields=text,lang").await;
    let bare = json!({ "id": SOMEBODY, "name": "प्रिया Kowalska 🦊🦊", "username": "kenjibe2e5d" });
    assert_eq!(answer, json!({ "data": [bare] }));
}

fn bare(profile: &Profile) -> Value {
    json!({ "id": profile.id.to_string(), "name": profile.name, "username": profile.username })
}

/// Somebody whose profile is of a kind.
fn somebody(world: &World, is_meant: impl Fn(&Profile) -> bool) -> Profile {
    let mut profiles = (0..5000).filter_map(|number| world.profile(world.stranger(number)));
    profiles.find(is_meant).expect("a rare kind, among thousands")
}

#[tokio::test]
async fn a_pinned_post_that_cannot_be_shown_is_named() {
    let client = Client::of(World::builder().seed(5).limits(false).build()).await;
    let find = |is_meant: fn(&Profile) -> bool| somebody(&client.world, is_meant);
    let gone = find(|user| matches!(user.pinned, Some(Pin::Gone(_))));
    let withheld = find(|user| matches!(user.pinned, Some(Pin::Withheld(_))) && !user.protected);
    let private = find(|user| matches!(user.pinned, Some(Pin::Post(_))) && user.protected);
    for (parameter, kind, named) in
        [("pinned_tweet_id", "tweet", "Tweet"), ("pinned_post_id", "post", "Post")]
    {
        let pin = |user: &Profile| user.pinned.as_ref().expect("a pinned post").id().to_string();
        let not_for_you = |user| {
            let id = pin(user);
            format!("Sorry, you are not authorized to see the {named} with {parameter}: [{id}].")
        };
        let of_gone = json!({
            "value": pin(&gone),
            "detail": format!("Could not find {kind} with {parameter}: [{}].", pin(&gone)),
            "title": "Not Found Error",
            "resource_type": kind,
            "parameter": parameter,
            "resource_id": pin(&gone),
            "type": "https://api.x.com/2/problems/resource-not-found",
        });
        let of_private = json!({
            "value": pin(&private),
            "detail": not_for_you(&private),
            "title": "Authorization Error",
            "resource_type": kind,
            "parameter": parameter,
            "resource_id": pin(&private),
            "section": "includes",
            "type": "https://api.x.com/2/problems/not-authorized-for-resource",
        });
        let mut of_withheld = json!({
            "detail": not_for_you(&withheld),
            "title": "Forbidden",
            "resource_type": kind,
            "resource_id": pin(&withheld),
            "type": "https://api.x.com/2/problems/resource-unavailable",
        });
        if kind == "tweet" {
            of_withheld["parameter"] = parameter.into();
        }
        for (user, problem) in [(&gone, of_gone), (&private, of_private), (&withheld, of_withheld)]
        {
            let path = format!("/2/users?ids={}&expansions={parameter}&{kind}.fields=id", user.id);
            let mut expected = bare(user);
            expected[parameter] = pin(user).into();
            let answer = client.get(&path).await.json();
            assert_eq!(answer, json!({ "data": [expected], "errors": [problem] }));
        }
    }
}

#[tokio::test]
async fn protected_posts_are_for_followers() {
    let client = Client::of(World::builder().seed(5).build()).await;
    let user =
        somebody(&client.world, |user| matches!(user.pinned, Some(Pin::Post(_))) && user.protected);
    let pair = BlockPair::new(client.world.owner(), user.id).expect("two users");
    client.world.follow(pair).expect("no block stands");
    let path = format!("/2/users?ids={}&expansions=pinned_tweet_id&user.fields=protected", user.id);
    let answer = client.get(&path).await.json();
    assert_eq!(answer["data"][0]["protected"], true);
    assert_eq!(answer["includes"]["tweets"].as_array().map(Vec::len), Some(1));
    assert_eq!(answer.get("errors"), None);
}

#[tokio::test]
async fn a_post_says_where_it_is_withheld() {
    let client = Client::of(World::builder().seed(5).build()).await;
    let user = somebody(&client.world, |user| {
        let is_withheld = user.most_recent.as_ref().is_some_and(|p| !p.withheld_in.is_empty());
        is_withheld && !user.protected
    });
    let countries = &user.most_recent.as_ref().expect("a post").withheld_in;
    for (expansion, posts, kind) in
        [("most_recent_tweet_id", "tweets", "tweet"), ("most_recent_post_id", "posts", "post")]
    {
        let path =
            format!("/2/users?ids={}&expansions={expansion}&{kind}.fields=withheld", user.id);
        assert_eq!(
            client.get(&path).await.json()["includes"][posts][0]["withheld"],
            json!({ "copyright": false, "country_codes": countries, "scope": kind })
        );
    }
}

#[tokio::test]
async fn an_organisation_that_is_not_there_is_named() {
    let client = Client::of(World::builder().seed(5).build()).await;
    let user = somebody(&client.world, |user| user.affiliation.is_some());
    let organisation = user.affiliation.expect("an organisation");
    client.world.suspend(organisation).expect("they exist");
    for (parameter, kind) in [("affiliation.user_id", "tweet"), ("affiliation", "post")] {
        let path = format!("/2/users?ids={}&expansions={parameter}&{kind}.fields=id", user.id);
        let answer = client.get(&path).await.json();
        assert_eq!(
            answer["data"][0]["affiliation"],
            json!({ "user_id": [organisation.to_string()] })
        );
        assert_eq!(answer.get("includes"), None);
        assert_eq!(
            answer["errors"],
            json!([{
                "value": organisation.to_string(),
                "detail": format!("User has been suspended: [{organisation}]."),
                "title": "Forbidden",
                "resource_type": "user",
                "parameter": parameter,
                "resource_id": organisation.to_string(),
                "type": "https://api.x.com/2/problems/resource-not-found",
            }])
        );
    }
}
