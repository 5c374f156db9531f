//! Answers that carry users.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer};
use serde::ser::Serializer;

use super::includes::Includes;
use super::problem::Problem;
use super::user::User;
use crate::Vocabulary;
use crate::id::shortened;
use crate::wire::{Wire, object, serde_through_wire, text};

object! {
    /// One page of a block list, the newest block first.
    ///
    /// A page can hold fewer users than were asked for, even none, and not be the last: only a
    /// [`Meta`] without `next_token` ends the list.
    ///
    /// A page that was paid for is not lost to one odd value: an optional field that has another
    /// type than it should is `None`, and its text stands in the `extra` of its object, from where
    /// it is written back. [`FromJson`](crate::FromJson) tells of it. Only what nothing can be
    /// done without makes a page an error, which names it: `meta`, its count and tokens, that
    /// `data` is a list, and the id of each of its users.
    ///
    /// ```
    /// use blocks_domain::BlockingPage;
    ///
    /// let json = r#"{"meta":{"result_count":0,"next_token":"7140dibdnow9c7btw482"}}"#;
    /// let page: BlockingPage = serde_json::from_str(json)?;
    /// assert!(page.users().is_empty());
    /// assert!(page.meta.next_token.is_some());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct BlockingPage {
        /// The blocked users; a page without users has no such key.
        pub data: Option<Vec<User>> = "data" else fail,
        /// What the expansions brought along.
        pub includes: Option<Includes> = "includes",
        /// What went wrong with a part of the answer.
        pub errors: Option<Vec<Problem>> = "errors",
        /// How many users there are and how to go on; never missing.
        pub meta: Meta = "meta",
    }
}

impl BlockingPage {
    /// A page of these users; without users it has no `data`, as X answers.
    #[must_use]
    pub fn new(users: Vec<User>, meta: Meta) -> Self {
        let data = if users.is_empty() { None } else { Some(users) };
        Self { data, includes: None, errors: None, meta, extra: crate::Extra::default() }
    }

    /// The users, none if the page has no `data`.
    #[must_use]
    pub fn users(&self) -> &[User] {
        self.data.as_deref().unwrap_or_default()
    }

    /// What went wrong with a part of the answer.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        self.errors.as_deref().unwrap_or_default()
    }
}

object! {
    /// How many users a page holds and how to go on.
    pub struct Meta {
        /// How many users the page says that it holds.
        pub result_count: u32 = "result_count",
        /// The page before; missing on the first one.
        pub previous_token: Option<PageToken> = "previous_token" else fail,
        /// The page after; missing on the last one and only there.
        pub next_token: Option<PageToken> = "next_token" else fail,
    }
}

impl Meta {
    /// The meta of an only page.
    #[must_use]
    pub fn new(result_count: u32) -> Self {
        Self {
            result_count,
            previous_token: None,
            next_token: None,
            extra: crate::Extra::default(),
        }
    }
}

/// The name of a page, as an answer gave it.
///
/// X alone knows what it means, and for how long. A token out of an answer may be shorter than X
/// says, but not one that no request could carry; [`PageToken::new`] checks what a person typed.
///
/// ```
/// use blocks_domain::PageToken;
///
/// let token = PageToken::new("7140dibdnow9c7btw482")?;
/// assert_eq!(token.as_str(), "7140dibdnow9c7btw482");
/// assert!(PageToken::new("7140").is_err());
/// # Ok::<(), blocks_domain::InvalidPageToken>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageToken(Box<str>);

impl PageToken {
    /// The fewest characters that X accepts in `pagination_token`.
    pub const MIN_LENGTH: usize = 16;

    /// The most bytes that a token may have: more would not fit into the address of a request.
    pub const MAX_LENGTH: usize = 4096;

    /// Takes a token that someone typed.
    ///
    /// # Errors
    /// It has fewer than 16 characters or more than 4096 bytes, or holds white space or control
    /// characters.
    pub fn new(text: &str) -> Result<Self, InvalidPageToken> {
        let long_enough = text.chars().nth(Self::MIN_LENGTH - 1).is_some();
        if long_enough && Self::can_be_sent(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidPageToken { text: shortened(text) })
        }
    }

    /// Whether a request can carry it.
    fn can_be_sent(text: &str) -> bool {
        (1..=Self::MAX_LENGTH).contains(&text.len())
            && !text.chars().any(|c| c.is_whitespace() || c.is_control())
    }

    /// The token as it stands in a request.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PageToken {
    type Err = InvalidPageToken;

    fn from_str(text: &str) -> Result<Self, InvalidPageToken> {
        Self::new(text)
    }
}

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Wire for PageToken {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let token = text(deserializer)?;
        if !Self::can_be_sent(&token) {
            let token = shortened(&token);
            return Err(de::Error::custom(format_args!("{token:?} cannot be a page token")));
        }
        Ok(Self(token.into()))
    }

    fn write<S: Serializer>(&self, _: Vocabulary, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

serde_through_wire!(PageToken);

#[cfg(feature = "schema")]
impl schemars::JsonSchema for PageToken {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PageToken".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "minLength": 1 })
    }
}

/// Why a text is no page token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a page token: a token has {min} or more characters and no white space",
    min = PageToken::MIN_LENGTH
)]
#[non_exhaustive]
pub struct InvalidPageToken {
    /// The text that was refused, shortened to 40 characters.
    pub text: String,
}

object! {
    /// The answer to a lookup of several users.
    #[derive(Default)]
    pub struct UsersPage {
        /// The users that were found, in the order of the request.
        pub data: Option<Vec<User>> = "data" else fail,
        /// What the expansions brought along.
        pub includes: Option<Includes> = "includes",
        /// One problem for each user that was not found.
        pub errors: Option<Vec<Problem>> = "errors",
    }
}

impl UsersPage {
    /// An answer with these users; without users it has no `data`, as X answers.
    #[must_use]
    pub fn new(users: Vec<User>) -> Self {
        Self { data: if users.is_empty() { None } else { Some(users) }, ..Self::default() }
    }

    /// The users that were found.
    #[must_use]
    pub fn users(&self) -> &[User] {
        self.data.as_deref().unwrap_or_default()
    }

    /// One problem for each user that was not found.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        self.errors.as_deref().unwrap_or_default()
    }
}

object! {
    /// The answer to the lookup of one user.
    #[derive(Default)]
    pub struct UserReply {
        /// The user.
        pub data: Option<User> = "data" else fail,
        /// What the expansions brought along.
        pub includes: Option<Includes> = "includes",
        /// Why there is no user, or what is missing of it.
        pub errors: Option<Vec<Problem>> = "errors",
    }
}

impl UserReply {
    /// An answer with this user.
    #[must_use]
    pub fn new(user: User) -> Self {
        Self { data: Some(user), ..Self::default() }
    }

    /// Why there is no user, or what is missing of it.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        self.errors.as_deref().unwrap_or_default()
    }
}
