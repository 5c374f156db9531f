//! When programs are killed: at any moment of their lives.
//!
//! How far a read is, is told by the pages that were asked for, and not by the time that reads
//! take: on a busy machine, that is another one each time.

use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rand::RngExt;
use rand::rngs::StdRng;

use super::stage::{Home, PAGES, PULL, Stage};

/// How long programs take that nobody kills.
#[derive(Debug)]
pub(super) struct Lives {
    pull: Duration,
    pub(super) unblock: Duration,
}

impl Lives {
    /// Runs each of them once.
    pub(super) fn measured_on(stage: &Stage<'_>) -> Result<Self> {
        stage.reset()?;
        let home = stage.home()?;
        let timed = |home: &Home<'_>, args: &[&str]| -> Result<Duration> {
            let began = Instant::now();
            home.run(args)?;
            Ok(began.elapsed())
        };
        let pull = timed(&home, PULL)?;
        let someone = stage.world()?.pop().context("the list is empty")?;
        let unblock = timed(&home, &["unblock", "--yes", "--quiet", &someone])?;
        Ok(Self { pull, unblock })
    }

    /// The time from a page to the one after the next.
    fn page(&self) -> Duration {
        self.pull * 2 / PAGES
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It did what it should, before it could be killed.
    Done,
    Killed,
}

/// A program under way; it does not outlive the test.
#[derive(Debug)]
pub(super) struct Victim(Option<Child>);

impl Victim {
    pub(super) fn start(mut command: Command) -> Result<Self> {
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        Ok(Self(Some(child.context("starting the program")?)))
    }

    /// Kills it when so many pages were asked for, and a random while after that.
    pub(super) fn kill_behind(
        mut self,
        pages: usize,
        lives: &Lives,
        stage: &Stage<'_>,
        dice: &mut StdRng,
    ) -> Result<End> {
        while stage.pages()?.len() < pages {
            let child = self.0.as_mut().context("it has ended already")?;
            if child.try_wait()?.is_some() {
                return self.kill();
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        self.kill_within(lives.page(), dice)
    }

    /// Kills it at a random moment of its life.
    pub(super) fn kill_within(self, life: Duration, dice: &mut StdRng) -> Result<End> {
        std::thread::sleep(dice.random_range(Duration::ZERO..life));
        self.kill()
    }

    /// Kills it now, with the signal that cannot be caught.
    pub(super) fn kill(mut self) -> Result<End> {
        let mut child = self.0.take().context("it has ended already")?;
        child.kill()?;
        end(&child.wait_with_output()?)
    }

    /// Waits until it is done.
    pub(super) fn wait(mut self) -> Result<()> {
        let child = self.0.take().context("it has ended already")?;
        match end(&child.wait_with_output()?)? {
            End::Done => Ok(()),
            End::Killed => bail!("somebody else killed the program"),
        }
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // A program that has ended by itself is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn end(output: &Output) -> Result<End> {
    match output.status.code() {
        Some(0) => Ok(End::Done),
        // A program that a signal ended has no code.
        None => Ok(End::Killed),
        Some(code) => {
            bail!("the program failed with {code}: {}", String::from_utf8_lossy(&output.stderr))
        }
    }
}
