//! Who lives in a world: ids and handles, computed both ways.

use blocks_domain::UserId;
use jiff::Timestamp;

use super::dice::Dice;

/// One person of a world, by number.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(from = "u32", into = "u32")]
pub(crate) struct Person(u32);

impl Person {
    pub(crate) const fn new(number: u32) -> Self {
        Self(number % Population::SIZE)
    }

    pub(crate) const fn number(self) -> u32 {
        self.0
    }
}

impl From<u32> for Person {
    fn from(number: u32) -> Self {
        Self::new(number)
    }
}

impl From<Person> for u32 {
    fn from(person: Person) -> Self {
        person.number()
    }
}

/// All people of a world.
///
/// There are always [`Population::SIZE`] of them. Nothing about them is stored: id and handle
/// follow from the seed and the person's number, and lead back to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Population {
    seed: u64,
}

impl Population {
    /// How many people there are: enough for lists of ten million.
    pub(crate) const SIZE: u32 = 1 << Shuffle::BITS;

    /// The moment from which ids count, in milliseconds since 1970: 2010-11-04.
    const ID_EPOCH: u64 = 1_288_834_974_657;
    /// Somebody joins every six seconds, so that the last one joined in 2023.
    const JOIN_EVERY: u64 = 6_000;
    /// The lower bits of an id, below the moment it was made.
    const LOW_BITS: u32 = 22;
    /// How many characters at the end of a handle tell whose it is.
    const CODE: usize = 6;

    const STEMS: [&str; 16] = [
        "nora", "Felix", "marta_", "kenji", "Amara", "luca_", "Ines", "oskar", "zoe_", "Priya",
        "tomas", "Yara_", "bo", "Selma", "dario", "mei_",
    ];
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

    pub(crate) const fn of(seed: u64) -> Self {
        Self { seed }
    }

    /// When a person joined, in milliseconds since 1970.
    pub(super) fn joined_ms(self, person: Person) -> u64 {
        let jitter = self.dice("joined", person).below(Self::JOIN_EVERY);
        Self::ID_EPOCH + u64::from(person.number()) * Self::JOIN_EVERY + jitter
    }

    /// When a person joined.
    pub(crate) fn joined_at(self, person: Person) -> Timestamp {
        moment(self.joined_ms(person))
    }

    /// The id of a person; like a real one it begins with the moment it was made.
    pub(crate) fn id(self, person: Person) -> UserId {
        let low = self.dice("id", person).below(1 << Self::LOW_BITS);
        user_id(snowflake(self.joined_ms(person), low))
    }

    /// The person with an id, if there is one.
    pub(crate) fn by_id(self, id: UserId) -> Option<Person> {
        let number = (id.get() >> Self::LOW_BITS) / Self::JOIN_EVERY;
        let number = u32::try_from(number).ok().filter(|number| *number < Self::SIZE)?;
        let person = Person::new(number);
        (self.id(person) == id).then_some(person)
    }

    /// The handle of a person: a first name and a code, at most 15 characters.
    pub(crate) fn username(self, person: Person) -> String {
        let stem = self.dice("stem", person).pick(&Self::STEMS);
        let code = self.codes().place_of(person.number());
        let letter = |at: usize| {
            char::from(Self::LETTERS[(code >> (5 * (Self::CODE - 1 - at)) & 31) as usize])
        };
        stem.chars().chain((0..Self::CODE).map(letter)).collect()
    }

    /// The person with a handle, whatever the case of its letters.
    pub(crate) fn by_username(self, username: &str) -> Option<Person> {
        let stem_ends = username.len().checked_sub(Self::CODE)?;
        let mut code = 0;
        for letter in username.get(stem_ends..)?.bytes() {
            let letter = letter.to_ascii_lowercase();
            let value = Self::LETTERS.iter().position(|l| *l == letter)?;
            code = code << 5 | u32::try_from(value).ok()?;
        }
        let person = Person::new(self.codes().at(Some(code).filter(|c| *c < Self::SIZE)?));
        self.username(person).eq_ignore_ascii_case(username).then_some(person)
    }

    /// Chance in what concerns one person.
    pub(super) fn dice(self, purpose: &str, person: Person) -> Dice {
        Dice::of(self.seed, purpose, person.number())
    }

    fn codes(self) -> Shuffle {
        Shuffle::of(self.seed, "codes", 0)
    }
}

/// An id like those that X makes: the moment, then bits that tell ids of one moment apart.
pub(super) fn snowflake(made_ms: u64, low: u64) -> u64 {
    let since = made_ms.saturating_sub(Population::ID_EPOCH);
    since << Population::LOW_BITS | low & ((1 << Population::LOW_BITS) - 1)
}

/// A moment in milliseconds since 1970.
pub(super) fn moment(ms: u64) -> Timestamp {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or(Timestamp::MAX)
}

fn user_id(number: u64) -> UserId {
    UserId::new(number).unwrap_or(UserId::MAX)
}

/// An order of all people that follows from a seed, without being stored: a Feistel network.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shuffle {
    keys: [u64; 4],
}

impl Shuffle {
    /// How many bits number a person.
    const BITS: u32 = 26;
    const HALF: u32 = Self::BITS / 2;
    const MASK: u32 = (1 << Self::HALF) - 1;

    pub(crate) fn of(seed: u64, purpose: &str, number: u32) -> Self {
        let mut dice = Dice::of(seed, purpose, number);
        Self { keys: std::array::from_fn(|_| dice.next()) }
    }

    /// Who stands at a place.
    pub(crate) fn at(self, place: u32) -> u32 {
        let (mut left, mut right) = (place >> Self::HALF & Self::MASK, place & Self::MASK);
        for key in self.keys {
            (left, right) = (right, left ^ Self::round(right, key));
        }
        left << Self::HALF | right
    }

    /// At which place somebody stands.
    pub(crate) fn place_of(self, number: u32) -> u32 {
        let (mut left, mut right) = (number >> Self::HALF & Self::MASK, number & Self::MASK);
        for key in self.keys.into_iter().rev() {
            (left, right) = (right ^ Self::round(left, key), left);
        }
        left << Self::HALF | right
    }

    fn round(half: u32, key: u64) -> u32 {
        let mixed = (u64::from(half) ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        u32::try_from(mixed >> (64 - Self::HALF)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_and_handles_lead_back_to_the_person(seed: u64, number in 0..Population::SIZE) {
            let (people, person) = (Population::of(seed), Person::new(number));
            let (id, username) = (people.id(person), people.username(person));
            prop_assert_eq!(people.by_id(id), Some(person));
            prop_assert_eq!(people.by_username(&username), Some(person));
            prop_assert_eq!(people.by_username(&username.to_uppercase()), Some(person));
            prop_assert!(username.parse::<blocks_domain::Username>().is_ok(), "{}", username);
            prop_assert!(i64::try_from(id.get()).is_ok());
        }

        #[test]
        fn a_shuffle_loses_nobody(seed: u64, place in 0..Population::SIZE) {
            let shuffle = Shuffle::of(seed, "order", 3);
            prop_assert!(shuffle.at(place) < Population::SIZE);
            prop_assert_eq!(shuffle.place_of(shuffle.at(place)), place);
        }

        #[test]
        fn nobody_is_found_by_chance(seed: u64, text in "\\PC{0,20}", id: u64) {
            let people = Population::of(seed);
            if let Some(person) = people.by_username(&text) {
                prop_assert!(people.username(person).eq_ignore_ascii_case(&text));
            }
            if let Some((person, id)) = UserId::new(id).and_then(|id| Some((people.by_id(id)?, id))) {
                prop_assert_eq!(people.id(person), id);
            }
        }
    }
}
