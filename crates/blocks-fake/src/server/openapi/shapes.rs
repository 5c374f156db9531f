//! Users, posts and pages as schemas, in both vocabularies: every key that the encoder may write,
//! and no other.

use std::collections::BTreeMap;

use blocks_domain::{Choice, Place, PostField, UserField, Vocabulary, translate};
use serde_json::{Map, Value, json};

use super::component;
use super::schema::{
    any, boolean, closed, count, exactly, id, object, one_of, some, string, time, uri,
};

/// The schemas of the answers with users, by name.
pub(super) fn all() -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for words in Vocabulary::ALL {
        all.insert(named("user", words), user(words));
        all.insert(named("post", words), post(words));
        all.insert(named("includes", words), includes(words));
        all.insert(named("partial-error", words), partial_error(words));
        all.insert(named("page", words), page(words));
        all.insert(named("users", words), body([], users(words), words));
        let me = [("data", of("user", words))];
        all.insert(named("me", words), body(me, None, words));
    }
    for name in ["page", "users", "me"] {
        let both = Vocabulary::ALL.map(|words| of(name, words));
        all.insert(name.to_owned(), any(both.into()));
    }
    for (name, stands) in [("blocked", true), ("unblocked", false)] {
        let data = object([("blocking", exactly(stands))], []);
        all.insert(name.to_owned(), object([("data", data)], []));
    }
    all
}

fn named(what: &str, words: Vocabulary) -> String {
    format!("{what}-in-{words}-words")
}

fn of(what: &str, words: Vocabulary) -> Value {
    component(&named(what, words))
}

/// A user in these words.
pub(super) fn user_in(words: Vocabulary) -> Value {
    of("user", words)
}

fn users(words: Vocabulary) -> Option<Value> {
    Some(some(of("user", words)))
}

/// A body with these keys, and with `data`, `includes` and `errors` where there are any.
fn body<const N: usize>(
    required: [(&str, Value); N],
    data: Option<Value>,
    words: Vocabulary,
) -> Value {
    let mut body = object(
        required,
        [("includes", of("includes", words)), ("errors", some(of("partial-error", words)))],
    );
    if let Some(data) = data {
        body["properties"]["data"] = data;
    }
    body
}

fn page(words: Vocabulary) -> Value {
    let token = || json!({ "type": "string", "minLength": 16 });
    let meta =
        object([("result_count", count())], [("next_token", token()), ("previous_token", token())]);
    body([("meta", meta)], users(words), words)
}

fn includes(words: Vocabulary) -> Value {
    let posts = translate(Place::Key("Includes"), "tweets", words).unwrap_or("tweets");
    let mut includes =
        object([], [("users", some(of("user", words))), (posts, some(of("post", words)))]);
    includes["minProperties"] = 1.into();
    includes
}

/// A problem beside the data: of a user who was looked up, or of a post that cannot be shown.
fn partial_error(words: Vocabulary) -> Value {
    let kinds = one_of(&["user", words.pick("tweet", "post")]);
    object(
        [
            ("detail", string()),
            ("title", string()),
            ("resource_type", kinds),
            ("resource_id", string()),
            ("type", uri()),
        ],
        [("value", string()), ("parameter", string()), ("section", exactly("includes"))],
    )
}

fn user(words: Vocabulary) -> Value {
    let mut keys = Map::new();
    for field in UserField::ALL {
        if let Some(schema) = user_field(*field, words) {
            keys.insert(key("User", field.name(), words), schema);
        }
    }
    closed(&unasked::<UserField>("User", words), keys)
}

fn post(words: Vocabulary) -> Value {
    let mut keys = Map::new();
    for field in PostField::ALL {
        if let Some(schema) = post_field(*field, words) {
            keys.insert(key("Post", field.name(), words), schema);
        }
    }
    let mut required = unasked::<PostField>("Post", words);
    // The post words have no field for it.
    required.retain(|name| words == Vocabulary::Tweet || name != EDIT_HISTORY);
    closed(&required, keys)
}

const EDIT_HISTORY: &str = "edit_history_post_ids";

/// A key in an answer, from the name of its field.
fn key(model: &'static str, name: &'static str, words: Vocabulary) -> String {
    translate(Place::Key(model), name, words).unwrap_or(name).to_owned()
}

/// The keys that are there without being asked for.
fn unasked<C: Choice>(model: &'static str, words: Vocabulary) -> Vec<String> {
    C::DEFAULT.iter().map(|field| key(model, field.name(), words)).collect()
}

fn user_field(field: UserField, words: Vocabulary) -> Option<Value> {
    Some(match field {
        UserField::Affiliation => object([("user_id", some(id()))], []),
        UserField::ConnectionStatus => {
            let words = one_of(&["blocking", "followed_by", "following"]);
            json!({ "type": "array", "items": words, "uniqueItems": true })
        }
        UserField::CreatedAt => time(),
        UserField::Entities => {
            let mut all = object(
                [],
                [("url", object([("urls", some(link()))], [])), ("description", entities())],
            );
            all["minProperties"] = 1.into();
            all
        }
        UserField::Id | UserField::MostRecentPost | UserField::PinnedPost => id(),
        UserField::ProfileBannerUrl | UserField::ProfileImageUrl | UserField::Url => uri(),
        UserField::PublicMetrics => user_metrics(words),
        UserField::Subscription => object([("subscribes_to_you", boolean())], []),
        UserField::VerifiedFollowersCount => count(),
        UserField::VerifiedType => one_of(&["blue", "business", "government", "none"]),
        UserField::Withheld => {
            object([("country_codes", countries()), ("scope", exactly("user"))], [])
        }
        UserField::IsIdentityVerified
        | UserField::Parody
        | UserField::Protected
        | UserField::ReceivesYourDm
        | UserField::SubscribesToYou
        | UserField::Verified => boolean(),
        UserField::ConfirmedEmail
        | UserField::Description
        | UserField::Location
        | UserField::Name
        | UserField::SubscriptionType
        | UserField::Username => string(),
        _ => return None,
    })
}

fn user_metrics(words: Vocabulary) -> Value {
    let posts = key("UserMetrics", "tweet_count", words);
    object(
        [
            ("followers_count", count()),
            ("following_count", count()),
            (&*posts, count()),
            ("listed_count", count()),
            ("like_count", count()),
            ("media_count", count()),
        ],
        [],
    )
}

/// The fields of posts that the sandbox has; the others can be asked for and are never there.
fn post_field(field: PostField, words: Vocabulary) -> Option<Value> {
    Some(match field {
        PostField::EditHistory if words == Vocabulary::Tweet => some(id()),
        PostField::AuthorId if words == Vocabulary::Tweet => id(),
        PostField::Id | PostField::ConversationId => id(),
        PostField::CreatedAt => time(),
        PostField::DisplayTextRange => {
            json!({ "type": "array", "items": count(), "minItems": 2, "maxItems": 2 })
        }
        PostField::EditControls => object(
            [
                ("is_edit_eligible", boolean()),
                ("editable_until", time()),
                ("edits_remaining", count()),
            ],
            [],
        ),
        PostField::Entities => entities(),
        PostField::PossiblySensitive => boolean(),
        PostField::PublicMetrics => post_metrics(words),
        PostField::ReplySettings => one_of(&["everyone"]),
        PostField::Text | PostField::Lang => string(),
        PostField::Withheld => object(
            [("country_codes", countries()), ("copyright", boolean())],
            [("scope", string())],
        ),
        _ => return None,
    })
}

fn post_metrics(words: Vocabulary) -> Value {
    let reposts = key("PostMetrics", "retweet_count", words);
    object(
        [
            ("bookmark_count", count()),
            ("impression_count", count()),
            ("like_count", count()),
            ("quote_count", count()),
            ("reply_count", count()),
            (&*reposts, count()),
        ],
        [],
    )
}

fn countries() -> Value {
    some(json!({ "type": "string", "pattern": "^[A-Z]{2}$" }))
}

fn entities() -> Value {
    let tagged = || object([("start", count()), ("end", count()), ("tag", string())], []);
    let mention =
        object([("start", count()), ("end", count()), ("username", string()), ("id", id())], []);
    let mut all = object(
        [],
        [
            ("hashtags", some(tagged())),
            ("cashtags", some(tagged())),
            ("mentions", some(mention)),
            ("urls", some(link())),
        ],
    );
    all["minProperties"] = 1.into();
    all
}

fn link() -> Value {
    object(
        [
            ("start", count()),
            ("end", count()),
            ("url", uri()),
            ("expanded_url", uri()),
            ("display_url", string()),
        ],
        [],
    )
}
