//! Kills the program at random moments, and holds what is left against what must be.
//!
//! Each round ends a program with `SIGKILL` while it reads, waits or writes, runs it again until
//! it is done, and compares its mirror with the world of the sandbox. No page may be asked for
//! twice but the one that was in flight, and the file must be sound after every kill. In some
//! rounds the disk runs full instead, where the system lets us try that.

mod disk;
mod full;
mod moment;
mod pages;
mod round;
mod stage;

use std::fmt;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::rngs::StdRng;

use self::moment::Lives;
use self::pages::Asked;
use self::round::{Kind, Round};
use self::stage::Stage;
use crate::program::build;

/// How often the program is killed.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many rounds there are; in each, programs are killed until one is done.
    #[arg(long, value_name = "N", default_value_t = 10)]
    rounds: u32,
    /// Where the random moments begin.
    #[arg(long, value_name = "NUMBER", default_value_t = rand::random())]
    seed: u64,
    /// The program to kill; the release build, which is made first, where none is named.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Plays the rounds, and prints what they took.
///
/// # Errors
/// A mirror is not the world, a page was asked for twice in vain, a file is damaged, an unblock
/// by the program has no cause, or a program failed that nobody killed.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let program = match &options.program {
        Some(program) => program.clone(),
        None => build(root, &["--release"])?,
    };
    let stage = Stage::set(&program)?;
    let lives = Lives::measured_on(&stage)?;
    let began = Instant::now();
    let mut tally = Tally::default();
    let kinds = kinds();
    for number in 0..options.rounds {
        // What happens in a round follows from its seed alone, so that it can be played again.
        let seed = options.seed.wrapping_add(number.into());
        let (kind, dice) = (kinds[seed as usize % kinds.len()], StdRng::seed_from_u64(seed));
        let counted = Round::on(&stage, &lives, dice).and_then(|round| round.play(kind));
        tally += counted.with_context(|| format!("{kind} (--rounds 1 --seed {seed})"))?;
        tally.rounds += 1;
    }
    tally.took = began.elapsed();
    println!("{tally}");
    Ok(())
}

/// What there is to try on this system.
fn kinds() -> Vec<Kind> {
    let mut kinds = Kind::ALL.to_vec();
    if !full::is_possible() {
        println!("skipped: a full disk, for this system does not let us mount one");
        kinds.retain(|kind| !matches!(kind, Kind::Filling));
    }
    kinds
}

/// What the rounds took.
#[derive(Debug, Default)]
struct Tally {
    rounds: u32,
    /// How many programs were killed while they read or waited for their turn.
    reading: u32,
    /// How many were killed while they blocked or unblocked somebody.
    writing: u32,
    /// How many found the disk full.
    full: u32,
    pages: Asked,
    /// How many files were checked.
    checks: u32,
    took: Duration,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.reading += other.reading;
        self.writing += other.writing;
        self.full += other.full;
        self.pages.different += other.pages.different;
        self.pages.again += other.pages.again;
        self.checks += other.checks;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, reading, writing, full, pages, checks, took } = self;
        let Asked { different, again } = pages;
        write!(
            f,
            "{rounds} rounds · {reading} killed while reading, {writing} while writing · {full} \
             ended by a full disk · {} requests for {different} pages, {again} of them again · \
             {checks} files sound · {:.1} s",
            different + again,
            took.as_secs_f64()
        )
    }
}
