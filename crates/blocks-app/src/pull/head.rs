//! How the head of a list is read: in small pages, until known ground.

use std::num::NonZeroU32;

use blocks_domain::{KnownGround, MaxResults, User, UserId};
use blocks_ports::{MirrorStore, StoreError};

/// Looks for known ground in the pages of a read.
#[derive(Debug)]
pub(super) struct Head {
    ground: KnownGround,
}

impl Head {
    /// Nothing is known yet: ground that was met in part by an earlier run is met anew.
    pub(super) const fn new(overlap: NonZeroU32) -> Self {
        Self { ground: KnownGround::new(overlap) }
    }

    /// Whether these users, the next of the list, end on known ground.
    pub(super) async fn meets_ground(
        &mut self,
        mirror: &dyn MirrorStore,
        account: UserId,
        users: &[User],
    ) -> Result<bool, StoreError> {
        let ids: Vec<_> = users.iter().map(|user| user.id).collect();
        let places = mirror.places(account, &ids).await?;
        Ok(self.ground.is_met_by(&places))
    }
}

/// How many users to ask for on the next page of a head, of which so many were read already.
///
/// The first page asks for as many as are needed to know the ground, and each later one for a
/// quarter of what was read, so that no more than about a quarter is paid for in vain and a long
/// head still takes few requests. Behind an empty page it is twice as many each time: nobody pays
/// for empty pages, and a stretch of suspended accounts must not cost hours.
pub(crate) fn page_size(
    overlap: NonZeroU32,
    read: u64,
    empty_pages: u32,
    most: MaxResults,
) -> MaxResults {
    let size = u64::from(overlap.get().max(LEAST_PAGE)).max(read / 4);
    let size = size.saturating_mul(1 << empty_pages.min(32));
    u32::try_from(size)
        .ok()
        .and_then(|size| MaxResults::new(size).ok())
        .map_or(most, |size| size.min(most))
}

/// No page is worth asking for that holds fewer.
const LEAST_PAGE: u32 = 5;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn size(overlap: u32, read: u64, empty_pages: u32, most: u32) -> u16 {
        let overlap = NonZeroU32::new(overlap).expect("not zero");
        page_size(overlap, read, empty_pages, MaxResults::new(most).expect("in range")).get()
    }

    #[test]
    fn pages_begin_with_the_overlap_and_grow_to_a_quarter_of_what_was_read() {
        assert_eq!(
            [0, 80, 84, 400, 4_000, 9_000].map(|read| size(20, read, 0, 1000)),
            [20, 20, 21, 100, 1000, 1000]
        );
        assert_eq!(size(1, 0, 0, 1000), 5);
        assert_eq!(size(20, 0, 0, 7), 7, "no more than was asked for");
        assert_eq!(size(5_000, 0, 0, 300), 300);
        assert_eq!(
            [1, 2, 5, 6, 40].map(|empty| size(20, 0, empty, 1000)),
            [40, 80, 640, 1000, 1000]
        );
    }

    proptest! {
        #[test]
        fn no_size_is_out_of_range(
            overlap in 1..=u32::MAX,
            read: u64,
            empty_pages: u32,
            most in 1..=1000_u32,
        ) {
            let size = size(overlap, read, empty_pages, most);
            prop_assert!(u32::from(size) <= most);
            prop_assert!(u32::from(size) >= most.min(5));
        }
    }
}
