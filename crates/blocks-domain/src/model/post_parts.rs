//! The objects inside a post.

use jiff::Timestamp;

use super::entities::Entities;
use super::user::WithheldScope;
use crate::PostId;
use crate::wire::{object, open_enum};

object! {
    /// Counts of a post.
    ///
    /// The four groups of counts share this type; which counts a group holds depends on the
    /// group and on the post.
    #[derive(Default)]
    pub struct PostMetrics {
        /// How often it was bookmarked.
        pub bookmark_count: Option<u64> = "bookmark_count",
        /// How often it was seen.
        pub impression_count: Option<u64> = "impression_count",
        /// How often it was liked.
        pub like_count: Option<u64> = "like_count",
        /// How often it was quoted.
        pub quote_count: Option<u64> = "quote_count",
        /// How often it was answered.
        pub reply_count: Option<u64> = "reply_count",
        /// How often it was repeated.
        pub repost_count: Option<u64> = "retweet_count" / "repost_count",
    }
}

object! {
    /// What hangs on a post.
    #[derive(Default)]
    pub struct Attachments {
        /// The keys of pictures and videos; the objects are in `includes.media`.
        pub media_keys: Option<Vec<String>> = "media_keys",
        /// The posts from which the media were taken; X calls the key so in both vocabularies.
        pub media_source_post_ids: Option<Vec<PostId>> = "media_source_tweet_id",
        /// The ids of polls; the objects are in `includes.polls`.
        pub poll_ids: Option<Vec<String>> = "poll_ids",
    }
}

object! {
    /// What X believes a post is about.
    #[derive(Default)]
    pub struct ContextAnnotation {
        /// The field, such as sports teams.
        pub domain: Option<ContextTerm> = "domain",
        /// The thing in that field, such as one team.
        pub entity: Option<ContextTerm> = "entity",
    }
}

object! {
    /// One half of a [`ContextAnnotation`].
    #[derive(Default)]
    pub struct ContextTerm {
        /// Its id.
        pub id: Option<String> = "id",
        /// Its name.
        pub name: Option<String> = "name",
        /// What it is.
        pub description: Option<String> = "description",
    }
}

object! {
    /// How long and how often a post can still be edited.
    #[derive(Default)]
    pub struct EditControls {
        /// Whether it could be edited when it was written.
        pub is_edit_eligible: Option<bool> = "is_edit_eligible",
        /// Until when.
        pub editable_until: Option<Timestamp> = "editable_until",
        /// How many more times.
        pub edits_remaining: Option<i64> = "edits_remaining",
    }
}

object! {
    /// Texts that describe a picture or video.
    #[derive(Default)]
    pub struct MediaMetadata {
        /// The key of the picture or video.
        pub media_key: Option<String> = "media_key",
        /// The description for those who do not see it.
        pub alt_text: Option<String> = "alt_text",
        /// Its title.
        pub title: Option<String> = "title",
        /// Its description.
        pub description: Option<String> = "description",
    }
}

object! {
    /// The whole of a long post.
    #[derive(Default)]
    pub struct NotePost {
        /// The text.
        pub text: Option<String> = "text",
        /// Links, tags and mentions in it.
        pub entities: Option<Entities> = "entities",
    }
}

object! {
    /// Where a post was written.
    #[derive(Default)]
    pub struct PostGeo {
        /// The exact point.
        pub coordinates: Option<Point> = "coordinates",
        /// The id of the place; the object is in `includes.places`.
        pub place_id: Option<String> = "place_id",
    }
}

object! {
    /// A point on Earth, as a GeoJSON geometry.
    #[derive(Default)]
    pub struct Point {
        /// The kind of GeoJSON object: `Point`.
        pub kind: Option<String> = "type",
        /// Longitude and latitude, in degrees.
        pub coordinates: Option<Vec<f64>> = "coordinates",
    }
}

object! {
    /// Another post that a post points to.
    pub struct ReferencedPost {
        /// How.
        pub kind: ReferenceKind = "type",
        /// Which.
        pub id: PostId = "id",
    }
}

impl ReferencedPost {
    /// A reference to the post `id`.
    #[must_use]
    pub fn new(kind: ReferenceKind, id: PostId) -> Self {
        Self { kind, id, extra: crate::Extra::default() }
    }
}

object! {
    /// Who may see a post.
    #[derive(Default)]
    pub struct PostScopes {
        /// Whether only followers may.
        pub followers: Option<bool> = "followers",
    }
}

object! {
    /// Where a post is not shown.
    #[derive(Default)]
    pub struct PostWithheld {
        /// Whether the reason is a claim of copyright.
        pub copyright: Option<bool> = "copyright",
        /// The countries, as two capital letters each (`DE`).
        pub country_codes: Option<Vec<String>> = "country_codes",
        /// What is withheld.
        pub scope: Option<WithheldScope> = "scope",
    }
}

open_enum! {
    /// How a post points to another; the words are the same in both vocabularies.
    pub enum ReferenceKind {
        /// It quotes the other.
        Quoted = "quoted",
        /// It answers the other.
        RepliedTo = "replied_to",
        /// It repeats the other.
        Reposted = "retweeted",
    }
}

open_enum! {
    /// Who may answer a post.
    pub enum ReplySettings {
        /// Everyone.
        Everyone = "everyone",
        /// Those whom it mentions.
        MentionedUsers = "mentionedUsers",
        /// Those whom the author follows.
        Following = "following",
        /// Some other choice.
        OtherSetting = "other",
        /// The author's subscribers.
        Subscribers = "subscribers",
        /// Verified users.
        Verified = "verified",
    }
}
