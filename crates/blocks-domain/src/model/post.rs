//! A post, with everything that the API says about one.

use jiff::Timestamp;

use super::entities::Entities;
use super::post_parts::{
    Attachments, ContextAnnotation, EditControls, MediaMetadata, NotePost, PostGeo, PostMetrics,
    PostScopes, PostWithheld, ReferencedPost, ReplySettings,
};
use crate::wire::object;
use crate::{PostId, RawJson, UserId};

object! {
    /// A post.
    ///
    /// Only the id is certain. X sends `text` and the edit history unasked as well; the rest
    /// comes when `tweet.fields` (`post.fields`) asks for it and the post has it.
    ///
    /// Where the official descriptions contradict each other or give no shape, the field holds
    /// the JSON as it came.
    pub struct Post {
        /// The id, which never changes.
        pub id: PostId = "id",
        /// The text; the first part of it when there is a [`Self::note_post`].
        pub text: Option<String> = "text",
        /// The long article that the post announces. Its shape is not documented.
        pub article: Option<RawJson> = "article",
        /// The title of that article. Its shape is not documented.
        pub article_title: Option<RawJson> = "article_title",
        /// Pictures, videos and polls.
        pub attachments: Option<Attachments> = "attachments",
        /// The user who wrote it.
        pub author_id: Option<UserId> = "author_id",
        /// The address of the card below the text.
        pub card_uri: Option<String> = "card_uri",
        /// The community in which it was posted.
        pub community_id: Option<String> = "community_id",
        /// What X believes the post is about.
        pub context_annotations: Option<Vec<ContextAnnotation>> = "context_annotations",
        /// The post that began the conversation.
        pub conversation_id: Option<PostId> = "conversation_id",
        /// When it was written.
        pub created_at: Option<Timestamp> = "created_at",
        /// Two positions: where the text that is shown begins and where it has ended.
        pub display_text_range: Option<Vec<u64>> = "display_text_range",
        /// How long and how often it can still be edited.
        pub edit_controls: Option<EditControls> = "edit_controls",
        /// All versions of the post, the oldest first.
        pub edit_history_post_ids: Option<Vec<PostId>> =
            "edit_history_tweet_ids" / "edit_history_post_ids",
        /// Links, tags and mentions in the text.
        pub entities: Option<Entities> = "entities",
        /// Where it was written.
        pub geo: Option<PostGeo> = "geo",
        /// The author of the post that this one answers.
        pub in_reply_to_user_id: Option<UserId> = "in_reply_to_user_id",
        /// The language of the text, as a BCP 47 tag.
        pub lang: Option<String> = "lang",
        /// Community notes on its media; documented as one object and as an array.
        pub matched_media_notes: Option<RawJson> = "matched_media_notes",
        /// Texts that describe its media.
        pub media_metadata: Option<Vec<MediaMetadata>> = "media_metadata",
        /// Counts for the author alone.
        pub non_public_metrics: Option<PostMetrics> = "non_public_metrics",
        /// The whole text of a long post.
        pub note_post: Option<NotePost> = "note_tweet" / "note_post",
        /// Suggestions for a community note; documented as one object and as an array.
        pub note_request_suggestions: Option<RawJson> = "note_request_suggestions",
        /// Counts outside of advertisements, for the author alone.
        pub organic_metrics: Option<PostMetrics> = "organic_metrics",
        /// Whether the post is declared as paid for.
        pub paid_partnership: Option<bool> = "paid_partnership",
        /// Whether a link or picture may not suit everyone.
        pub possibly_sensitive: Option<bool> = "possibly_sensitive",
        /// Counts as an advertisement, for the author alone.
        pub promoted_metrics: Option<PostMetrics> = "promoted_metrics",
        /// Counts that everyone can see.
        pub public_metrics: Option<PostMetrics> = "public_metrics",
        /// The posts that this one answers, quotes or repeats.
        pub referenced_posts: Option<Vec<ReferencedPost>> =
            "referenced_tweets" / "referenced_posts",
        /// Who may answer.
        pub reply_settings: Option<ReplySettings> = "reply_settings",
        /// Who may see it.
        pub scopes: Option<PostScopes> = "scopes",
        /// The program with which it was written; X no longer fills it.
        pub source: Option<String> = "source",
        /// Sources for a community note; documented as an array of objects and of strings.
        pub suggested_source_links: Option<RawJson> = "suggested_source_links",
        /// Sources with how often they were named; documented as one object and as an array.
        pub suggested_source_links_with_counts: Option<RawJson> =
            "suggested_source_links_with_counts",
        /// The handle of the author, without `@`.
        pub username: Option<String> = "username",
        /// Where the post is not shown.
        pub withheld: Option<PostWithheld> = "withheld",
    }
}

impl Post {
    /// A post of which nothing but the id is known.
    #[must_use]
    pub fn new(id: PostId) -> Self {
        Self {
            id,
            text: None,
            article: None,
            article_title: None,
            attachments: None,
            author_id: None,
            card_uri: None,
            community_id: None,
            context_annotations: None,
            conversation_id: None,
            created_at: None,
            display_text_range: None,
            edit_controls: None,
            edit_history_post_ids: None,
            entities: None,
            geo: None,
            in_reply_to_user_id: None,
            lang: None,
            matched_media_notes: None,
            media_metadata: None,
            non_public_metrics: None,
            note_post: None,
            note_request_suggestions: None,
            organic_metrics: None,
            paid_partnership: None,
            possibly_sensitive: None,
            promoted_metrics: None,
            public_metrics: None,
            referenced_posts: None,
            reply_settings: None,
            scopes: None,
            source: None,
            suggested_source_links: None,
            suggested_source_links_with_counts: None,
            username: None,
            withheld: None,
            extra: crate::Extra::default(),
        }
    }
}
