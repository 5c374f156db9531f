//! Families of tokens: all that came from one sign-in.

use std::collections::BTreeSet;

use blocks_domain::Scope;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ACCESS_LIFETIME, Client, scope_words};
use crate::world::people::Person;
use crate::world::time::after;

/// All families, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Families(Vec<Family>);

/// The tokens of one sign-in; those of its latest generation are the ones that work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Family {
    pub(super) client: Client,
    pub(super) user: Person,
    #[serde(with = "scope_words")]
    pub(super) scopes: BTreeSet<Scope>,
    generation: u32,
    /// When the latest generation was made.
    made_at: Timestamp,
    has_ended: bool,
}

/// Which tokens of which family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) family: u32,
    pub(super) generation: u32,
}

/// Why a refresh token is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is not this client's, its family has ended, or there is none.
    Unknown,
    /// It was spent before, and so its family has ended now.
    Reused,
}

impl Place {
    pub(super) const fn number(self) -> u64 {
        (self.family as u64) << 32 | self.generation as u64
    }

    pub(super) const fn from_number(number: u64) -> Self {
        Self { family: (number >> 32) as u32, generation: number as u32 }
    }
}

impl Families {
    /// Begins a family, and tells the place of its first tokens.
    pub(super) fn begin(
        &mut self,
        client: Client,
        user: Person,
        scopes: BTreeSet<Scope>,
        now: Timestamp,
    ) -> Place {
        let has_ended = false;
        self.0.push(Family { client, user, scopes, generation: 0, made_at: now, has_ended });
        Place { family: self.0.len() as u32 - 1, generation: 0 }
    }

    pub(super) fn get(&self, family: u32) -> Option<&Family> {
        self.0.get(family as usize)
    }

    /// The family of an access token that works.
    ///
    /// Stricter than X: a refresh ends the access token from before it at once.
    pub(super) fn of_access_token(&self, place: Place, now: Timestamp) -> Option<&Family> {
        let family = self.get(place.family).filter(|family| family.works(place.generation))?;
        (now < after(family.made_at, ACCESS_LIFETIME)).then_some(family)
    }

    /// Spends a refresh token, and tells the place of the next tokens.
    pub(super) fn refresh(
        &mut self,
        place: Place,
        client: Client,
        now: Timestamp,
    ) -> Result<Place, Refusal> {
        let family = self.0.get_mut(place.family as usize).ok_or(Refusal::Unknown)?;
        if family.client != client || family.has_ended {
            return Err(Refusal::Unknown);
        }
        if !family.works(place.generation) {
            family.has_ended = true;
            return Err(Refusal::Reused);
        }
        family.generation += 1;
        family.made_at = now;
        Ok(Place { generation: family.generation, ..place })
    }

    pub(super) fn end(&mut self, family: u32) {
        if let Some(family) = self.0.get_mut(family as usize) {
            family.has_ended = true;
        }
    }
}

impl Family {
    const fn works(&self, generation: u32) -> bool {
        !self.has_ended && self.generation == generation
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const CLIENT: Client = Client::Public;

    fn begun() -> (Families, Place) {
        let mut families = Families::default();
        families.begin(CLIENT, Person::new(0), BTreeSet::new(), NOW);
        let place = families.begin(CLIENT, Person::new(1), Scope::ALL.into(), NOW);
        (families, place)
    }

    /// How many of these refresh tokens, and of these access tokens, work.
    fn working(families: &Families, places: &[Place]) -> (usize, usize) {
        let refreshes = |place: &&Place| families.clone().refresh(**place, CLIENT, NOW).is_ok();
        let admits = |place: &&Place| families.of_access_token(**place, NOW).is_some();
        (places.iter().filter(refreshes).count(), places.iter().filter(admits).count())
    }

    #[test]
    fn places_have_numbers() {
        let place = Place { family: 7, generation: u32::MAX };
        assert_eq!(Place::from_number(place.number()), place);
    }

    #[test]
    fn a_foreign_client_neither_spends_nor_ends_anything() {
        let (mut families, place) = begun();
        let foreign = families.refresh(place, Client::Confidential, NOW);
        assert_eq!(foreign, Err(Refusal::Unknown));
        assert_eq!(working(&families, &[place]), (1, 1));
    }

    #[test]
    fn an_access_token_ends_with_its_time_and_the_refresh_token_does_not() {
        let (mut families, place) = begun();
        let later = after(NOW, ACCESS_LIFETIME);
        assert!(families.of_access_token(place, later).is_none());
        let next = families.refresh(place, CLIENT, later).expect("a refresh token has no end");
        assert!(families.of_access_token(next, later).is_some());
    }

    proptest! {
        #[test]
        fn at_most_one_refresh_token_works_and_a_reuse_is_the_end(
            picks in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
        ) {
            let (mut families, first) = begun();
            let mut given = vec![first];
            let mut is_over = false;
            for pick in picks {
                let place = *pick.get(&given);
                let is_latest = Some(&place) == given.last();
                match families.refresh(place, CLIENT, NOW) {
                    Ok(next) => {
                        prop_assert!(is_latest && !is_over);
                        given.push(next);
                    }
                    Err(Refusal::Reused) => {
                        prop_assert!(!is_latest && !is_over);
                        is_over = true;
                    }
                    Err(Refusal::Unknown) => prop_assert!(is_over),
                }
                let left = usize::from(!is_over);
                prop_assert_eq!(working(&families, &given), (left, left));
            }
            let other = Place { family: 0, generation: 0 };
            prop_assert_eq!(working(&families, &[other]), (1, 1), "the other family");
        }
    }
}
