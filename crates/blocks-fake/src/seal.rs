//! Texts that say nothing to those who hold them, and that nobody else can make.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How many bytes of a sealed text prove that it was sealed here.
const TAG: usize = 16;
/// The longest content: as much as one hash can cover.
const LONGEST: usize = 32;

/// Seals short contents into base64url texts, and opens them again.
///
/// A text is bound to its purpose: what was sealed as a page token of one user opens neither as an
/// access token nor as a page token of another user. The same content and purpose make the same
/// text.
#[derive(Clone, Copy)]
pub(crate) struct Seal {
    key: [u8; 64],
}

impl Seal {
    /// A seal that belongs to a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut key = [0; 64];
        key[..8].copy_from_slice(&seed.to_be_bytes());
        Self { key }
    }

    /// Seals `content`, of at most 32 bytes.
    pub(crate) fn close(&self, purpose: &[u8], content: &[u8]) -> String {
        debug_assert!(content.len() <= LONGEST, "one hash covers the content");
        let tag = &self.hash(b"tag", purpose, content)[..TAG];
        let mut sealed = tag.to_vec();
        sealed.extend(self.covered(tag, content));
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// Opens what [`Seal::close`] made for the same purpose; anything else is `None`.
    pub(crate) fn open(&self, purpose: &[u8], text: &str) -> Option<Vec<u8>> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (tag, covered) = sealed.split_at_checked(TAG)?;
        if covered.len() > LONGEST {
            return None;
        }
        let content: Vec<u8> = self.covered(tag, covered).collect();
        (self.hash(b"tag", purpose, &content)[..TAG] == *tag).then_some(content)
    }

    /// Seals a number.
    pub(crate) fn close_number(&self, purpose: &[u8], number: u64) -> String {
        self.close(purpose, &number.to_be_bytes())
    }

    /// Opens what [`Seal::close_number`] made for the same purpose.
    pub(crate) fn open_number(&self, purpose: &[u8], text: &str) -> Option<u64> {
        self.open(purpose, text)?.try_into().map(u64::from_be_bytes).ok()
    }

    fn covered<'a>(&self, tag: &[u8], content: &'a [u8]) -> impl Iterator<Item = u8> + use<'a> {
        let cover = self.hash(b"cover", tag, &[]);
        content.iter().zip(cover).map(|(byte, cover)| byte ^ cover)
    }

    fn hash(&self, role: &[u8], purpose: &[u8], content: &[u8]) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&self.key.into());
        for part in [role, purpose, content] {
            // The length in front of each part keeps parts from running into each other.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_sealed_is_opened_for_its_purpose_alone(
            seed: u64,
            content in prop::collection::vec(any::<u8>(), 0..=LONGEST),
        ) {
            let seal = Seal::of(seed);
            let text = seal.close(b"page", &content);
            prop_assert_eq!(seal.open(b"page", &text), Some(content));
            prop_assert_eq!(seal.open(b"token", &text), None);
            prop_assert_eq!(Seal::of(seed ^ 1).open(b"page", &text), None);
        }

        #[test]
        fn no_text_makes_it_panic_and_none_opens(text in "\\PC{0,80}") {
            prop_assert_eq!(Seal::of(7).open(b"page", &text), None);
        }

        #[test]
        fn a_changed_character_breaks_it(at in 0..30_usize, seed: u64) {
            let seal = Seal::of(seed);
            let mut text = seal.close(b"page", b"contents").into_bytes();
            text[at] = if text[at] == b'A' { b'B' } else { b'A' };
            let text = String::from_utf8(text).expect("base64url");
            prop_assert_eq!(seal.open(b"page", &text), None);
        }
    }
}
