//! Who is suspended or deactivated.

use blocks_domain::UserId;

use super::call::State;
use super::people::Person;
use super::{World, WorldError};

/// What has become of an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccountStatus {
    /// Nothing: everybody sees it.
    #[default]
    Active,
    /// X has suspended it.
    Suspended,
    /// Its user has left, and can come back.
    Deactivated,
}

impl AccountStatus {
    /// Why the API does not show such an account; `None` when it does.
    pub(crate) const fn absence(self) -> Option<Absence> {
        match self {
            Self::Active => None,
            Self::Suspended => Some(Absence::Suspended),
            Self::Deactivated => Some(Absence::NotFound),
        }
    }
}

/// Why the API does not show a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absence {
    /// There is no such user; nothing tells somebody who has left from somebody who never was.
    NotFound,
    /// The user is suspended.
    Suspended,
}

impl World {
    /// What has become of a user's account; `None` when there is no such user.
    #[must_use]
    pub fn status(&self, user: UserId) -> Option<AccountStatus> {
        self.people().by_id(user).map(|person| self.lock().status(person))
    }

    /// Suspends a user, who from now on drops out of pages and lookups and makes no call.
    ///
    /// Whoever blocks them goes on blocking them.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`].
    ///
    /// ```
    /// use blocks_fake::{AccountStatus, World};
    ///
    /// let world = World::builder().blocks(10).build();
    /// let newest = world.blocks(world.owner(), 1)[0];
    /// world.suspend(newest)?;
    /// assert_eq!(world.status(newest), Some(AccountStatus::Suspended));
    /// assert_eq!(world.blocks(world.owner(), 10).len(), 9);
    /// assert_eq!(world.block_count(world.owner()), 10, "the block stands");
    /// world.reinstate(newest)?;
    /// assert_eq!(world.blocks(world.owner(), 1), [newest]);
    /// # Ok::<(), blocks_fake::WorldError>(())
    /// ```
    pub fn suspend(&self, user: UserId) -> Result<(), WorldError> {
        self.set_status(user, AccountStatus::Suspended)
    }

    /// Deactivates a user's account, as users do themselves; see [`World::suspend`].
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`].
    pub fn deactivate(&self, user: UserId) -> Result<(), WorldError> {
        self.set_status(user, AccountStatus::Deactivated)
    }

    /// Brings a suspended or deactivated account back, as it was.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`].
    pub fn reinstate(&self, user: UserId) -> Result<(), WorldError> {
        self.set_status(user, AccountStatus::Active)
    }

    fn set_status(&self, user: UserId, status: AccountStatus) -> Result<(), WorldError> {
        self.set_statuses(&[(user, status)])
    }

    /// Changes what has become of many users at once, the later where one is named twice; of all
    /// or of none.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`].
    pub fn set_statuses(&self, statuses: &[(UserId, AccountStatus)]) -> Result<(), WorldError> {
        let person = |&(user, status)| Ok((self.person(user)?, status));
        let statuses = statuses.iter().map(person).collect::<Result<Vec<_>, WorldError>>()?;
        self.lock().statuses.extend(statuses);
        Ok(())
    }

    /// Why the API does not show a user; `None` when it does.
    pub(crate) fn absence(&self, user: UserId) -> Option<Absence> {
        match self.people().by_id(user) {
            Some(person) => self.lock().status(person).absence(),
            None => Some(Absence::NotFound),
        }
    }
}

impl State {
    /// What has become of an account: by hand, or else by the seed.
    pub(super) fn status(&self, person: Person) -> AccountStatus {
        let by_hand = self.statuses.get(&person).copied();
        by_hand.unwrap_or_else(|| self.cast.status(person))
    }

    pub(super) fn is_active(&self, person: Person) -> bool {
        self.status(person) == AccountStatus::Active
    }
}
