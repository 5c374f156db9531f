//! The page that is read.

use blocks_domain::{UserId, Vocabulary};
use serde_json::{Value, json};

/// How many keys of each user no model knows.
pub(crate) const UNKNOWN_FIELDS: usize = 3;

/// A page of full users, each with a pinned post and a few unknown fields.
pub(crate) fn json(users: u64, words: Vocabulary) -> String {
    let ids = || (0..users).map(|n| UserId::new(1_000_000_000_000 + n * 7_919).expect("in range"));
    json!({
        "data": ids().map(|id| user(id, words)).collect::<Vec<_>>(),
        "includes": {
            words.pick("tweets", "posts"): ids().map(|id| post(id, words)).collect::<Vec<_>>(),
        },
        "meta": { "result_count": users, "next_token": "7140dibdnow9c7btw482" },
    })
    .to_string()
}

fn user(id: UserId, words: Vocabulary) -> Value {
    json!({
        "id": id,
        "name": format!("Ada № {id}"),
        "username": format!("ada_{}", id.get() % 1_000_000),
        "affiliation": {
            "badge_url": "https://pbs.twimg.com/profile_images/1683899100922511378/5lY42eHs.jpg",
            "description": "The Society",
            "url": "https://twitter.com/society",
            "user_id": ["2244994945"],
        },
        "connection_status": ["blocking", "followed_by"],
        "created_at": "2013-12-14T04:35:55.000Z",
        "description": "Writes about engines \u{1f980} and lists. #engines @babbage https://t.co/3ZX3TNiZCY",
        "entities": {
            "url": { "urls": [link(0)] },
            "description": {
                "urls": [link(49)],
                "hashtags": [{ "start": 31, "end": 39, "tag": "engines" }],
                "mentions": [{ "start": 40, "end": 48, "username": "babbage", "id": "783214" }],
            },
        },
        "location": "London, 127.0.0.1",
        words.pick("most_recent_tweet_id", "most_recent_post_id"): (id.get() + 2).to_string(),
        words.pick("pinned_tweet_id", "pinned_post_id"): (id.get() + 1).to_string(),
        "parody": false,
        "profile_banner_url": "https://pbs.twimg.com/profile_banners/2244994945/1594913664",
        "profile_image_url": "https://pbs.twimg.com/profile_images/1683501992314798080/xl1P_normal.jpg",
        "protected": false,
        "public_metrics": {
            "followers_count": id.get() % 100_000,
            "following_count": 2038,
            words.pick("tweet_count", "post_count"): 14052,
            "listed_count": 1672,
            "like_count": 8_012,
            "media_count": 12,
        },
        "receives_your_dm": false,
        "url": "https://t.co/3ZX3TNiZCY",
        "verified": true,
        "verified_type": "blue",
        "withheld": { "country_codes": ["DE", "FR"], "scope": "user" },
        "mood": "calm",
        "highlights": { "since": "2026-01-01T00:00:00.000Z", "ids": [1, 2, 3] },
        "rank": id.get(),
    })
}

fn post(author: UserId, words: Vocabulary) -> Value {
    let id = (author.get() + 1).to_string();
    json!({
        "id": id,
        "text": "The engine weaves patterns as the loom weaves leaves. #engines https://t.co/3ZX3TNiZCY",
        "author_id": author,
        "conversation_id": id,
        "created_at": "2024-05-06T18:40:40.000Z",
        "edit_controls": {
            "edits_remaining": 5,
            "is_edit_eligible": true,
            "editable_until": "2024-05-06T19:40:40.000Z",
        },
        words.pick("edit_history_tweet_ids", "edit_history_post_ids"): [id],
        "entities": {
            "hashtags": [{ "start": 54, "end": 62, "tag": "engines" }],
            "urls": [link(63)],
        },
        "lang": "en",
        "possibly_sensitive": false,
        "public_metrics": {
            words.pick("retweet_count", "repost_count"): 7,
            "reply_count": 3,
            "like_count": 38,
            "quote_count": 1,
            "bookmark_count": 2,
            "impression_count": 29_000,
        },
        words.pick("referenced_tweets", "referenced_posts"): [{ "type": "quoted", "id": "20" }],
        "reply_settings": "everyone",
        "mood": "calm",
    })
}

fn link(start: u32) -> Value {
    json!({
        "start": start,
        "end": start + 23,
        "url": "https://t.co/3ZX3TNiZCY",
        "expanded_url": "https://developer.x.com/en/community",
        "display_url": "developer.x.com/en/community",
    })
}
