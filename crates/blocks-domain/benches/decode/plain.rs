//! The same fields, read by what serde derives.
//!
//! Unknown fields and unknown words of enums are dropped. Both vocabularies are read through
//! aliases.

#![expect(dead_code, reason = "the fields stand here to be read; the benchmark looks at few")]

use blocks_domain::{PostId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(crate) struct Page {
    pub(crate) data: Vec<User>,
    pub(crate) includes: Includes,
    meta: Meta,
}

#[derive(Deserialize)]
pub(crate) struct Includes {
    #[serde(alias = "tweets")]
    pub(crate) posts: Vec<Post>,
}

#[derive(Deserialize)]
struct Meta {
    result_count: u32,
    next_token: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct User {
    pub(crate) id: UserId,
    name: Option<String>,
    username: Option<String>,
    affiliation: Option<Affiliation>,
    confirmed_email: Option<String>,
    connection_status: Option<Vec<ConnectionStatus>>,
    #[serde(default, deserialize_with = "time")]
    pub(crate) created_at: Option<Timestamp>,
    description: Option<String>,
    entities: Option<UserEntities>,
    is_identity_verified: Option<bool>,
    location: Option<String>,
    #[serde(alias = "most_recent_tweet_id")]
    most_recent_post_id: Option<PostId>,
    parody: Option<bool>,
    #[serde(alias = "pinned_tweet_id")]
    pub(crate) pinned_post_id: Option<PostId>,
    profile_banner_url: Option<String>,
    profile_image_url: Option<String>,
    protected: Option<bool>,
    public_metrics: Option<UserMetrics>,
    receives_your_dm: Option<bool>,
    subscribes_to_you: Option<bool>,
    subscription: Option<Subscription>,
    subscription_type: Option<SubscriptionType>,
    url: Option<String>,
    verified: Option<bool>,
    verified_followers_count: Option<u64>,
    verified_type: Option<VerifiedType>,
    withheld: Option<UserWithheld>,
}

#[derive(Deserialize)]
pub(crate) struct UserMetrics {
    followers_count: Option<u64>,
    following_count: Option<u64>,
    #[serde(alias = "tweet_count")]
    post_count: Option<u64>,
    listed_count: Option<u64>,
    like_count: Option<u64>,
    media_count: Option<u64>,
}

#[derive(Deserialize)]
pub(crate) struct Affiliation {
    badge_url: Option<String>,
    description: Option<String>,
    url: Option<String>,
    user_id: Option<Vec<UserId>>,
}

#[derive(Deserialize)]
pub(crate) struct Subscription {
    subscribes_to_you: Option<bool>,
}

#[derive(Deserialize)]
pub(crate) struct UserWithheld {
    country_codes: Option<Vec<String>>,
    scope: Option<WithheldScope>,
}

#[derive(Deserialize)]
pub(crate) struct UserEntities {
    url: Option<Entities>,
    description: Option<Entities>,
}

#[derive(Deserialize)]
pub(crate) struct Entities {
    annotations: Option<Vec<Annotation>>,
    cashtags: Option<Vec<TagEntity>>,
    hashtags: Option<Vec<TagEntity>>,
    mentions: Option<Vec<MentionEntity>>,
    urls: Option<Vec<UrlEntity>>,
}

#[derive(Deserialize)]
pub(crate) struct UrlEntity {
    start: u64,
    end: u64,
    url: Option<String>,
    expanded_url: Option<String>,
    display_url: Option<String>,
    unwound_url: Option<String>,
    status: Option<u16>,
    title: Option<String>,
    description: Option<String>,
    images: Option<Vec<UrlImage>>,
    media_key: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct UrlImage {
    url: Option<String>,
    width: Option<u64>,
    height: Option<u64>,
}

#[derive(Deserialize)]
pub(crate) struct TagEntity {
    start: u64,
    end: u64,
    #[serde(alias = "hashtag", alias = "cashtag")]
    tag: String,
}

#[derive(Deserialize)]
pub(crate) struct MentionEntity {
    start: u64,
    end: u64,
    username: Option<String>,
    id: Option<UserId>,
}

#[derive(Deserialize)]
pub(crate) struct Annotation {
    start: u64,
    end: u64,
    probability: Option<f64>,
    #[serde(rename = "type")]
    kind: Option<String>,
    normalized_text: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Post {
    id: PostId,
    pub(crate) text: Option<String>,
    article: Option<Box<RawValue>>,
    article_title: Option<Box<RawValue>>,
    attachments: Option<Attachments>,
    author_id: Option<UserId>,
    card_uri: Option<String>,
    community_id: Option<String>,
    context_annotations: Option<Vec<ContextAnnotation>>,
    conversation_id: Option<PostId>,
    #[serde(default, deserialize_with = "time")]
    created_at: Option<Timestamp>,
    display_text_range: Option<Vec<u64>>,
    edit_controls: Option<EditControls>,
    #[serde(alias = "edit_history_tweet_ids")]
    edit_history_post_ids: Option<Vec<PostId>>,
    entities: Option<Entities>,
    geo: Option<PostGeo>,
    in_reply_to_user_id: Option<UserId>,
    lang: Option<String>,
    matched_media_notes: Option<Box<RawValue>>,
    media_metadata: Option<Vec<MediaMetadata>>,
    non_public_metrics: Option<PostMetrics>,
    #[serde(alias = "note_tweet")]
    note_post: Option<NotePost>,
    note_request_suggestions: Option<Box<RawValue>>,
    organic_metrics: Option<PostMetrics>,
    paid_partnership: Option<bool>,
    possibly_sensitive: Option<bool>,
    promoted_metrics: Option<PostMetrics>,
    pub(crate) public_metrics: Option<PostMetrics>,
    #[serde(alias = "referenced_tweets")]
    referenced_posts: Option<Vec<ReferencedPost>>,
    reply_settings: Option<ReplySettings>,
    scopes: Option<PostScopes>,
    source: Option<String>,
    suggested_source_links: Option<Box<RawValue>>,
    suggested_source_links_with_counts: Option<Box<RawValue>>,
    username: Option<String>,
    withheld: Option<PostWithheld>,
}

#[derive(Deserialize)]
pub(crate) struct PostMetrics {
    bookmark_count: Option<u64>,
    impression_count: Option<u64>,
    like_count: Option<u64>,
    quote_count: Option<u64>,
    reply_count: Option<u64>,
    #[serde(alias = "retweet_count")]
    repost_count: Option<u64>,
}

#[derive(Deserialize)]
pub(crate) struct Attachments {
    media_keys: Option<Vec<String>>,
    #[serde(rename = "media_source_tweet_id")]
    media_source_post_ids: Option<Vec<PostId>>,
    poll_ids: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub(crate) struct ContextAnnotation {
    domain: Option<ContextTerm>,
    entity: Option<ContextTerm>,
}

#[derive(Deserialize)]
pub(crate) struct ContextTerm {
    id: Option<String>,
    name: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct EditControls {
    is_edit_eligible: Option<bool>,
    #[serde(default, deserialize_with = "time")]
    editable_until: Option<Timestamp>,
    edits_remaining: Option<i64>,
}

#[derive(Deserialize)]
pub(crate) struct MediaMetadata {
    media_key: Option<String>,
    alt_text: Option<String>,
    title: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct NotePost {
    text: Option<String>,
    entities: Option<Entities>,
}

#[derive(Deserialize)]
pub(crate) struct PostGeo {
    coordinates: Option<Point>,
    place_id: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Point {
    #[serde(rename = "type")]
    kind: Option<String>,
    coordinates: Option<Vec<f64>>,
}

#[derive(Deserialize)]
pub(crate) struct ReferencedPost {
    #[serde(rename = "type")]
    kind: ReferenceKind,
    id: PostId,
}

#[derive(Deserialize)]
pub(crate) struct PostScopes {
    followers: Option<bool>,
}

#[derive(Deserialize)]
pub(crate) struct PostWithheld {
    copyright: Option<bool>,
    country_codes: Option<Vec<String>>,
    scope: Option<WithheldScope>,
}

#[derive(Deserialize)]
pub(crate) enum ConnectionStatus {
    #[serde(rename = "blocking")]
    Blocking,
    #[serde(rename = "follow_request_received")]
    FollowRequestReceived,
    #[serde(rename = "follow_request_sent")]
    FollowRequestSent,
    #[serde(rename = "followed_by")]
    FollowedBy,
    #[serde(rename = "following")]
    Following,
    #[serde(rename = "muting")]
    Muting,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(crate) enum SubscriptionType {
    #[serde(rename = "Basic")]
    Basic,
    #[serde(rename = "Premium")]
    Premium,
    #[serde(rename = "PremiumPlus")]
    PremiumPlus,
    #[serde(rename = "None")]
    None,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(crate) enum VerifiedType {
    #[serde(rename = "blue")]
    Blue,
    #[serde(rename = "business")]
    Business,
    #[serde(rename = "government")]
    Government,
    #[serde(rename = "none")]
    None,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(crate) enum WithheldScope {
    #[serde(rename = "tweet", alias = "post")]
    Post,
    #[serde(rename = "user")]
    User,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(crate) enum ReferenceKind {
    #[serde(rename = "quoted")]
    Quoted,
    #[serde(rename = "replied_to")]
    RepliedTo,
    #[serde(rename = "retweeted")]
    Reposted,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(crate) enum ReplySettings {
    #[serde(rename = "everyone")]
    Everyone,
    #[serde(rename = "mentionedUsers")]
    MentionedUsers,
    #[serde(rename = "following")]
    Following,
    #[serde(rename = "other")]
    OtherSetting,
    #[serde(rename = "subscribers")]
    Subscribers,
    #[serde(rename = "verified")]
    Verified,
    #[serde(other)]
    Other,
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<&str>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}
