//! What one user sees of another, and what expansions bring along.

use std::collections::BTreeSet;

use blocks_domain::{Action, Expansion, Relationship, Side, UserId};

use super::profile::{Pin, Profile, ProfilePost};
use super::{Absence, Caller, World};

/// A profile, seen by a caller.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) profile: Profile,
    /// Whether the caller looks at themselves.
    pub(crate) is_self: bool,
    /// What stands between the caller, the source, and the user.
    pub(crate) relationship: Relationship,
}

impl View {
    /// Whether the caller may send the user a direct message.
    pub(crate) fn receives_messages(&self) -> bool {
        let open = self.profile.open_to_messages || self.relationship.follows(Side::Target);
        let allowed = self.relationship.may(Side::Source, Action::SendDirectMessage).is_ok();
        !self.is_self && open && allowed
    }

    /// Whether the posts are private, and not for the caller.
    fn is_private(&self) -> bool {
        self.profile.protected && !self.is_self && !self.relationship.follows(Side::Source)
    }
}

/// The objects that belong to the users of an answer, each once.
#[derive(Debug, Default)]
pub(crate) struct Company {
    pub(crate) posts: Vec<ProfilePost>,
    pub(crate) users: Vec<View>,
    pub(crate) missing: Vec<Missing>,
}

/// A post or a user that an expansion asked for in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) id: u64,
    pub(crate) expansion: Expansion,
    pub(crate) why: Unseen,
}

/// Why something cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unseen {
    /// The post is gone.
    Gone,
    /// The post is private.
    Private,
    /// The post is withheld everywhere.
    Withheld,
    /// The user is not there.
    Absent(Absence),
}

impl World {
    /// What the expansions bring along.
    ///
    /// Whom the caller blocks does not matter here: the endpoint offers the pinned posts of
    /// blocked users. Private posts stay private.
    pub(crate) fn company(
        &self,
        caller: &Caller,
        views: &[View],
        expansions: impl IntoIterator<Item = Expansion>,
    ) -> Company {
        let mut company = Company::default();
        let (mut seen_posts, mut seen_users) = (BTreeSet::new(), BTreeSet::new());
        for expansion in expansions {
            for view in views {
                let pin = match expansion {
                    Expansion::PinnedPost => view.profile.pinned.clone(),
                    Expansion::MostRecentPost => view.profile.most_recent.clone().map(Pin::Post),
                    Expansion::Affiliation => {
                        let organisation = view.profile.affiliation;
                        if let Some(id) = organisation.filter(|id| seen_users.insert(*id)) {
                            company.add_user(id, expansion, self.view(caller, id));
                        }
                        None
                    }
                    _ => None,
                };
                if let Some(pin) = pin.filter(|pin| seen_posts.insert(pin.id())) {
                    company.add_post(pin, expansion, view.is_private());
                }
            }
        }
        company
    }
}

impl Company {
    fn add_post(&mut self, pin: Pin, expansion: Expansion, is_private: bool) {
        let id = pin.id().get();
        let why = match pin {
            Pin::Gone(_) => Unseen::Gone,
            _ if is_private => Unseen::Private,
            Pin::Withheld(_) => Unseen::Withheld,
            Pin::Post(post) => return self.posts.push(post),
        };
        self.missing.push(Missing { id, expansion, why });
    }

    fn add_user(&mut self, id: UserId, expansion: Expansion, view: Result<View, Absence>) {
        match view {
            Ok(view) => self.users.push(view),
            Err(absence) => {
                self.missing.push(Missing {
                    id: id.get(),
                    expansion,
                    why: Unseen::Absent(absence),
                });
            }
        }
    }
}
