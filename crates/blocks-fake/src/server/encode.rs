//! Users and posts as X writes them.
//!
//! Every key is spelt out here, from what is known of the wire, and nowhere taken over from the
//! domain's models.

use blocks_domain::{Expansion, PostField, Side, UserField, Vocabulary};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::query::Asked;
use crate::world::{
    Absence, Badge, Company, Meaning, Missing, Pin, Profile, ProfilePost, Text, Unseen, View,
};

/// A user, with what was asked for.
pub(super) fn user(view: &View, asked: &Asked) -> Value {
    let profile = &view.profile;
    let mut user = Map::new();
    user.insert("id".into(), profile.id.to_string().into());
    user.insert("name".into(), profile.name.as_str().into());
    user.insert("username".into(), profile.username.as_str().into());
    for field in &asked.user_fields {
        user.extend(own_field(*field, profile, asked.words));
        user.extend(seen_field(*field, view));
    }
    for expansion in &asked.expansions {
        let field = match expansion {
            Expansion::PinnedPost => UserField::PinnedPost,
            Expansion::MostRecentPost => UserField::MostRecentPost,
            _ => UserField::Affiliation,
        };
        user.extend(own_field(field, profile, asked.words));
    }
    user.into()
}

/// What the expansions brought along, if anything.
pub(super) fn includes(company: &Company, asked: &Asked) -> Option<Value> {
    let mut includes = Map::new();
    if !company.users.is_empty() {
        let users: Vec<_> = company.users.iter().map(|view| user(view, asked)).collect();
        includes.insert("users".into(), users.into());
    }
    if !company.posts.is_empty() {
        let posts: Vec<_> = company.posts.iter().map(|from| post(from, asked)).collect();
        includes.insert(asked.words.pick("tweets", "posts").into(), posts.into());
    }
    (!includes.is_empty()).then(|| includes.into())
}

/// The problem of a user who was asked for and is not there.
///
/// Whoever is suspended is forbidden under the type of those who do not exist, as was reported.
/// That whoever has left is answered like nobody is inferred.
pub(super) fn absent(parameter: &str, value: &str, why: Absence) -> Value {
    let (title, detail) = match why {
        Absence::NotFound => {
            ("Not Found Error", format!("Could not find user with {parameter}: [{value}]."))
        }
        Absence::Suspended => ("Forbidden", format!("User has been suspended: [{value}].")),
    };
    json!({
        "value": value,
        "detail": detail,
        "title": title,
        "resource_type": "user",
        "parameter": parameter,
        "resource_id": value,
        "type": "https://api.x.com/2/problems/resource-not-found",
    })
}

/// The problem of something that an expansion asked for and that cannot be shown.
pub(super) fn missing(missing: &Missing, words: Vocabulary) -> Value {
    let parameter = match missing.expansion {
        Expansion::MostRecentPost => words.pick("most_recent_tweet_id", "most_recent_post_id"),
        Expansion::Affiliation => words.pick("affiliation.user_id", "affiliation"),
        _ => words.pick("pinned_tweet_id", "pinned_post_id"),
    };
    let id = missing.id.to_string();
    let kind = words.pick("tweet", "post");
    let cannot_be_seen = || {
        let kind = words.pick("Tweet", "Post");
        format!("Sorry, you are not authorized to see the {kind} with {parameter}: [{id}].")
    };
    let (title, problem, detail) = match missing.why {
        Unseen::Absent(why) => return absent(parameter, &id, why),
        Unseen::Gone => (
            "Not Found Error",
            "https://api.x.com/2/problems/resource-not-found",
            format!("Could not find {kind} with {parameter}: [{id}]."),
        ),
        Unseen::Private => (
            "Authorization Error",
            "https://api.x.com/2/problems/not-authorized-for-resource",
            cannot_be_seen(),
        ),
        // Inferred: X names the type, and no case of it.
        Unseen::Withheld => {
            ("Forbidden", "https://api.x.com/2/problems/resource-unavailable", cannot_be_seen())
        }
    };
    let mut body = Map::new();
    body.insert("detail".into(), detail.into());
    body.insert("title".into(), title.into());
    body.insert("resource_type".into(), kind.into());
    body.insert("resource_id".into(), id.as_str().into());
    body.insert("type".into(), problem.into());
    // The official files give each type keys of its own; that of what is withheld has lost one.
    if missing.why != Unseen::Withheld {
        body.insert("value".into(), id.into());
    }
    if missing.why != Unseen::Withheld || words == Vocabulary::Tweet {
        body.insert("parameter".into(), parameter.into());
    }
    if missing.why == Unseen::Private {
        body.insert("section".into(), "includes".into());
    }
    body.into()
}

type Field = Option<(String, Value)>;

fn field(name: &str, value: impl Into<Value>) -> Field {
    Some((name.to_owned(), value.into()))
}

/// A field that is the same whoever looks; none where the person has nothing of the kind.
fn own_field(asked: UserField, profile: &Profile, words: Vocabulary) -> Field {
    match asked {
        UserField::CreatedAt => field("created_at", time(profile.created_at)),
        UserField::Description => field("description", profile.description.text()),
        UserField::Location => field("location", profile.location.as_deref()?),
        UserField::Url => field("url", profile.website.as_ref()?.text()),
        UserField::Entities => field("entities", user_entities(profile)?),
        UserField::ProfileImageUrl => field("profile_image_url", profile.avatar_url.as_str()),
        UserField::ProfileBannerUrl => field("profile_banner_url", profile.banner_url.as_deref()?),
        UserField::Protected => field("protected", profile.protected),
        UserField::Verified => field("verified", profile.badge != Badge::None),
        UserField::VerifiedType => field("verified_type", verified_type(profile.badge)),
        UserField::IsIdentityVerified => {
            field("is_identity_verified", profile.is_identity_verified())
        }
        UserField::Parody => field("parody", profile.parody),
        UserField::PublicMetrics => field("public_metrics", user_metrics(profile, words)),
        UserField::VerifiedFollowersCount => {
            field("verified_followers_count", profile.verified_followers)
        }
        UserField::PinnedPost => {
            let name = words.pick("pinned_tweet_id", "pinned_post_id");
            field(name, profile.pinned.as_ref().map(Pin::id)?.to_string())
        }
        UserField::MostRecentPost => {
            let name = words.pick("most_recent_tweet_id", "most_recent_post_id");
            field(name, profile.most_recent.as_ref()?.id.to_string())
        }
        UserField::Affiliation => {
            let organisation = profile.affiliation?.to_string();
            field("affiliation", json!({ "user_id": [organisation] }))
        }
        UserField::Withheld if !profile.withheld_in.is_empty() => {
            let countries = &profile.withheld_in;
            field("withheld", json!({ "country_codes": countries, "scope": "user" }))
        }
        _ => None,
    }
}

/// A field that depends on who looks.
fn seen_field(asked: UserField, view: &View) -> Field {
    match asked {
        UserField::ConnectionStatus if !view.is_self => {
            field("connection_status", connection_status(view))
        }
        UserField::ReceivesYourDm => field("receives_your_dm", view.receives_messages()),
        UserField::SubscribesToYou => field("subscribes_to_you", false),
        UserField::Subscription => field("subscription", json!({ "subscribes_to_you": false })),
        UserField::SubscriptionType if view.is_self => field("subscription_type", "None"),
        UserField::ConfirmedEmail if view.is_self => field("confirmed_email", view.profile.email()),
        _ => None,
    }
}

fn connection_status(view: &View) -> Vec<&'static str> {
    let state = view.relationship;
    [
        (state.blocks(Side::Source), "blocking"),
        (state.follows(Side::Target), "followed_by"),
        (state.follows(Side::Source), "following"),
    ]
    .into_iter()
    .filter_map(|(stands, word)| stands.then_some(word))
    .collect()
}

fn verified_type(badge: Badge) -> &'static str {
    match badge {
        Badge::None => "none",
        Badge::Blue => "blue",
        Badge::Business => "business",
        Badge::Government => "government",
    }
}

fn user_metrics(profile: &Profile, words: Vocabulary) -> Value {
    let counts = profile.counts;
    json!({
        "followers_count": counts.followers,
        "following_count": counts.following,
        words.pick("tweet_count", "post_count"): counts.posts,
        "listed_count": counts.listed,
        "like_count": counts.likes,
        "media_count": counts.media,
    })
}

fn user_entities(profile: &Profile) -> Option<Value> {
    let mut all = Map::new();
    let website = profile.website.as_ref().and_then(entities);
    all.extend(website.map(|entities| ("url".to_owned(), entities)));
    let bio = entities(&profile.description);
    all.extend(bio.map(|entities| ("description".to_owned(), entities)));
    (!all.is_empty()).then(|| all.into())
}

/// What has a meaning in a text, by kind.
fn entities(text: &Text) -> Option<Value> {
    let mut all = Map::new();
    for span in text.spans() {
        let (start, end) = (span.start, span.end);
        let (kind, entity) = match &span.meaning {
            Meaning::Hashtag(tag) => {
                ("hashtags", json!({ "start": start, "end": end, "tag": tag }))
            }
            Meaning::Cashtag(tag) => {
                ("cashtags", json!({ "start": start, "end": end, "tag": tag }))
            }
            Meaning::Mention { username, id } => {
                let id = id.to_string();
                ("mentions", json!({ "start": start, "end": end, "username": username, "id": id }))
            }
            Meaning::Link { url, expanded, display } => (
                "urls",
                json!({
                    "start": start,
                    "end": end,
                    "url": url,
                    "expanded_url": expanded,
                    "display_url": display,
                }),
            ),
        };
        if let Value::Array(list) = all.entry(kind).or_insert_with(|| json!([])) {
            list.push(entity);
        }
    }
    (!all.is_empty()).then(|| all.into())
}

/// A post, with what was asked for.
fn post(from: &ProfilePost, asked: &Asked) -> Value {
    let id = from.id.to_string();
    let mut post = Map::new();
    post.insert("id".into(), id.as_str().into());
    post.insert("text".into(), from.text.text().into());
    if asked.words == Vocabulary::Tweet {
        // These words have always sent it unasked; the new ones have no field of the kind.
        post.insert("edit_history_tweet_ids".into(), json!([id]));
    }
    post.extend(asked.post_fields.iter().filter_map(|field| post_field(*field, from, asked.words)));
    post.into()
}

fn post_field(asked: PostField, post: &ProfilePost, words: Vocabulary) -> Field {
    match asked {
        PostField::AuthorId => field("author_id", post.author.to_string()),
        PostField::ConversationId => field("conversation_id", post.id.to_string()),
        PostField::CreatedAt => field("created_at", time(post.created_at)),
        PostField::DisplayTextRange => field("display_text_range", json!([0, post.length()])),
        PostField::EditControls => field(
            "edit_controls",
            json!({
                "is_edit_eligible": true,
                "editable_until": time(post.editable_until()),
                "edits_remaining": ProfilePost::EDITS,
            }),
        ),
        PostField::Entities => field("entities", entities(&post.text)?),
        PostField::Lang => field("lang", post.lang),
        PostField::PossiblySensitive => field("possibly_sensitive", post.sensitive),
        PostField::PublicMetrics => field("public_metrics", post_metrics(post, words)),
        PostField::ReplySettings => field("reply_settings", "everyone"),
        PostField::Withheld if !post.withheld_in.is_empty() => field(
            "withheld",
            json!({
                "copyright": false,
                "country_codes": post.withheld_in,
                "scope": words.pick("tweet", "post"),
            }),
        ),
        _ => None,
    }
}

fn post_metrics(post: &ProfilePost, words: Vocabulary) -> Value {
    let counts = post.counts;
    json!({
        "bookmark_count": counts.bookmarks,
        "impression_count": counts.impressions,
        "like_count": counts.likes,
        "quote_count": counts.quotes,
        "reply_count": counts.replies,
        words.pick("retweet_count", "repost_count"): counts.reposts,
    })
}

/// A time as X writes it: UTC, with milliseconds.
pub(super) fn time(moment: Timestamp) -> String {
    format!("{moment:.3}")
}
