//! What the sandbox costs when there are many blocks.
//!
//! One account has ten million blocks and a hundred thousand accounts have a hundred each. Each
//! figure is printed beside its bound, and a figure beyond its bound fails the benchmark. Times are
//! taken over HTTP on one connection. What is compared takes turns, and the quickest turns are held
//! against each other: whatever else the machine does makes a turn slower, never quicker.
//!
//! `--quick` takes fewer turns and makes fewer blocks; the lists are as long as otherwise.

mod client;
mod memory;
mod times;

use blocks_fake::{World, WorldBuilder};
use peak_alloc::PeakAlloc;
use tokio::runtime::{Builder, Runtime};

/// Counts the bytes that are allocated.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// How long the long list is.
const LONG: u32 = 10_000_000;
/// How long the list is that it is compared with.
const SHORT: u32 = 1_000;
/// How many accounts have a list besides, and how many blocks are on each.
const NEIGHBOURS: u32 = 100_000;
const EACH: u32 = 100;

/// How much is done.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// How often everything takes its turn.
    turns: usize,
    /// How many blocks are made, and how many lifted, by calls.
    made: u32,
}

impl Effort {
    fn asked_for() -> Self {
        if std::env::args().any(|argument| argument == "--quick") {
            Self { turns: 60, made: 200_000 }
        } else {
            Self { turns: 300, made: 1_000_000 }
        }
    }
}

fn main() {
    let (effort, runtime) = (Effort::asked_for(), runtime());
    times::start(&runtime);
    memory::of_the_seed(&runtime);
    memory::of_what_is_made(&runtime, effort);
    times::pages(&runtime, effort);
    times::writes(&runtime, effort);
}

/// The sandbox runs beside the thread that calls and waits.
fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// The world of the long list, with everybody who has a list besides.
fn long_list() -> WorldBuilder {
    World::builder().blocks(LONG).neighbours(NEIGHBOURS, EACH).limits(false)
}

/// Prints a figure, and fails when it is beyond its bound.
fn report(what: &str, figure: f64, unit: &str, bound: f64) {
    println!("{what}: {figure:.2} {unit}, of {bound} allowed");
    assert!(figure <= bound, "{what} has become too expensive");
}
