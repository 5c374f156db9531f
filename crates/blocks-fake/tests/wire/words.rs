//! One user in full, word for word, in both vocabularies.

use blocks_fake::World;
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
