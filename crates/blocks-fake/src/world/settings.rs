//! What can be set about a world while it runs.

use blocks_domain::Usd;

use super::call::State;
use super::{Tier, World};

/// What the API of a world allows, and what it costs.
///
/// ```
/// use blocks_fake::{Tier, World};
///
/// let world = World::builder().build();
/// let mut settings = world.settings();
/// settings.tier = Tier::PayPerUse;
/// settings.limits = false;
/// world.set(settings);
/// assert_eq!(world.settings(), settings);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Whether rate windows are counted.
    pub limits: bool,
    /// The plan of the app.
    pub tier: Tier,
    /// What is left to pay for reads; `None` when there is no bound.
    pub credits: Option<Usd>,
    /// How many reads a month may be paid for; `None` when there is no bound.
    pub monthly_cap: Option<u64>,
    /// Whether the app is enrolled for the API.
    pub enrolled: bool,
    /// Whether the app may write for those who signed in by OAuth 1.0a.
    pub oauth1_may_write: bool,
}

impl World {
    /// What is set now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.lock().settings()
    }

    /// Sets everything at once, from the next call on.
    pub fn set(&self, settings: Settings) {
        self.lock().set(settings);
    }

    /// Changes some of it, with nobody in between; answers what is set then.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) -> Settings {
        let mut state = self.lock();
        let mut settings = state.settings();
        change(&mut settings);
        state.set(settings);
        settings
    }
}

impl State {
    fn settings(&self) -> Settings {
        Settings {
            limits: self.limits,
            tier: self.tier,
            credits: self.meter.reading().credits,
            monthly_cap: self.monthly_cap,
            enrolled: self.enrolled,
            oauth1_may_write: self.authority.oauth1_may_write(),
        }
    }

    const fn set(&mut self, settings: Settings) {
        self.limits = settings.limits;
        self.tier = settings.tier;
        self.meter.set_credits(settings.credits);
        self.monthly_cap = settings.monthly_cap;
        self.enrolled = settings.enrolled;
        self.authority.set_oauth1_may_write(settings.oauth1_may_write);
    }
}
