//! What has a meaning of its own in a text: links, tags, mentions.

use crate::UserId;
use crate::wire::object;

object! {
    /// The parts of a text that have a meaning of their own.
    ///
    /// Positions count the characters of the text from zero; `start` is the first character of a
    /// part and `end` the one after its last.
    #[derive(Default)]
    pub struct Entities {
        /// What was recognised as a person, a place, a product and the like; only in posts.
        pub annotations: Option<Vec<Annotation>> = "annotations",
        /// Ticker symbols, such as `$TWTR`.
        pub cashtags: Option<Vec<TagEntity>> = "cashtags",
        /// Hashtags.
        pub hashtags: Option<Vec<TagEntity>> = "hashtags",
        /// Handles.
        pub mentions: Option<Vec<MentionEntity>> = "mentions",
        /// Links.
        pub urls: Option<Vec<UrlEntity>> = "urls",
    }
}

object! {
    /// A link in a text.
    pub struct UrlEntity {
        /// The position of its first character.
        pub start: u64 = "start",
        /// The position after its last character.
        pub end: u64 = "end",
        /// The link as it stands in the text, usually a `t.co` address.
        pub url: Option<String> = "url",
        /// The address behind it.
        pub expanded_url: Option<String> = "expanded_url",
        /// The address as it is shown, shortened.
        pub display_url: Option<String> = "display_url",
        /// The address at the end of all redirects.
        pub unwound_url: Option<String> = "unwound_url",
        /// The HTTP status with which that address answered.
        pub status: Option<u16> = "status",
        /// The title of the page.
        pub title: Option<String> = "title",
        /// The description of the page.
        pub description: Option<String> = "description",
        /// The pictures of the page.
        pub images: Option<Vec<UrlImage>> = "images",
        /// The picture or video that the link stands for.
        pub media_key: Option<String> = "media_key",
    }
}

impl UrlEntity {
    /// A link from `start` up to, but not including, `end`.
    #[must_use]
    pub fn new(start: u64, end: u64) -> Self {
        Self {
            start,
            end,
            url: None,
            expanded_url: None,
            display_url: None,
            unwound_url: None,
            status: None,
            title: None,
            description: None,
            images: None,
            media_key: None,
            extra: crate::Extra::default(),
        }
    }
}

object! {
    /// A picture of a linked page.
    #[derive(Default)]
    pub struct UrlImage {
        /// Its address.
        pub url: Option<String> = "url",
        /// Its width in pixels.
        pub width: Option<u64> = "width",
        /// Its height in pixels.
        pub height: Option<u64> = "height",
    }
}

object! {
    /// A hashtag or a cashtag in a text.
    pub struct TagEntity {
        /// The position of the sign before the tag.
        pub start: u64 = "start",
        /// The position after the last character.
        pub end: u64 = "end",
        /// The tag without its sign; some documents call the key `hashtag` or `cashtag`.
        pub tag: String = "tag" also "hashtag" also "cashtag",
    }
}

impl TagEntity {
    /// A tag from `start` up to, but not including, `end`.
    #[must_use]
    pub fn new(start: u64, end: u64, tag: impl Into<String>) -> Self {
        Self { start, end, tag: tag.into(), extra: crate::Extra::default() }
    }
}

object! {
    /// A handle in a text.
    pub struct MentionEntity {
        /// The position of the `@`.
        pub start: u64 = "start",
        /// The position after the last character.
        pub end: u64 = "end",
        /// The handle without `@`.
        pub username: Option<String> = "username",
        /// The user of that handle, if there is one.
        pub id: Option<UserId> = "id",
    }
}

impl MentionEntity {
    /// A mention from `start` up to, but not including, `end`.
    #[must_use]
    pub fn new(start: u64, end: u64) -> Self {
        Self { start, end, username: None, id: None, extra: crate::Extra::default() }
    }
}

object! {
    /// Something that was recognised in the text of a post.
    pub struct Annotation {
        /// The position of its first character.
        pub start: u64 = "start",
        /// The position of its last character: unlike elsewhere, it belongs to the part.
        pub end: u64 = "end",
        /// How sure the recognition is, from 0 to 1.
        pub probability: Option<f64> = "probability",
        /// What kind of thing it is (`Person`, `Place`); X lists no values.
        pub kind: Option<String> = "type",
        /// The words of the text that name it.
        pub normalized_text: Option<String> = "normalized_text",
    }
}

impl Annotation {
    /// An annotation from `start` up to and including `end`.
    #[must_use]
    pub fn new(start: u64, end: u64) -> Self {
        Self {
            start,
            end,
            probability: None,
            kind: None,
            normalized_text: None,
            extra: crate::Extra::default(),
        }
    }
}
