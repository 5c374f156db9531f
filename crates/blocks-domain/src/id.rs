//! The ids and handles of the API.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an id: an id is 1 to 19 decimal digits without a leading zero")]
#[non_exhaustive]
pub struct InvalidId {
    /// The text that was refused, shortened to 40 characters.
    pub text: String,
}

/// Longer input is shortened before it stands in an error.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn parse(text: &str) -> Result<u64, InvalidId> {
    let bytes = text.as_bytes();
    let digits = (1..=19).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit);
    let canonical = bytes.len() == 1 || bytes.first() != Some(&b'0');
    match text.parse() {
        Ok(id) if digits && canonical => Ok(id),
        _ => Err(InvalidId { text: shortened(text) }),
    }
}

/// Defines an id: a number here, a string of digits on the wire.
macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $what:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The largest id that the API can spell: 19 nines.
            pub const MAX: Self = Self(9_999_999_999_999_999_999);

            /// An id from its number; `None` above [`Self::MAX`].
            #[must_use]
            pub const fn new(id: u64) -> Option<Self> {
                if id <= Self::MAX.0 { Some(Self(id)) } else { None }
            }

            /// The id as a number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Digits;

                impl Visitor<'_> for Digits {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("the id of ", $what, ", a string of 1 to 19 digits"))
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Digits)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": "^(0|[1-9][0-9]{0,18})$" })
            }
        }
    };
}

id! {
    /// The id of a user.
    ///
    /// ```
    /// use blocks_domain::UserId;
    ///
    /// let id: UserId = "2244994945".parse()?;
    /// assert_eq!(id.get(), 2_244_994_945);
    /// assert!("+7".parse::<UserId>().is_err());
    /// assert!("007".parse::<UserId>().is_err());
    /// # Ok::<(), blocks_domain::InvalidId>(())
    /// ```
    UserId, "a user"
}

id! {
    /// The id of a post.
    PostId, "a post"
}

id! {
    /// The id of a subscription to somebody's activity.
    SubscriptionId, "a subscription"
}

/// Why a text is no handle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a handle: a handle is 1 to 15 letters, digits or underscores")]
#[non_exhaustive]
pub struct InvalidUsername {
    /// The text that was refused, shortened to 40 characters.
    pub text: String,
}

/// The handle of a user as one may ask for it: 1 to 15 letters, digits or underscores.
///
/// Answers can hold older, longer handles, which is why [`User::username`](crate::User) is plain
/// text. Handles are compared without regard to case.
///
/// ```
/// use blocks_domain::Username;
///
/// let handle: Username = "@XDevelopers".parse()?;
/// assert_eq!(handle.as_str(), "XDevelopers");
/// assert_eq!(handle, "xdevelopers".parse()?);
/// # Ok::<(), blocks_domain::InvalidUsername>(())
/// ```
#[derive(Debug, Clone)]
pub struct Username(Box<str>);

impl Username {
    /// The handle without the leading `@`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Username {
    type Err = InvalidUsername;

    fn from_str(text: &str) -> Result<Self, InvalidUsername> {
        let handle = text.strip_prefix('@').unwrap_or(text);
        let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
        if (1..=15).contains(&handle.len()) && handle.as_bytes().iter().all(word) {
            Ok(Self(handle.into()))
        } else {
            Err(InvalidUsername { text: shortened(text) })
        }
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for Username {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Username {}

impl std::hash::Hash for Username {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_id_is_refused_by_name() {
        let long = "9".repeat(20);
        for text in ["", "+7", "-7", "007", "1e3", " 7", "7 ", "٧", "9.5E16", &long] {
            let error = text.parse::<UserId>().expect_err(text);
            assert!(error.to_string().contains("1 to 19 decimal digits"), "{error}");
        }
    }

    #[test]
    fn an_error_never_carries_a_whole_page() {
        let error = "x".repeat(10_000).parse::<UserId>().expect_err("no id");
        assert_eq!(error.text.chars().count(), 41);
    }

    proptest! {
        #[test]
        fn every_id_comes_back_from_its_text(id in 0..=UserId::MAX.get()) {
            let id = UserId::new(id).expect("in range");
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            let json = serde_json::to_string(&id).expect("json");
            prop_assert_eq!(serde_json::from_str::<UserId>(&json).expect("id"), id);
        }
    }
}
