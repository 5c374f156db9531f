//! What one user sees of another, and what expansions bring along.

use std::collections::BTreeSet;

use blocks_domain::{Action, Expansion, PostId, Relationship, Side, UserId};

use super::profile::{Pin, Profile, ProfilePost};
use super::{Caller, World};

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
    pub(crate) missing: Vec<MissingPost>,
}

/// A post that an expansion asked for in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MissingPost {
    pub(crate) id: PostId,
    pub(crate) expansion: Expansion,
    pub(crate) why: Unseen,
}

/// Why a post cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unseen {
    Gone,
    Private,
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
                        company.users.extend(self.organisation(caller, view, &mut seen_users));
                        None
                    }
                    _ => None,
                };
                if let Some(pin) = pin.filter(|pin| seen_posts.insert(pin.id())) {
                    company.add(pin, expansion, view.is_private());
                }
            }
        }
        company
    }

    fn organisation(
        &self,
        caller: &Caller,
        view: &View,
        seen: &mut BTreeSet<UserId>,
    ) -> Option<View> {
        let id = view.profile.affiliation.filter(|id| seen.insert(*id))?;
        self.view(caller, id)
    }
}

impl Company {
    fn add(&mut self, pin: Pin, expansion: Expansion, is_private: bool) {
        let missing = |id, why| MissingPost { id, expansion, why };
        match pin {
            Pin::Post(post) if is_private => {
                self.missing.push(missing(post.id, Unseen::Private));
            }
            Pin::Post(post) => self.posts.push(post),
            Pin::Gone(id) => self.missing.push(missing(id, Unseen::Gone)),
        }
    }
}
