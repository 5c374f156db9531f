//! The rounds: what is killed, and what must hold afterwards.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use anyhow::{Result, ensure};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IteratorRandom, SliceRandom};

use super::moment::{End, Lives, Victim};
use super::pages::Asked;
use super::stage::{Home, PAGES, PULL_FULL, PULL_IN_TURN, Stage};
use super::{Tally, full};

/// What happens in a round.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Nothing is mirrored yet, and nothing changes.
    First,
    /// The list changes after each kill.
    Changing,
    /// Several programs wait for each other, and all but one are killed.
    Waiting,
    /// Somebody is blocked and unblocked by programs that are killed meanwhile.
    Writing,
    /// Nobody kills anything, but the disk runs full.
    Filling,
}

impl Kind {
    pub(super) const ALL: [Self; 5] =
        [Self::First, Self::Changing, Self::Waiting, Self::Writing, Self::Filling];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::First => "killed while a list is read for the first time",
            Self::Changing => "killed while a list is read that changes",
            Self::Waiting => "killed while several wait for each other",
            Self::Writing => "killed while somebody is blocked or unblocked",
            Self::Filling => "the disk runs full while a list is read",
        })
    }
}

/// One round, in a world of its own.
pub(super) struct Round<'a> {
    stage: &'a Stage<'a>,
    home: Home<'a>,
    lives: &'a Lives,
    dice: StdRng,
    tally: Tally,
}

impl<'a> Round<'a> {
    pub(super) fn on(stage: &'a Stage<'a>, lives: &'a Lives, dice: StdRng) -> Result<Self> {
        stage.reset()?;
        Ok(Self { stage, home: stage.home()?, lives, dice, tally: Tally::default() })
    }

    pub(super) fn play(mut self, kind: Kind) -> Result<Tally> {
        match kind {
            Kind::First => {
                self.read_whole(|_| Ok(()))?;
                self.count_pages(Some(PAGES))?;
            }
            Kind::Changing => self.changing()?,
            Kind::Waiting => self.waiting()?,
            Kind::Writing => self.writing()?,
            Kind::Filling => self.filling()?,
        }
        self.is_the_world()?;
        Ok(self.tally)
    }

    /// Whoever is blocked throughout is mirrored, and nobody who is blocked at no time.
    fn changing(&mut self) -> Result<()> {
        self.home.run(PULL_FULL)?;
        self.stage.forget_requests()?;
        let begun: BTreeSet<_> = self.stage.world()?.into_iter().collect();
        let (mut throughout, mut at_some_time) = (begun.clone(), begun);
        let mut strangers = self.stage.strangers(100)?.into_iter();
        self.read_whole(|round| {
            let fresh: Vec<_> = strangers.by_ref().take(round.dice.random_range(0..3)).collect();
            let (now, count) = (round.stage.world()?, round.dice.random_range(0..3));
            let gone = now.into_iter().sample(&mut round.dice, count);
            round.stage.change(&fresh, &gone)?;
            throughout.retain(|user| !gone.contains(user));
            at_some_time.extend(fresh);
            Ok(())
        })?;
        let mirror: BTreeSet<_> = self.home.mirror()?.into_iter().collect();
        ensure!(throughout.is_subset(&mirror), "somebody who was blocked throughout is missing");
        ensure!(mirror.is_subset(&at_some_time), "somebody is mirrored who was never blocked");
        self.count_pages(None)?;
        self.home.run(PULL_FULL).map(drop)
    }

    /// Whoever is left goes on at once, and where the one who was killed has stopped.
    fn waiting(&mut self) -> Result<()> {
        const PROGRAMS: usize = 3;
        let start = |_| Victim::start(self.home.command(PULL_IN_TURN)?);
        let mut programs = (0..PROGRAMS).map(start).collect::<Result<Vec<_>>>()?;
        programs.shuffle(&mut self.dice);
        let survivor = programs.pop();
        for victim in programs {
            if self.kill_while_reading(victim)? == End::Killed {
                self.tally.reading += 1;
            }
            self.examine()?;
        }
        survivor.map_or(Ok(()), Victim::wait)?;
        self.count_pages(Some(PAGES))
    }

    /// What this program unblocked is not missing for an unknown cause, however it was killed.
    fn writing(&mut self) -> Result<()> {
        self.home.run(PULL_FULL)?;
        let mut listed = self.stage.world()?;
        listed.shuffle(&mut self.dice);
        let elsewhere = listed.split_off(listed.len() - 1);
        let here = listed.split_off(listed.len() - 5);
        for user in &here {
            self.kill_while_writing("unblock", user)?;
        }
        for user in self.stage.strangers(2)? {
            self.kill_while_writing("block", &user)?;
        }
        self.stage.change(&[], &elsewhere)?;
        self.stage.forget_requests()?;
        self.read_whole(|_| Ok(()))?;
        self.count_pages(None)?;

        let (world, removals) = (self.stage.world()?, self.home.removals()?);
        let why = |user: &String| {
            removals.iter().filter(|(gone, _)| gone == user).map(|(_, why)| why.as_str()).next()
        };
        for user in &here {
            let expected = (!world.contains(user)).then_some("unblocked");
            ensure!(why(user) == expected, "{user} is {:?} and not {expected:?}", why(user));
        }
        for user in &elsewhere {
            ensure!(why(user) == Some("unknown"), "nobody told why {user} is gone");
        }
        ensure!(removals.len() <= here.len() + elsewhere.len(), "too many are gone");
        Ok(())
    }

    fn kill_while_writing(&mut self, verb: &str, user: &str) -> Result<()> {
        let victim = Victim::start(self.home.command(&[verb, "--yes", "--quiet", user])?)?;
        if victim.kill_within(self.lives.unblock, &mut self.dice)? == End::Killed {
            self.tally.writing += 1;
        }
        self.examine()
    }

    /// A full disk is told, what was stored is kept, and the mirror from before stays.
    fn filling(&mut self) -> Result<()> {
        /// What is not enough to open the file, up to more than the whole list needs.
        const ROOM: Range<u64> = 0..3 << 20;

        self.home.run(PULL_FULL)?;
        self.stage.forget_requests()?;
        let before = self.home.examine()?;
        let mut full = 0;
        while full::run_with_room(&self.home, self.dice.random_range(ROOM), PULL_FULL)?
            == full::End::Full
        {
            full += 1;
            self.examine()?;
            let is_kept = self.home.examine()? == before;
            ensure!(is_kept && self.home.mirror()? == self.stage.world()?, "the mirror is another");
        }
        self.tally.full += full;
        self.count_pages_after(full, Some(PAGES))
    }

    /// Kills pulls of the whole list until one is done; something may happen after each kill.
    fn read_whole(&mut self, mut meanwhile: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        let before = self.home.examine()?;
        loop {
            let victim = Victim::start(self.home.command(PULL_FULL)?)?;
            if self.kill_while_reading(victim)? == End::Done {
                return Ok(());
            }
            self.tally.reading += 1;
            self.tally.checks += 1;
            if self.home.examine()? != before {
                // The read was finished already, and the program about to end.
                return Ok(());
            }
            meanwhile(self)?;
        }
    }

    /// Kills it before, at or behind one of the pages that are left to read, or not at all.
    fn kill_while_reading(&mut self, victim: Victim) -> Result<End> {
        let asked = Asked::of(&self.stage.pages()?, self.tally.reading)?;
        let (so_far, left) = (asked.different + asked.again, PAGES.saturating_sub(asked.different));
        let behind = self.dice.random_range(so_far..=so_far + left + 1);
        victim.kill_behind(behind as usize, self.lives, self.stage, &mut self.dice)
    }

    fn examine(&mut self) -> Result<()> {
        self.home.examine()?;
        self.tally.checks += 1;
        Ok(())
    }

    /// Counts the pages that were asked for, which are so many where that is known.
    fn count_pages(&mut self, expected: Option<u32>) -> Result<()> {
        self.count_pages_after(self.tally.reading, expected)
    }

    /// The same, after so many programs have ended with a page under way.
    fn count_pages_after(&mut self, ends: u32, expected: Option<u32>) -> Result<()> {
        let asked = Asked::of(&self.stage.pages()?, ends)?;
        if let Some(expected) = expected {
            let Asked { different, .. } = asked;
            ensure!(different == expected, "{different} pages were read, and there are {expected}");
        }
        self.tally.pages.different += asked.different;
        self.tally.pages.again += asked.again;
        Ok(())
    }

    fn is_the_world(&mut self) -> Result<()> {
        self.examine()?;
        let (mirror, world) = (self.home.mirror()?, self.stage.world()?);
        let is_equal = mirror == world;
        ensure!(is_equal, "{} accounts are mirrored, of {}", mirror.len(), world.len());
        Ok(())
    }
}
