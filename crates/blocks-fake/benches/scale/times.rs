//! What takes how long.

use std::time::{Duration, Instant};

use blocks_domain::BlockPair;
use blocks_fake::World;
use tokio::runtime::Runtime;

use crate::client::Client;
use crate::{Effort, LONG, SHORT, long_list, report};

/// How many times as long as the quickest the slowest may take of what should cost the same.
const APART: f64 = 1.5;

/// How long it takes until the long list can be read.
pub(crate) fn start(runtime: &Runtime) {
    let began = Instant::now();
    Client::of(long_list().build(), runtime).page(None);
    report("start, with the first page", began.elapsed().as_secs_f64(), "s", 1.0);
}

/// How long pages take, wherever in the list they are.
pub(crate) fn pages(runtime: &Runtime, effort: Effort) {
    let middle = &end_of_first_page(LONG / 2, runtime);
    let end = &end_of_first_page(2000, runtime);
    let fresh = &mut Client::of(long_list().build(), runtime);
    assert_eq!(fresh.page(Some(end)).1, None, "it is the last page");
    let worn = &mut Client::of(worn_list(effort.made), runtime);
    let mut times = [
        Times::of("at the start"),
        Times::of("in the middle"),
        Times::of("at the end"),
        Times::of("at the start of a worn list"),
        Times::of("in the middle of a worn list"),
    ];
    for turn in 0..effort.turns {
        take_turns(turn, &mut times, |which| match which {
            0 => fresh.page(None).0,
            1 => fresh.page(Some(middle)).0,
            2 => fresh.page(Some(end)).0,
            3 => worn.page(None).0,
            _ => worn.page(Some(middle)).0,
        });
    }
    report_times("a page of 1,000", &times);
}

/// How long it takes to block and to unblock, on a short list and on long ones.
pub(crate) fn writes(runtime: &Runtime, effort: Effort) {
    let short = World::builder().blocks(SHORT).limits(false).build();
    let worlds = [short, long_list().build(), worn_list(effort.made)];
    let mut clients = worlds.map(|world| Client::of(world, runtime));
    let lists = ["1,000 blocks", "10,000,000 blocks", "10,000,000 blocks of a worn list"];
    let (mut blocking, mut unblocking) = (lists.map(Times::of), lists.map(Times::of));
    // Writes are quick, so that they can take many turns.
    for turn in 0..effort.turns * 10 {
        let number = 2 * effort.made + u32::try_from(turn).expect("not so many");
        let targets = [0, 1, 2].map(|which: usize| clients[which].world.stranger(number));
        take_turns(turn, &mut blocking, |which| clients[which].block(targets[which]));
        take_turns(turn, &mut unblocking, |which| clients[which].unblock(targets[which]));
    }
    report_times("POST", &blocking);
    report_times("DELETE", &unblocking);
}

/// How long one thing took, each time.
struct Times {
    what: &'static str,
    taken: Vec<Duration>,
}

impl Times {
    const fn of(what: &'static str) -> Self {
        Self { what, taken: Vec::new() }
    }

    fn quickest(&self) -> Duration {
        self.taken.iter().copied().min().unwrap_or_default()
    }

    fn median(&self) -> Duration {
        let mut taken = self.taken.clone();
        taken.sort_unstable();
        taken.get(taken.len() / 2).copied().unwrap_or_default()
    }
}

/// Lets each thing take its turn, another one first every time.
fn take_turns(turn: usize, times: &mut [Times], mut take: impl FnMut(usize) -> Duration) {
    for which in 0..times.len() {
        let which = (turn + which) % times.len();
        let took = take(which);
        times[which].taken.push(took);
    }
}

/// Prints the times, and fails when one of the quickest is more than [`APART`] times another.
fn report_times(call: &str, times: &[Times]) {
    for one in times {
        println!("{call} {}: {:.1?}, at best {:.1?}", one.what, one.median(), one.quickest());
    }
    let apart = |time: fn(&Times) -> Duration| {
        let seconds = || times.iter().map(|one| time(one).as_secs_f64());
        seconds().fold(0.0, f64::max) / seconds().fold(f64::MAX, f64::min)
    };
    println!("{call}, medians: {:.2} times", apart(Times::median));
    report(call, apart(Times::quickest), "times", APART);
}

/// The long list after much use: its newest blocks were lifted, and as many made by calls.
fn worn_list(changes: u32) -> World {
    let world = long_list().build();
    let change = |target, change: fn(&World, BlockPair) -> Result<_, _>| {
        let pair = BlockPair::new(world.owner(), target).expect("two users");
        change(&world, pair).expect("they exist");
    };
    for target in world.blocks(world.owner(), changes as usize) {
        change(target, World::unblock);
    }
    for number in 0..changes {
        change(world.stranger(number), World::block);
    }
    world
}

/// A page token that leads to the oldest `blocks` blocks, without their newest thousand.
///
/// A token says a place in the list, the oldest blocks have the same places in every list of this
/// seed, and so the first page of a shorter list ends where a page of the long one does.
fn end_of_first_page(blocks: u32, runtime: &Runtime) -> String {
    let world = World::builder().blocks(blocks).build();
    Client::of(world, runtime).page(None).1.expect("more")
}
