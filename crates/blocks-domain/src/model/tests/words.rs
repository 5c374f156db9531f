//! The keys and values of the models, held against the one table of renames.

use std::collections::BTreeSet;

use crate::model::*;
use crate::{Place, RENAMES, Vocabulary};

type Words = (&'static str, Vec<(String, String)>);

macro_rules! keys {
    ($($model:ident)*) => {
        vec![$((
            stringify!($model),
            $model::KEYS.iter().map(|(tweet, post)| (tweet.to_string(), post.to_string())).collect(),
        )),*]
    };
}

macro_rules! values {
    ($($model:ident)*) => {
        vec![$((
            stringify!($model),
            $model::KNOWN
                .iter()
                .map(|value| Vocabulary::ALL.map(|words| value.word(words).to_owned()).into())
                .collect(),
        )),*]
    };
}

fn all_keys() -> Vec<Words> {
    keys![
        ActivityFilter ActivityMessage ActivitySubscription BlockEvent BlockEventPayload EventUser
        Subscribed SubscriptionReply SubscriptionRequest SubscriptionsMeta SubscriptionsPage
        Unsubscribed UnsubscribedReply
        Affiliation Annotation Attachments BlockRequest BlockState BlockStateReply BlockingPage
        ContextAnnotation ContextTerm EditControls Entities GeoFeature GeoPlace Includes Media
        MediaMetadata MediaMetrics MediaVariant MentionEntity Meta NotePost Point Poll PollOption
        Post PostGeo PostMetrics PostScopes PostWithheld Problem ReferencedPost Subscription
        TagEntity Topic UrlEntity UrlImage User UserEntities UserMetrics UserReply UserWithheld
        UsersPage
    ]
}

fn all_values() -> Vec<Words> {
    values![
        BlockEventType CapPeriod CapScope ConnectionStatus GeoPlaceType MediaKind ProblemSection ProblemType
        ReferenceKind RefusalReason ReplySettings ResourceType SubscriptionType VerifiedType
        VotingStatus WithheldScope
    ]
}

const SOURCES: [&str; 9] = [
    include_str!("../activity.rs"),
    include_str!("../entities.rs"),
    include_str!("../includes.rs"),
    include_str!("../mutation.rs"),
    include_str!("../page.rs"),
    include_str!("../post.rs"),
    include_str!("../post_parts.rs"),
    include_str!("../problem.rs"),
    include_str!("../user.rs"),
];

#[test]
fn no_model_is_forgotten_here() {
    let count = |start: &str| -> usize {
        SOURCES.iter().map(|source| source.lines().filter(|line| *line == start).count()).sum()
    };
    assert_eq!(all_keys().len(), count("object! {"));
    assert_eq!(all_values().len(), count("open_enum! {"));
}

#[test]
fn the_models_and_the_table_of_renames_agree() {
    let of_models = |all: Vec<Words>, place: fn(&'static str) -> Place| {
        all.into_iter().flat_map(move |(model, words)| {
            let differ = words.into_iter().filter(|(tweet, post)| tweet != post);
            differ.map(move |(tweet, post)| (format!("{:?}", place(model)), tweet, post))
        })
    };
    let models: BTreeSet<_> =
        of_models(all_keys(), Place::Key).chain(of_models(all_values(), Place::Value)).collect();

    let table: BTreeSet<_> = RENAMES
        .iter()
        .filter(|row| matches!(row.place, Place::Key(_) | Place::Value(_)))
        .map(|row| {
            let word = |word: Option<&str>| word.expect("answers have both words").to_owned();
            (format!("{:?}", row.place), word(row.tweet), word(row.post))
        })
        .collect();

    assert_eq!(models, table);
}

#[test]
fn no_word_means_two_things_in_one_model() {
    for (model, words) in all_keys().into_iter().chain(all_values()) {
        for pick in [|w: &(String, String)| w.0.clone(), |w: &(String, String)| w.1.clone()] {
            let distinct: BTreeSet<_> = words.iter().map(pick).collect();
            assert_eq!(distinct.len(), words.len(), "{model}");
        }
    }
}

#[test]
fn a_word_is_known_in_either_vocabulary_and_another_is_kept() {
    assert_eq!(WithheldScope::from_word("tweet"), WithheldScope::Post);
    assert_eq!(WithheldScope::from_word("post"), WithheldScope::Post);

    let later = VerifiedType::from_word("platinum");
    assert!(matches!(&later, VerifiedType::Other(word) if word.as_str() == "platinum"));
    assert_eq!(later.word(Vocabulary::Post), "platinum");
    assert!(matches!(VerifiedType::from_word("Blue"), VerifiedType::Other(_)));
}
