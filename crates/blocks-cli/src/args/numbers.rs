//! Numbers as people write them, and what is said of those that will not do.

use std::num::{NonZeroU16, NonZeroU32};

use blocks_domain::MaxResults;

/// So many of something.
pub(super) fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "it takes a whole number, such as 1000".to_owned())
}

/// So many of something, of which there has to be one.
pub(super) fn at_least_one(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| format!("it takes a whole number, 1 to {}", u32::MAX))
}

/// So many days.
pub(super) fn in_days(text: &str) -> Result<NonZeroU16, String> {
    let is_too_many = text.parse().is_ok_and(|days: u64| days > 0);
    text.parse().map_err(|_| match is_too_many {
        true => format!("it takes a whole number of days, at most {}", u16::MAX),
        false => "it takes a whole number of days, at least 1".to_owned(),
    })
}

/// So many accounts a page.
pub(super) fn page_size(text: &str) -> Result<MaxResults, String> {
    text.parse().map_err(|_| {
        let (least, most) = (MaxResults::MIN.get(), MaxResults::MAX.get());
        format!("it takes a whole number of accounts, {least} to {most}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_will_not_do_are_told_why() {
        assert_eq!(in_days("7").map(NonZeroU16::get), Ok(7));
        for (text, why) in [
            ("0", "at least 1"),
            ("00", "at least 1"),
            ("", "at least 1"),
            ("70000", "at most 65535"),
        ] {
            let said = in_days(text).expect_err(text);
            assert!(said.contains(why), "{text:?}: {said}");
        }
    }
}
