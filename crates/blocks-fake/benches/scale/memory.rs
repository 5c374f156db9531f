//! What takes how much memory.

use blocks_domain::{BlockPair, BlockingQuery, MaxResults};
use blocks_fake::{FakeApi, World};
use blocks_ports::BlocksApi;
use tokio::runtime::Runtime;

use crate::{EACH, Effort, HEAP, LONG, NEIGHBOURS, SHORT, long_list, report};

/// How many pages of the long list are read and paid for.
const PAGES: usize = 200;

/// How much the blocks cost that follow from the seed, once many of them were read.
pub(crate) fn of_the_seed(runtime: &Runtime) {
    let before = HEAP.current_usage();
    let world = long_list().build();
    runtime.block_on(read_pages(&world));
    for number in 0..NEIGHBOURS {
        let neighbour = world.neighbour(number).expect("there are so many");
        assert_eq!(world.blocks(neighbour, 1000).len(), EACH as usize);
    }
    let blocks = f64::from(LONG) + f64::from(NEIGHBOURS) * f64::from(EACH);
    report("memory of a block of the seed", since(before) / blocks, "bytes", 1.0);
}

/// How much the blocks cost that calls make, and those that calls lift.
pub(crate) fn of_what_is_made(runtime: &Runtime, effort: Effort) {
    let world = World::builder().blocks(SHORT).limits(false).build();
    let strangers = (0..effort.made).map(|number| world.stranger(number));
    let targets: Vec<_> = strangers.collect();
    let made = runtime.block_on(worst_cost(&world, &targets, true));
    report("memory of a block made by a call", made, "bytes", 64.0);

    let world = World::builder().blocks(effort.made * 2).limits(false).build();
    // Every second block: if neighbours were lifted as well, they would be kept together.
    let targets: Vec<_> = world.blocks(world.owner(), usize::MAX).into_iter().step_by(2).collect();
    let lifted = runtime.block_on(worst_cost(&world, &targets, false));
    report("memory of a block lifted by a call", lifted, "bytes", 64.0);
}

async fn read_pages(world: &World) {
    let api = FakeApi::new(world.clone());
    let first = BlockingQuery::default().with_max_results(MaxResults::MAX);
    let mut query = first.clone();
    for _ in 0..PAGES {
        let page = api.blocking(world.owner(), &query).await.expect("a page").value;
        query = first.clone().with_pagination_token(page.meta.next_token.expect("more"));
    }
}

/// The most bytes that a change has cost on an average, after any ten thousand of them.
async fn worst_cost(world: &World, targets: &[blocks_domain::UserId], blocking: bool) -> f64 {
    const CHECKED_EVERY: usize = 10_000;
    let api = FakeApi::new(world.clone());
    let before = HEAP.current_usage();
    let (mut changes, mut worst) = (0_u32, 0.0_f64);
    for targets in targets.chunks(CHECKED_EVERY) {
        for target in targets {
            let pair = BlockPair::new(world.owner(), *target).expect("two users");
            let reply = if blocking { api.block(pair).await } else { api.unblock(pair).await };
            reply.expect("they exist");
            changes += 1;
        }
        worst = worst.max(since(before) / f64::from(changes));
    }
    worst
}

/// How many bytes are allocated beyond those that were.
fn since(before: usize) -> f64 {
    let more = HEAP.current_usage().saturating_sub(before);
    f64::from(u32::try_from(more).unwrap_or(u32::MAX))
}
