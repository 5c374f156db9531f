//! Random models for the property tests.
//!
//! A model is grown from random bytes: each field takes what it needs, and grows nothing once
//! they are used up. So proptest makes a failing model smaller by dropping bytes, and a new field
//! is tested as soon as it exists.

use jiff::Timestamp;
use proptest::prelude::*;

use super::{AffiliationIds, PageToken};
use crate::{Extra, PostId, RawJson, SubscriptionId, UserId};

/// Any model of a type.
pub(crate) fn any_model<T: Arbitrary + std::fmt::Debug>() -> impl Strategy<Value = T> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..1_500);
    bytes.prop_map(|bytes| T::arbitrary(&mut Source(&bytes)))
}

/// The random bytes that are left.
pub(crate) struct Source<'a>(&'a [u8]);

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((byte, rest)) => {
                self.0 = rest;
                *byte
            }
            None => 0,
        }
    }

    fn u64(&mut self) -> u64 {
        // Small numbers and the largest ones are where mistakes hide.
        match self.byte() % 4 {
            0 => u64::from(self.byte()),
            1 => u64::MAX - u64::from(self.byte()),
            _ => (0..8).fold(0, |number, _| (number << 8) | u64::from(self.byte())),
        }
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// What can be grown from random bytes; nothing but zeros gives the smallest value.
pub(crate) trait Arbitrary {
    fn arbitrary(source: &mut Source<'_>) -> Self;
}

impl<T: Arbitrary> Arbitrary for Option<T> {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        (source.byte() % 4 == 3).then(|| T::arbitrary(source))
    }
}

impl<T: Arbitrary> Arbitrary for Vec<T> {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        (0..source.below(4)).map(|_| T::arbitrary(source)).collect()
    }
}

impl Arbitrary for bool {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        source.byte() % 2 == 1
    }
}

impl Arbitrary for u64 {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        source.u64()
    }
}

impl Arbitrary for u32 {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        (source.u64() >> 32) as Self
    }
}

impl Arbitrary for u16 {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        (source.u64() >> 48) as Self
    }
}

impl Arbitrary for i64 {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        source.u64().cast_signed()
    }
}

impl Arbitrary for f64 {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        let number = Self::from_bits(source.u64());
        if number.is_finite() { number } else { -105.188_160_863_514_44 }
    }
}

impl Arbitrary for String {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        const PIECES: &[&str] = &[
            "",
            "plain",
            "\"",
            "\\",
            "\\u0041",
            "/",
            "\0",
            "\n",
            "\u{1b}[31m",
            "\u{7f}",
            "\u{2028}",
            "\u{202e}",
            "\u{feff}",
            "é",
            "👩‍👩‍👧",
            "𝕏",
            "null",
            "</script>",
        ];
        (0..source.below(4)).map(|_| source.one_of(PIECES)).collect()
    }
}

impl Arbitrary for UserId {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        Self::new(source.u64()).unwrap_or(Self::MAX)
    }
}

impl Arbitrary for SubscriptionId {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        Self::new(source.u64()).unwrap_or(Self::MAX)
    }
}

impl Arbitrary for PostId {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        Self::new(source.u64()).unwrap_or(Self::MAX)
    }
}

impl Arbitrary for Timestamp {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        // 1970 to 2096; the API counts milliseconds.
        let milliseconds = source.u64() % 4_000_000_000_000;
        Self::from_millisecond(milliseconds.cast_signed()).expect("a time")
    }
}

impl Arbitrary for RawJson {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        Self::new(json(source)).expect("JSON")
    }
}

impl Arbitrary for Extra {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        let mut extra = Self::default();
        for n in 0..source.below(8).saturating_sub(4) {
            extra.insert(&format!("key of\n\"tomorrow\" {n}"), json(source)).expect("JSON");
        }
        extra
    }
}

fn json(source: &mut Source<'_>) -> &'static str {
    source.one_of(&[
        "{}",
        "[]",
        r#""text""#,
        "123456789012345678901234567890",
        "1e400",
        "-0.0",
        "true",
        r#"[{"a": null}, [1.50, "\ud83d\ude00"]]"#,
    ])
}

impl Arbitrary for AffiliationIds {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        if bool::arbitrary(source) {
            Self::One(UserId::arbitrary(source))
        } else {
            Self::Many(Vec::arbitrary(source))
        }
    }
}

impl Arbitrary for PageToken {
    fn arbitrary(source: &mut Source<'_>) -> Self {
        Self::new(&format!("{:016x}", source.u64())).expect("a token")
    }
}
