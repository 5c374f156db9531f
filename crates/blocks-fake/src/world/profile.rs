//! What a person shows of themselves; generated, never stored.

use std::time::Duration;

use blocks_domain::{PostId, UserId};
use jiff::Timestamp;

use super::dice::Dice;
use super::people::{Person, Population, moment, snowflake};
use super::text::{Text, TextBuilder};
use super::{time, words};

/// The profile of somebody in a [`World`](crate::World).
///
/// It is the world's own picture of a person; the answers over HTTP and the models of the domain
/// are both made from it, each by code of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// The id, which begins with the moment of [`Profile::created_at`].
    pub id: UserId,
    /// The name, free text; emoji and wide characters now and then.
    pub name: String,
    /// The handle, at most 15 characters.
    pub username: String,
    /// When the account was made.
    pub created_at: Timestamp,
    /// The bio with what has a meaning in it; hostile now and then.
    pub description: Text,
    /// The place as the person wrote it.
    pub location: Option<String>,
    /// The website.
    pub website: Option<Text>,
    /// The address of the avatar.
    pub avatar_url: String,
    /// The address of the banner.
    pub banner_url: Option<String>,
    /// Whether the posts are private.
    pub protected: bool,
    /// The badge.
    pub badge: Badge,
    /// Whether the account says that it is a parody.
    pub parody: bool,
    /// Counts that everybody sees.
    pub counts: ProfileCounts,
    /// How many followers have a badge.
    pub verified_followers: u64,
    /// The pinned post.
    pub pinned: Option<Pin>,
    /// The newest post.
    pub most_recent: Option<ProfilePost>,
    /// The organisation that lends its badge.
    pub affiliation: Option<UserId>,
    /// The countries in which the account is withheld.
    pub withheld_in: Vec<&'static str>,
    /// Whether the person takes direct messages from everybody.
    pub open_to_messages: bool,
}

impl Profile {
    /// Whether X has checked who this is: it has for organisations and authorities.
    #[must_use]
    pub const fn is_identity_verified(&self) -> bool {
        matches!(self.badge, Badge::Business | Badge::Government)
    }

    /// The mail address; at a domain that nobody can own.
    #[must_use]
    pub fn email(&self) -> String {
        format!("{}@example.com", self.username.to_ascii_lowercase())
    }
}

/// The kind of a person's badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Badge {
    /// No badge.
    None,
    /// A paying person's.
    Blue,
    /// An organisation's.
    Business,
    /// An authority's.
    Government,
}

/// Counts that everybody sees on a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProfileCounts {
    /// How many people follow.
    pub followers: u64,
    /// How many people are followed.
    pub following: u64,
    /// How many posts there are.
    pub posts: u64,
    /// How many lists the account is on.
    pub listed: u64,
    /// How many posts were liked.
    pub likes: u64,
    /// How many pictures and videos were posted.
    pub media: u64,
}

/// What stands at the top of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pin {
    /// A post.
    Post(ProfilePost),
    /// A post that is gone: only its id is left.
    Gone(PostId),
    /// A post that is withheld everywhere, as after a claim of copyright.
    Withheld(PostId),
}

impl Pin {
    /// The id of the pinned post.
    #[must_use]
    pub fn id(&self) -> PostId {
        match self {
            Self::Post(post) => post.id,
            Self::Gone(id) | Self::Withheld(id) => *id,
        }
    }
}

/// A post of somebody in a [`World`](crate::World).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProfilePost {
    /// The id, which begins with the moment of [`ProfilePost::created_at`].
    pub id: PostId,
    /// Who wrote it.
    pub author: UserId,
    /// The text with what has a meaning in it.
    pub text: Text,
    /// When it was written.
    pub created_at: Timestamp,
    /// The language.
    pub lang: &'static str,
    /// Counts that everybody sees.
    pub counts: PostCounts,
    /// Whether it may hold sensitive content.
    pub sensitive: bool,
    /// The countries in which it is withheld.
    pub withheld_in: Vec<&'static str>,
}

impl ProfilePost {
    /// How many more times it can be edited, in the time that is given for it.
    pub const EDITS: i64 = 5;

    /// When it can no longer be edited: an hour after it was written.
    #[must_use]
    pub fn editable_until(&self) -> Timestamp {
        time::after(self.created_at, Duration::from_secs(3600))
    }

    /// How many characters the text has.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.text.text().chars().count() as u64
    }
}

/// Counts that everybody sees on a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostCounts {
    /// How often it was bookmarked.
    pub bookmarks: u64,
    /// How often it was seen.
    pub impressions: u64,
    /// How often it was liked.
    pub likes: u64,
    /// How often it was quoted.
    pub quotes: u64,
    /// How often it was answered.
    pub replies: u64,
    /// How often it was repeated.
    pub reposts: u64,
}

impl Population {
    /// What a person shows.
    pub(crate) fn profile(self, person: Person) -> Profile {
        let mut dice = self.dice("profile", person);
        let id = self.id(person);
        let badge = badge(&mut dice);
        let counts = counts(&mut self.dice("counts", person));
        Profile {
            id,
            name: name(&mut dice),
            username: self.username(person),
            created_at: self.joined_at(person),
            description: self.bio(&mut dice),
            location: dice.chance(600).then(|| dice.pick(&words::PLACES).to_owned()),
            website: dice.chance(300).then(|| website(&mut dice)),
            avatar_url: format!("https://pbs.twimg.com/profile_images/{id}/avatar_normal.jpg"),
            banner_url: dice
                .chance(500)
                .then(|| format!("https://pbs.twimg.com/profile_banners/{id}/1500x500")),
            protected: dice.chance(60),
            badge,
            parody: dice.chance(5),
            counts,
            verified_followers: dice.below(counts.followers / 20 + 1),
            pinned: self.pin(person),
            most_recent: dice.chance(900).then(|| self.post(person, "recent")),
            affiliation: (badge == Badge::Blue && dice.chance(150))
                .then(|| self.id(self.somebody(&mut dice)))
                .filter(|organisation| *organisation != id),
            withheld_in: withheld(&mut dice),
            open_to_messages: dice.chance(200),
        }
    }

    fn pin(self, person: Person) -> Option<Pin> {
        let mut dice = self.dice("pin", person);
        dice.chance(350).then(|| {
            let post = self.post(person, "pinned");
            match dice.below(1000) {
                0..=29 => Pin::Gone(post.id),
                30..=39 => Pin::Withheld(post.id),
                _ => Pin::Post(post),
            }
        })
    }

    fn post(self, person: Person, which: &str) -> ProfilePost {
        const DAY_MS: u64 = 24 * 60 * 60 * 1000;
        let mut dice = self.dice(which, person);
        let written_ms = self.joined_ms(person) + DAY_MS + dice.below(700 * DAY_MS);
        let seen = dice.count();
        ProfilePost {
            id: post_id(snowflake(written_ms, dice.next())),
            author: self.id(person),
            text: self.words(&mut dice),
            created_at: moment(written_ms),
            lang: dice.pick(&words::LANGUAGES),
            counts: PostCounts {
                bookmarks: seen / 200,
                impressions: seen,
                likes: seen / 20,
                quotes: seen / 900,
                replies: seen / 150,
                reposts: seen / 90,
            },
            sensitive: dice.chance(40),
            withheld_in: withheld(&mut dice),
        }
    }

    /// What a person says of themselves, if anything.
    fn bio(self, dice: &mut Dice) -> Text {
        if dice.chance(80) { Text::default() } else { self.words(dice) }
    }

    /// A sentence, and now and then a tag, a mention or a link.
    fn words(self, dice: &mut Dice) -> Text {
        let mut text = TextBuilder::default();
        let sentences = if dice.chance(40) { &words::HOSTILE[..] } else { &words::SENTENCES[..] };
        text.plain(dice.pick(sentences));
        if dice.chance(300) {
            text.hashtag(dice.pick(&words::TAGS));
        }
        if dice.chance(60) {
            text.cashtag(dice.pick(&words::TICKERS));
        }
        if dice.chance(150) {
            let friend = self.somebody(dice);
            text.mention(&self.username(friend), self.id(friend));
        }
        if dice.chance(200) {
            text.link(dice.next());
        }
        text.done()
    }

    fn somebody(self, dice: &mut Dice) -> Person {
        Person::new(u32::try_from(dice.below(Self::SIZE.into())).unwrap_or_default())
    }
}

fn name(dice: &mut Dice) -> String {
    let mut name = dice.pick(&words::NAMES).to_owned();
    if dice.chance(700) {
        name.push(' ');
        name.push_str(dice.pick(&words::SURNAMES));
    }
    if dice.chance(120) {
        name.push(' ');
        name.push_str(dice.pick(&words::ORNAMENTS));
    }
    if dice.chance(4) {
        name.push_str("\u{1b}[31m\u{202e}");
    }
    name
}

fn counts(dice: &mut Dice) -> ProfileCounts {
    let followers = dice.count();
    ProfileCounts {
        followers,
        following: dice.below(5_001),
        posts: dice.count() / 256,
        listed: followers / 300,
        likes: dice.count() / 64,
        media: dice.below(3_000),
    }
}

fn badge(dice: &mut Dice) -> Badge {
    match dice.below(1000) {
        0..=119 => Badge::Blue,
        120..=129 => Badge::Business,
        130..=133 => Badge::Government,
        _ => Badge::None,
    }
}

fn website(dice: &mut Dice) -> Text {
    let mut text = TextBuilder::default();
    text.link(dice.next());
    text.done()
}

fn withheld(dice: &mut Dice) -> Vec<&'static str> {
    let mut countries = Vec::new();
    if dice.chance(10) {
        countries.push(dice.pick(&words::COUNTRIES));
    }
    countries
}

fn post_id(number: u64) -> PostId {
    PostId::new(number).unwrap_or(PostId::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thousands() -> impl Iterator<Item = Profile> {
        (0..4000).map(|number| Population::of(7).profile(Person::new(number * 977)))
    }

    #[test]
    fn the_same_seed_makes_the_same_people_and_another_seed_others() {
        let person = Person::new(12_345);
        assert_eq!(Population::of(7).profile(person), Population::of(7).profile(person));
        assert_ne!(Population::of(7).profile(person), Population::of(8).profile(person));
    }

    #[test]
    fn every_kind_of_person_turns_up() {
        let has = |what: fn(&Profile) -> bool| thousands().any(|profile| what(&profile));
        assert!(has(|p| p.name.chars().any(|c| c as u32 > 0x1f000)), "emoji");
        assert!(has(|p| p.description.text().contains('\u{1b}')), "escape sequences");
        assert!(has(|p| p.description.text().contains('\u{202e}')), "reversed text");
        assert!(has(|p| p.description.text().is_empty()), "no bio");
        assert!(has(|p| p.protected), "protected");
        assert!(has(|p| matches!(p.pinned, Some(Pin::Post(_)))), "a pinned post");
        assert!(has(|p| matches!(p.pinned, Some(Pin::Gone(_)))), "a pinned post that is gone");
        assert!(has(|p| matches!(p.pinned, Some(Pin::Withheld(_)))), "a pinned post withheld");
        assert!(has(|p| p.badge == Badge::Government), "badges");
        assert!(has(|p| p.affiliation.is_some()), "an affiliation");
        assert!(has(|p| !p.withheld_in.is_empty()), "withheld");
        let is_withheld = |post: &ProfilePost| !post.withheld_in.is_empty();
        assert!(
            thousands().filter_map(|p| p.most_recent).any(|post| is_withheld(&post)),
            "posts too"
        );
        assert!(has(|p| p.counts.followers > 1_000_000), "fame");
        assert!(has(|p| p.counts.followers < 10), "none of it");
    }

    #[test]
    fn a_post_is_younger_than_its_author() {
        for profile in thousands() {
            if let Some(post) = profile.most_recent {
                assert!(post.created_at > profile.created_at);
                assert_eq!(post.author, profile.id);
            }
        }
    }
}
