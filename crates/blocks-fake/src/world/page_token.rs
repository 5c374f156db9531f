//! Page tokens: a position in somebody's list, sealed.

use blocks_domain::{PageToken, UserId};
use jiff::Timestamp;

use super::blocks::Position;
use crate::seal::Seal;

const OLDER: u8 = 0;
const NEWER: u8 = 1;

/// What a page token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bookmark {
    pub(crate) position: Position,
    /// How many empty pages in a row have led here, so that their tokens differ.
    pub(crate) empty_pages: u8,
}

impl Bookmark {
    /// Where one reads without a token.
    pub(crate) const FIRST_PAGE: Self = Self::at(Position::Newest);

    pub(crate) const fn at(position: Position) -> Self {
        Self { position, empty_pages: 0 }
    }

    /// The token that leads a user here until it expires.
    pub(crate) fn token(self, user: UserId, expires_at: Timestamp, seal: &Seal) -> PageToken {
        let (direction, number) = match self.position {
            Position::Newest => (OLDER, u64::MAX),
            Position::OlderThan(number) => (OLDER, number),
            Position::NewerThan(number) => (NEWER, number),
        };
        let mut content = vec![direction, self.empty_pages];
        content.extend(number.to_be_bytes());
        content.extend(expires_at.as_second().to_be_bytes());
        let text = seal.close(&purpose(user), &content);
        PageToken::new(&text).expect("a sealed text is long enough")
    }

    /// Reads the token of a user; `None` for any text that is not one, or no longer.
    pub(crate) fn read(text: &str, user: UserId, now: Timestamp, seal: &Seal) -> Option<Self> {
        let content: [u8; 18] = seal.open(&purpose(user), text)?.try_into().ok()?;
        let [direction, empty_pages, content @ ..] = content;
        let (number, expires_at) = content.split_first_chunk()?;
        let expires_at = i64::from_be_bytes(expires_at.try_into().ok()?);
        if now.as_second() >= expires_at {
            return None;
        }
        let number = u64::from_be_bytes(*number);
        let position = match direction {
            OLDER => Position::OlderThan(number),
            NEWER => Position::NewerThan(number),
            _ => return None,
        };
        Some(Self { position, empty_pages })
    }
}

fn purpose(user: UserId) -> [u8; 17] {
    let mut purpose = *b"page    \0........";
    purpose[9..].copy_from_slice(&user.get().to_be_bytes());
    purpose
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_leads_back_to_its_place_and_its_user_alone_and_expires(
            number: u64,
            newer: bool,
            empty_pages: u8,
            user in 0..u64::MAX / 2,
        ) {
            let seal = Seal::of(7);
            let user = UserId::new(user).expect("an id");
            let position =
                if newer { Position::NewerThan(number) } else { Position::OlderThan(number) };
            let bookmark = Bookmark { position, empty_pages };
            let at = |second| Timestamp::from_second(second).expect("a time");
            let token = bookmark.token(user, at(900), &seal);
            let read = |user, now| Bookmark::read(token.as_str(), user, at(now), &seal);
            prop_assert!(token.as_str().len() >= PageToken::MIN_LENGTH);
            prop_assert_eq!(read(user, 899), Some(bookmark));
            prop_assert_eq!(read(user, 900), None);
            let stranger = UserId::new(user.get() + 1).expect("an id");
            prop_assert_eq!(read(stranger, 899), None);
        }
    }
}
