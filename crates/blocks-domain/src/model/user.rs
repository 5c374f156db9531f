//! A user, with everything that the API says about one.

use std::fmt;

use jiff::Timestamp;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::entities::Entities;
use crate::wire::{Wire, object, open_enum, serde_through_wire};
use crate::{PostId, UserId, Vocabulary};

object! {
    /// A user of X.
    ///
    /// Only the id is certain. X sends `name` and `username` unasked as well; the rest comes when
    /// `user.fields` asks for it and the user has it.
    ///
    /// ```
    /// use blocks_domain::{User, Vocabulary};
    ///
    /// let json = r#"{"id":"7","username":"seven","pinned_tweet_id":"20"}"#;
    /// let user: User = serde_json::from_str(json)?;
    /// assert_eq!(user.pinned_post_id.map(|id| id.get()), Some(20));
    ///
    /// let post_words = serde_json::to_string(&user.spelled(Vocabulary::Post))?;
    /// assert_eq!(post_words, r#"{"id":"7","username":"seven","pinned_post_id":"20"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct User {
        /// The id, which never changes.
        pub id: UserId = "id",
        /// The name shown on the profile; free text.
        pub name: Option<String> = "name",
        /// The handle, without `@`. Some old handles are longer than a new one may be.
        pub username: Option<String> = "username",
        /// The organisation whose badge the user wears.
        pub affiliation: Option<Affiliation> = "affiliation",
        /// The confirmed mail address; only of the signed-in user.
        pub confirmed_email: Option<String> = "confirmed_email",
        /// How the signed-in user and this one stand to each other.
        pub connection_status: Option<Vec<ConnectionStatus>> = "connection_status",
        /// When the account was created.
        pub created_at: Option<Timestamp> = "created_at",
        /// The bio; free text.
        pub description: Option<String> = "description",
        /// What has a meaning of its own in the bio and in the website.
        pub entities: Option<UserEntities> = "entities",
        /// Whether X has checked the person's identity.
        pub is_identity_verified: Option<bool> = "is_identity_verified",
        /// The place that the user wrote down; free text.
        pub location: Option<String> = "location",
        /// The user's latest post.
        pub most_recent_post_id: Option<PostId> = "most_recent_tweet_id" / "most_recent_post_id",
        /// Whether the account is labelled as a parody.
        pub parody: Option<bool> = "parody",
        /// The post at the top of the profile.
        pub pinned_post_id: Option<PostId> = "pinned_tweet_id" / "pinned_post_id",
        /// The address of the wide picture above the profile.
        pub profile_banner_url: Option<String> = "profile_banner_url",
        /// The address of the profile picture.
        pub profile_image_url: Option<String> = "profile_image_url",
        /// Whether only approved followers see the posts.
        pub protected: Option<bool> = "protected",
        /// Counts that everyone can see.
        pub public_metrics: Option<UserMetrics> = "public_metrics",
        /// Whether the user takes direct messages from the signed-in one.
        pub receives_your_dm: Option<bool> = "receives_your_dm",
        /// Whether the user subscribes to the signed-in one.
        pub subscribes_to_you: Option<bool> = "subscribes_to_you",
        /// The same as [`Self::subscribes_to_you`], in the shape in which X first sent it.
        pub subscription: Option<Subscription> = "subscription",
        /// What the user pays X for; only of the signed-in user.
        pub subscription_type: Option<SubscriptionType> = "subscription_type",
        /// The website on the profile, usually a `t.co` link.
        pub url: Option<String> = "url",
        /// Whether there is a badge of any kind.
        pub verified: Option<bool> = "verified",
        /// How many of the followers are verified.
        pub verified_followers_count: Option<u64> = "verified_followers_count",
        /// The kind of badge.
        pub verified_type: Option<VerifiedType> = "verified_type",
        /// Where the account is not shown.
        pub withheld: Option<UserWithheld> = "withheld",
    }
}

impl User {
    /// A user of whom nothing but the id is known.
    #[must_use]
    pub fn new(id: UserId) -> Self {
        Self {
            id,
            name: None,
            username: None,
            affiliation: None,
            confirmed_email: None,
            connection_status: None,
            created_at: None,
            description: None,
            entities: None,
            is_identity_verified: None,
            location: None,
            most_recent_post_id: None,
            parody: None,
            pinned_post_id: None,
            profile_banner_url: None,
            profile_image_url: None,
            protected: None,
            public_metrics: None,
            receives_your_dm: None,
            subscribes_to_you: None,
            subscription: None,
            subscription_type: None,
            url: None,
            verified: None,
            verified_followers_count: None,
            verified_type: None,
            withheld: None,
            extra: crate::Extra::default(),
        }
    }
}

object! {
    /// The public counts of a user.
    #[derive(Default)]
    pub struct UserMetrics {
        /// How many users follow this one.
        pub followers_count: Option<u64> = "followers_count",
        /// How many users this one follows.
        pub following_count: Option<u64> = "following_count",
        /// How many posts the user wrote, reposts included.
        pub post_count: Option<u64> = "tweet_count" / "post_count",
        /// How many lists the user is on.
        pub listed_count: Option<u64> = "listed_count",
        /// How many posts the user liked.
        pub like_count: Option<u64> = "like_count",
        /// How many pictures and videos the user posted.
        pub media_count: Option<u64> = "media_count",
    }
}

object! {
    /// An organisation that lends a user its badge.
    #[derive(Default)]
    pub struct Affiliation {
        /// The address of the badge's picture.
        pub badge_url: Option<String> = "badge_url",
        /// What the badge says.
        pub description: Option<String> = "description",
        /// Where the badge leads to.
        pub url: Option<String> = "url",
        /// The organisation's account.
        pub user_id: Option<AffiliationIds> = "user_id",
    }
}

/// The accounts of an organisation.
///
/// X has documented one id and a list of ids at different times. Both are read, and written in
/// the shape in which they came.
///
/// ```
/// use blocks_domain::AffiliationIds;
///
/// let one: AffiliationIds = serde_json::from_str(r#""7""#)?;
/// let many: AffiliationIds = serde_json::from_str(r#"["7"]"#)?;
/// assert_eq!(one.as_slice(), many.as_slice());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged))]
pub enum AffiliationIds {
    /// A single id, a string on the wire.
    One(UserId),
    /// An array of ids.
    Many(Vec<UserId>),
}

impl AffiliationIds {
    /// The ids, whatever shape they came in.
    #[must_use]
    pub fn as_slice(&self) -> &[UserId] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::Many(ids) => ids,
        }
    }
}

impl Wire for AffiliationIds {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = AffiliationIds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the id of a user, or an array of them")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse().map(AffiliationIds::One).map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut ids = Vec::new();
                while let Some(id) = seq.next_element()? {
                    ids.push(id);
                }
                Ok(AffiliationIds::Many(ids))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }

    fn write<S: Serializer>(&self, _: Vocabulary, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(id) => id.serialize(serializer),
            Self::Many(ids) => ids.serialize(serializer),
        }
    }
}

serde_through_wire!(AffiliationIds);

object! {
    /// Whether a user pays the signed-in one.
    #[derive(Default)]
    pub struct Subscription {
        /// Whether the user subscribes to the signed-in one.
        pub subscribes_to_you: Option<bool> = "subscribes_to_you",
    }
}

object! {
    /// Where an account is not shown.
    #[derive(Default)]
    pub struct UserWithheld {
        /// The countries, as two capital letters each (`DE`).
        pub country_codes: Option<Vec<String>> = "country_codes",
        /// What is withheld; here always the user.
        pub scope: Option<WithheldScope> = "scope",
    }
}

object! {
    /// What has a meaning of its own in a profile's texts.
    #[derive(Default)]
    pub struct UserEntities {
        /// In the website; only its `urls` are used.
        pub url: Option<Entities> = "url",
        /// In the bio.
        pub description: Option<Entities> = "description",
    }
}

open_enum! {
    /// The kind of a user's badge.
    pub enum VerifiedType {
        /// A paying or otherwise verified person.
        Blue = "blue",
        /// A verified organisation.
        Business = "business",
        /// An authority or one of its members.
        Government = "government",
        /// No badge.
        None = "none",
    }
}

open_enum! {
    /// How the signed-in user and another one stand to each other.
    pub enum ConnectionStatus {
        /// The signed-in user blocks the other one.
        Blocking = "blocking",
        /// The other one has asked to follow the signed-in user.
        FollowRequestReceived = "follow_request_received",
        /// The signed-in user has asked to follow the other one.
        FollowRequestSent = "follow_request_sent",
        /// The other one follows the signed-in user.
        FollowedBy = "followed_by",
        /// The signed-in user follows the other one.
        Following = "following",
        /// The signed-in user has muted the other one.
        Muting = "muting",
    }
}

open_enum! {
    /// What a user pays X for.
    pub enum SubscriptionType {
        /// The smallest subscription.
        Basic = "Basic",
        /// The middle one.
        Premium = "Premium",
        /// The largest one.
        PremiumPlus = "PremiumPlus",
        /// Nothing.
        None = "None",
    }
}

open_enum! {
    /// What is withheld in some countries.
    pub enum WithheldScope {
        /// A single post.
        Post = "tweet" / "post",
        /// The whole account.
        User = "user",
    }
}
