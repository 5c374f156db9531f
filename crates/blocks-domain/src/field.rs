//! What a request can ask for: fields of users and posts, and expansions.

use std::fmt;
use std::str::FromStr;

use crate::id::shortened;
use crate::{Place, Vocabulary, translate};

/// A value that a parameter does not take.
///
/// The message names the parameter, the value, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{parameter}` does not take {value:?}; it takes {allowed}")]
#[non_exhaustive]
pub struct InvalidValue {
    /// The parameter as the request spells it.
    pub parameter: &'static str,
    /// The refused value, shortened to 40 characters.
    pub value: String,
    /// What would have been taken, in words.
    pub allowed: String,
}

impl InvalidValue {
    /// Says that `parameter` does not take `value`, but what `allowed` says.
    #[must_use]
    pub fn new(parameter: &'static str, value: &str, allowed: impl Into<String>) -> Self {
        Self { parameter, value: shortened(value), allowed: allowed.into() }
    }
}

/// One value that a parameter of the API can list.
///
/// Implemented by [`UserField`], [`PostField`] and [`Expansion`].
pub trait Choice: Copy + Ord + fmt::Debug + 'static {
    /// Every choice that exists in one vocabulary or the other.
    const ALL: &'static [Self];
    /// Where its words stand in [`RENAMES`](crate::RENAMES).
    const PLACE: Place;
    /// The parameter that lists it, in tweet words.
    const PARAMETER: &'static str;
    /// The choices that an answer holds without being asked for them.
    const DEFAULT: &'static [Self];

    /// The word that names it: the tweet word, or the post word where there is no other.
    fn name(self) -> &'static str;

    /// How `vocabulary` spells it; `None` where that vocabulary has no word for it.
    fn word(self, vocabulary: Vocabulary) -> Option<&'static str> {
        translate(Self::PLACE, self.name(), vocabulary)
    }

    /// How `vocabulary` spells the parameter.
    #[must_use]
    fn parameter(vocabulary: Vocabulary) -> &'static str {
        translate(Place::Parameter, Self::PARAMETER, vocabulary).unwrap_or(Self::PARAMETER)
    }

    /// Every word that `vocabulary` has for the parameter, in alphabetical order.
    #[must_use]
    fn words(vocabulary: Vocabulary) -> Vec<&'static str> {
        let mut words: Vec<_> = Self::ALL.iter().filter_map(|c| c.word(vocabulary)).collect();
        words.sort_unstable();
        words
    }

    /// Finds a choice by its word in `vocabulary`.
    ///
    /// # Errors
    /// The vocabulary has no such word; the message says whether the other one has it.
    fn from_word(word: &str, vocabulary: Vocabulary) -> Result<Self, InvalidValue> {
        if let Some(found) = Self::ALL.iter().find(|c| c.word(vocabulary) == Some(word)) {
            return Ok(*found);
        }
        let stranger =
            Self::ALL.iter().find(|c| Vocabulary::ALL.iter().any(|v| c.word(*v) == Some(word)));
        Err(match stranger {
            Some(choice) => unspellable(*choice, word, vocabulary),
            None => InvalidValue::new(
                Self::parameter(vocabulary),
                word,
                Self::words(vocabulary).join(", "),
            ),
        })
    }
}

/// The error for a choice that `vocabulary` spells otherwise, or not at all.
pub(crate) fn unspellable<C: Choice>(
    choice: C,
    word: &str,
    vocabulary: Vocabulary,
) -> InvalidValue {
    let allowed = match choice.word(vocabulary) {
        Some(right) => format!("`{right}` in its place: the vocabulary is `{vocabulary}`"),
        None => format!(
            "{} in the vocabulary `{vocabulary}`, and `{}` only in the other one",
            C::words(vocabulary).join(", "),
            choice.name(),
        ),
    };
    InvalidValue::new(C::parameter(vocabulary), word, allowed)
}

macro_rules! choices {
    (
        $(#[$meta:meta])*
        pub enum $name:ident: $place:ident of $parameter:literal, unasked [$($default:ident),*] {
            $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)*
        }

        impl Choice for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),*];
            const PLACE: Place = Place::$place;
            const PARAMETER: &'static str = $parameter;
            const DEFAULT: &'static [Self] = &[$(Self::$default),*];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        /// Reads the word of either vocabulary.
        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(word: &str) -> Result<Self, InvalidValue> {
                Self::from_word(word, Vocabulary::Tweet)
                    .or_else(|error| Self::from_word(word, Vocabulary::Post).map_err(|_| error))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

choices! {
    /// A field of a user, as `user.fields` lists it.
    ///
    /// An answer holds `id`, `name` and `username` unasked.
    ///
    /// ```
    /// use blocks_domain::{Choice, UserField, Vocabulary};
    ///
    /// let error = UserField::from_word("karma", Vocabulary::Tweet).unwrap_err();
    /// assert!(error.to_string().starts_with("`user.fields` does not take \"karma\"; it takes affiliation, "));
    /// ```
    pub enum UserField: UserField of "user.fields", unasked [Id, Name, Username] {
        /// The organisation that the account belongs to.
        Affiliation = "affiliation",
        /// The signed-in user's confirmed e-mail address.
        ConfirmedEmail = "confirmed_email",
        /// What stands between the signed-in user and this one.
        ConnectionStatus = "connection_status",
        /// When the account was made.
        CreatedAt = "created_at",
        /// The bio.
        Description = "description",
        /// Links, hashtags, cashtags and mentions in the profile.
        Entities = "entities",
        /// The id, which is always there.
        Id = "id",
        /// Whether the person behind the account proved who they are.
        IsIdentityVerified = "is_identity_verified",
        /// The location as the person wrote it.
        Location = "location",
        /// The id of the newest post.
        MostRecentPost = "most_recent_tweet_id",
        /// The name, which is always there.
        Name = "name",
        /// Whether the account says that it is a parody.
        Parody = "parody",
        /// The id of the pinned post.
        PinnedPost = "pinned_tweet_id",
        /// The address of the banner.
        ProfileBannerUrl = "profile_banner_url",
        /// The address of the avatar.
        ProfileImageUrl = "profile_image_url",
        /// Whether the posts are private.
        Protected = "protected",
        /// Counts of followers, posts and the like.
        PublicMetrics = "public_metrics",
        /// Whether the signed-in user may send a direct message.
        ReceivesYourDm = "receives_your_dm",
        /// Whether the account subscribes to the signed-in user.
        SubscribesToYou = "subscribes_to_you",
        /// The subscription between the two accounts.
        Subscription = "subscription",
        /// The paid plan of the account.
        SubscriptionType = "subscription_type",
        /// The website in the profile.
        Url = "url",
        /// The handle, which is always there.
        Username = "username",
        /// Whether the account is verified.
        Verified = "verified",
        /// How many verified accounts follow this one.
        VerifiedFollowersCount = "verified_followers_count",
        /// The kind of verification.
        VerifiedType = "verified_type",
        /// Where the account is withheld.
        Withheld = "withheld",
    }
}

choices! {
    /// A field of a post, as `tweet.fields` (`post.fields`) lists it.
    ///
    /// It is answered only together with an expansion that brings posts in.
    pub enum PostField: PostField of "tweet.fields", unasked [EditHistory, Id, Text] {
        /// A long-form article.
        Article = "article",
        /// The title of a long-form article.
        ArticleTitle = "article_title",
        /// Media and polls in the post.
        Attachments = "attachments",
        /// Who wrote it.
        AuthorId = "author_id",
        /// The address of a card.
        CardUri = "card_uri",
        /// The community it was posted in.
        CommunityId = "community_id",
        /// Topics that X found in it.
        ContextAnnotations = "context_annotations",
        /// The post that began the conversation.
        ConversationId = "conversation_id",
        /// When it was posted.
        CreatedAt = "created_at",
        /// Which part of the text is shown.
        DisplayTextRange = "display_text_range",
        /// Whether, until when and how often it can be edited.
        EditControls = "edit_controls",
        /// All versions of the post.
        EditHistory = "edit_history_tweet_ids",
        /// Links, hashtags, cashtags and mentions in the text.
        Entities = "entities",
        /// The place that the author tagged.
        Geo = "geo",
        /// The id.
        Id = "id",
        /// Whom it replies to.
        InReplyToUserId = "in_reply_to_user_id",
        /// The language, as X guessed it.
        Lang = "lang",
        /// Community notes on its media.
        MatchedMediaNotes = "matched_media_notes",
        /// Texts that describe its media.
        MediaMetadata = "media_metadata",
        /// Counts that only the author sees.
        NonPublicMetrics = "non_public_metrics",
        /// The whole text of a long post.
        NotePost = "note_tweet",
        /// Suggestions that ask for a community note.
        NoteRequestSuggestions = "note_request_suggestions",
        /// Counts from unpaid reach.
        OrganicMetrics = "organic_metrics",
        /// Whether it is marked as a paid partnership.
        PaidPartnership = "paid_partnership",
        /// Whether it may hold sensitive content.
        PossiblySensitive = "possibly_sensitive",
        /// Counts from paid reach.
        PromotedMetrics = "promoted_metrics",
        /// Counts that everybody sees.
        PublicMetrics = "public_metrics",
        /// Posts that it quotes, reposts or replies to.
        ReferencedPosts = "referenced_tweets",
        /// Who may reply.
        ReplySettings = "reply_settings",
        /// Who may see it.
        Scopes = "scopes",
        /// The program it was posted with.
        Source = "source",
        /// Links suggested for a community note.
        SuggestedSourceLinks = "suggested_source_links",
        /// The same links with their counts.
        SuggestedSourceLinksWithCounts = "suggested_source_links_with_counts",
        /// The text.
        Text = "text",
        /// Where it is withheld.
        Withheld = "withheld",
    }
}

choices! {
    /// An object that an answer can bring along, as `expansions` lists it.
    pub enum Expansion: Expansion of "expansions", unasked [] {
        /// The organisation that an account belongs to.
        Affiliation = "affiliation.user_id",
        /// The newest post of a user.
        MostRecentPost = "most_recent_tweet_id",
        /// The pinned post of a user.
        PinnedPost = "pinned_tweet_id",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RENAMES;

    fn every_word_is_read_back<C: Choice>() {
        for vocabulary in Vocabulary::ALL {
            for choice in C::ALL {
                if let Some(word) = choice.word(vocabulary) {
                    assert_eq!(C::from_word(word, vocabulary), Ok(*choice));
                }
            }
            let words = C::words(vocabulary);
            assert!(words.windows(2).all(|pair| pair[0] < pair[1]), "{words:?}");
        }
    }

    #[test]
    fn words_name_one_choice_each() {
        every_word_is_read_back::<UserField>();
        every_word_is_read_back::<PostField>();
        every_word_is_read_back::<Expansion>();
    }

    #[test]
    fn the_counts_are_those_of_the_official_files() {
        assert_eq!(UserField::words(Vocabulary::Tweet).len(), 26);
        assert_eq!(UserField::words(Vocabulary::Post).len(), 24);
        assert_eq!(PostField::words(Vocabulary::Tweet).len(), 34);
        assert_eq!(PostField::words(Vocabulary::Post).len(), 31);
        assert_eq!(
            Expansion::words(Vocabulary::Post),
            ["affiliation", "most_recent_post_id", "pinned_post_id"]
        );
    }

    #[test]
    fn a_rename_of_a_choice_is_about_a_choice_that_exists() {
        let known = |place, word: Option<&str>| {
            word.is_none_or(|word| match place {
                Place::UserField => word.parse::<UserField>().is_ok(),
                Place::PostField => word.parse::<PostField>().is_ok(),
                Place::Expansion => word.parse::<Expansion>().is_ok(),
                _ => true,
            })
        };
        for row in RENAMES {
            assert!(known(row.place, row.tweet) && known(row.place, row.post), "{row:?}");
        }
    }

    #[test]
    fn an_error_names_the_other_vocabulary_where_that_helps() {
        let error = Expansion::from_word("pinned_tweet_id", Vocabulary::Post).expect_err("renamed");
        assert_eq!(
            error.to_string(),
            "`expansions` does not take \"pinned_tweet_id\"; it takes `pinned_post_id` in its place: \
             the vocabulary is `post`"
        );
        let error = PostField::from_word("author_id", Vocabulary::Post).expect_err("dropped");
        assert!(error.to_string().starts_with("`post.fields` does not take"), "{error}");
        assert!(error.to_string().ends_with("and `author_id` only in the other one"), "{error}");
    }

    #[test]
    fn the_reference_row_that_is_no_field_is_refused() {
        // The reference lists `withheld.country_codes` among the user's fields; the server knows `withheld` only.
        assert!("withheld.country_codes".parse::<UserField>().is_err());
    }
}
