//! What is told before anything is spent, held against what it then takes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use blocks_app::{
    Forecast, Forecaster, Metered, NoProgress, Paced, Pull, PullProgress, Span, Verify, Wanted,
    WhenSpent,
};
use blocks_domain::{BlockPair, BlockState, BlockingPage, BlockingQuery, MaxResults, UserId};
use blocks_fake::stores::{MemoryLedger, MemoryWindowStore};
use blocks_fake::{FakeApi, World, WorldBuilder};
use blocks_ports::{ApiError, BlocksApi, Clock, Reply};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::bench::{Bench, CutOff, at_once, noon};
use crate::support::pages_of;

/// A bench whose windows and payments are kept.
#[derive(Debug)]
struct Books {
    bench: Bench,
    api: Metered<Paced<Timed>>,
    windows: MemoryWindowStore,
    ledger: MemoryLedger,
    /// When each call went out.
    calls: Arc<Mutex<Vec<Timestamp>>>,
}

/// Notes when each call goes out.
#[derive(Debug, Clone)]
struct Timed {
    inner: FakeApi,
    world: World,
    calls: Arc<Mutex<Vec<Timestamp>>>,
}

#[async_trait]
impl BlocksApi for Timed {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        self.calls.lock().expect("one thread").push(self.world.now());
        self.inner.blocking(source, query).await
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.block(pair).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.unblock(pair).await
    }
}

/// What a read took.
#[derive(Debug)]
struct Taken {
    progress: PullProgress,
    windows: u64,
    wait: Duration,
}

impl Books {
    fn of(blocks: u32) -> Self {
        Self::in_world(World::builder().blocks(blocks))
    }

    fn in_world(world: WorldBuilder) -> Self {
        let bench = Bench::in_world(world);
        let (windows, ledger) = (MemoryWindowStore::default(), MemoryLedger::default());
        let (calls, clock) = (Arc::default(), Arc::new(bench.clock.clone()));
        let (inner, world) = (bench.api.clone(), bench.world.clone());
        let timed = Timed { inner, world, calls: Arc::clone(&calls) };
        let shared = Arc::new(windows.clone());
        let paced = Paced::new(timed, shared, clock.clone(), WhenSpent::Wait);
        let api = Metered::new(paced, Arc::new(ledger.clone()), clock);
        Self { bench, api, windows, ledger, calls }
    }

    fn pull(&self) -> Pull<'_> {
        Pull::new(&self.api, &self.bench.mirror, &self.bench.clock)
    }

    fn forecaster(&self, page: u32) -> Forecaster<'_> {
        let Bench { mirror, clock, .. } = &self.bench;
        let forecaster = Forecaster::new(mirror, &self.windows, &self.ledger, clock);
        forecaster.with_page_size(MaxResults::new(page).expect("in range"))
    }

    fn forecast(&self, page: u32, wanted: Wanted) -> Forecast {
        self.forecast_by(self.forecaster(page), wanted)
    }

    fn forecast_by(&self, forecaster: Forecaster<'_>, wanted: Wanted) -> Forecast {
        let choice = at_once(self.pull().wanting(wanted).choose(self.bench.me()));
        let choice = choice.expect("something to read");
        at_once(forecaster.forecast(self.bench.me(), choice)).expect("no store fails in memory")
    }

    fn take(&self, page: u32, wanted: Wanted) -> Taken {
        let (begun, earlier) = (self.bench.world.now(), self.calls.lock().expect("idle").len());
        let pull = self.pull().wanting(wanted);
        let report = at_once(pull.run(self.bench.me(), pages_of(page), &NoProgress));
        let progress = report.expect("complete").progress;
        let mut calls = self.calls.lock().expect("idle")[earlier..].to_vec();
        // Time stands still but for the waits, so all calls of a window go out at once.
        calls.dedup();
        let wait = self.bench.world.now().duration_since(begun).try_into().expect("it went on");
        Taken { progress, windows: calls.len() as u64, wait }
    }

    /// Makes calls that use up the window, and pays for whom they return.
    fn call(&self, times: u32, page: u32) {
        for _ in 0..times {
            at_once(self.api.blocking(self.bench.me(), &pages_of(page))).expect("a page");
        }
    }

    fn a_day_later(self) -> Self {
        self.bench.world.advance(Duration::from_secs(25 * 60 * 60));
        self
    }

    /// The same after a read of the whole list on the day before.
    fn mirrored(self, page: u32) -> Self {
        self.take(page, Wanted::Full);
        self.a_day_later()
    }
}

fn lies_in<T: PartialOrd + Copy>(value: T, span: Span<T>) -> bool {
    span.least <= value && span.most.is_none_or(|most| value <= most)
}

fn check(forecast: &Forecast, taken: &Taken) -> Result<(), TestCaseError> {
    let Taken { progress, windows, wait } = taken;
    prop_assert!(lies_in(progress.requests, forecast.requests), "{forecast:?} {taken:?}");
    prop_assert!(lies_in(*windows, forecast.windows), "{forecast:?} {taken:?}");
    prop_assert!(lies_in(*wait, forecast.wait), "{forecast:?} {taken:?}");
    prop_assert!(lies_in(progress.billed_reads, forecast.billed_reads), "{forecast:?} {taken:?}");
    prop_assert!(lies_in(progress.cost(), forecast.cost), "{forecast:?} {taken:?}");
    Ok(())
}

/// Where all is known and nothing changes.
fn check_exactly(forecast: &Forecast, taken: &Taken) -> Result<(), TestCaseError> {
    check(forecast, taken)?;
    prop_assert_eq!(forecast.requests.exactly(), Some(taken.progress.requests));
    prop_assert_eq!(forecast.windows.exactly(), Some(taken.windows));
    prop_assert_eq!(forecast.wait.exactly(), Some(taken.wait));
    prop_assert_eq!(forecast.billed_reads.most, Some(taken.progress.reads));
    if forecast.paid_today == 0 {
        prop_assert_eq!(forecast.billed_reads.exactly(), Some(taken.progress.billed_reads));
        prop_assert_eq!(forecast.cost.exactly(), Some(taken.progress.cost()));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_list_of_known_size_takes_what_was_forecast(
        blocks in 0..300_u32,
        page in 1..50_u32,
        earlier_calls in 0..=15_u32,
        minutes in 0..20_u64,
        is_mirrored: bool,
    ) {
        let mut books = Books::of(blocks);
        if is_mirrored {
            books = books.mirrored(page);
        }
        books.call(earlier_calls, page);
        books.bench.world.advance(Duration::from_secs(minutes * 60));
        let mut forecaster = books.forecaster(page);
        if !is_mirrored {
            forecaster = forecaster.expecting(blocks.into());
        }
        let forecast = books.forecast_by(forecaster, Wanted::Full);
        prop_assert_eq!(forecast.users, Some(blocks.into()));
        let paid = if earlier_calls == 0 { 0 } else { page.min(blocks) };
        prop_assert_eq!(forecast.paid_today, u64::from(paid));
        check_exactly(&forecast, &books.take(page, Wanted::Full))?;
    }

    #[test]
    fn of_a_list_that_nobody_knows_no_more_is_told_than_is_known(
        blocks in 0..200_u32,
        page in 1..50_u32,
        earlier_calls in 0..=15_u32,
    ) {
        let books = Books::of(blocks);
        books.call(earlier_calls, page);
        let forecast = books.forecast(page, Wanted::Whichever);
        prop_assert_eq!((forecast.users, forecast.requests.most, forecast.cost.most), (None, None, None));
        check(&forecast, &books.take(page, Wanted::Whichever))?;
    }

    #[test]
    fn an_unfinished_read_takes_what_is_left_of_it(
        blocks in 1..300_u32,
        page in 1..50_u32,
        pages in 1..10_u32,
        is_another_day: bool,
    ) {
        let books = Books::of(blocks);
        let api = CutOff::behind(pages, books.api.clone());
        let pull = Pull::new(&api, &books.bench.mirror, &books.bench.clock);
        let first = at_once(pull.run(books.bench.me(), pages_of(page), &NoProgress));
        prop_assume!(first.is_err());
        if is_another_day {
            // The page tokens of the world last a day.
            books.bench.world.advance(Duration::from_secs(13 * 60 * 60));
        }
        let forecaster = books.forecaster(page).expecting(blocks.into());
        let forecast = books.forecast_by(forecaster, Wanted::Whichever);
        prop_assert_eq!(forecast.requests.least, u64::from(blocks.div_ceil(page) - pages));
        prop_assert_eq!(forecast.billed_reads.most, Some(u64::from(blocks - pages * page)));
        prop_assert_eq!(forecast.paid_today == 0, is_another_day);
        check_exactly(&forecast, &books.take(page, Wanted::Whichever))?;
    }

    #[test]
    fn a_head_takes_between_one_page_and_the_whole_list(
        blocks in 0..300_u32,
        page in 1..80_u32,
        earlier_calls in 0..=15_u32,
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..15),
    ) {
        let books = Books::of(blocks).mirrored(page);
        let list = books.bench.list();
        // Accounts that are blocked again come to the top: work, and nobody new.
        for user in again.iter().filter(|_| blocks > 0).map(|index| *index.get(&list)) {
            books.bench.unblock(user);
            books.bench.block(user);
        }
        books.call(earlier_calls, page);
        let forecast = books.forecast(page, Wanted::Head);
        check(&forecast, &books.take(page, Wanted::Head))?;
    }

    #[test]
    fn pages_that_were_not_full_the_last_time_are_expected_again(
        blocks in 0..200_u32,
        page in 1..50_u32,
        unavailable in 0..300_u16,
    ) {
        let world = World::builder().blocks(blocks).unavailable(unavailable);
        let books = Books::in_world(world).mirrored(page);
        let forecast = books.forecast(page, Wanted::Full);
        let taken = books.take(page, Wanted::Full);
        check(&forecast, &taken)?;
        prop_assert_eq!(forecast.requests.most, Some(taken.progress.requests));
    }
}

#[test]
fn a_head_is_cheap_at_best_and_a_whole_list_at_worst() {
    let books = Books::of(2_500).mirrored(1000);
    let forecast = books.forecast(1000, Wanted::Whichever);
    assert_eq!((forecast.requests.least, forecast.billed_reads.least), (1, 20));
    assert_eq!(forecast.billed_reads.most, Some(2_500));
    let usd = |text: &str| text.parse().expect("an amount");
    assert_eq!(forecast.cost, Span { least: usd("0.02"), most: Some(usd("2.5")) });
    assert_eq!(forecast.users, Some(2_500));
}

#[test]
fn whoever_was_paid_for_today_may_be_free_and_nobody_promises_it() {
    let books = Books::of(100);
    books.call(1, 60);
    let forecast = books.forecast_by(books.forecaster(100).expecting(100), Wanted::Full);
    assert_eq!(forecast.paid_today, 60);
    assert_eq!(forecast.billed_reads, Span { least: 40, most: Some(100) });
    assert_eq!(books.take(100, Wanted::Full).progress.billed_reads, 40);

    let tomorrow = books.a_day_later().forecast(100, Wanted::Full);
    assert_eq!((tomorrow.paid_today, tomorrow.billed_reads.exactly()), (0, Some(100)));
}

#[test]
fn a_whole_read_that_was_only_not_finished_takes_nothing() {
    let books = Books::of(30);
    let dying = super::suspects::FailingFinish::of(&books.bench);
    let pull = Pull::new(&books.api, &dying, &books.bench.clock);
    at_once(pull.run(books.bench.me(), pages_of(100), &NoProgress)).expect_err("no finish");
    let forecast = books.forecast(100, Wanted::Whichever);
    assert_eq!(forecast.requests.exactly(), Some(0));
    assert_eq!((forecast.windows.exactly(), forecast.billed_reads.exactly()), (Some(0), Some(0)));
}

#[test]
fn a_read_that_holds_all_that_were_known_and_is_not_at_its_end_may_take_anything() {
    for pages in [5, 6] {
        let books = Books::of(50).mirrored(100);
        books.bench.block_strangers(0..40);
        let api = CutOff::behind(pages, books.api.clone());
        let pull = Pull::new(&api, &books.bench.mirror, &books.bench.clock).wanting(Wanted::Full);
        at_once(pull.run(books.bench.me(), pages_of(10), &NoProgress)).expect_err("cut off");
        let forecast = books.forecast(10, Wanted::Whichever);
        assert_eq!((forecast.requests.least, forecast.requests.most), (1, None));
        assert_eq!((forecast.billed_reads.least, forecast.billed_reads.most), (0, None));
        assert_eq!(forecast.users, Some(u64::from(pages) * 10), "at least so many");
    }
}

#[test]
fn it_is_told_when_the_last_page_is_in() {
    let books = Books::of(100_000);
    let forecast = books.forecast_by(books.forecaster(1000).expecting(100_000), Wanted::Full);
    assert_eq!((forecast.requests.exactly(), forecast.windows.exactly()), (Some(100), Some(7)));
    assert_eq!(forecast.finish().exactly(), Some(noon() + SignedDuration::from_mins(90)));
    assert_eq!(forecast.cost.exactly(), Some("100".parse().expect("an amount")));
}

#[test]
fn a_verification_is_forecast_like_the_full_read_that_it_is() {
    let books = Books::of(50).mirrored(10);
    let verify = Verify::new(&books.api, &books.bench.mirror, &books.bench.clock);
    let choice = at_once(verify.choose(books.bench.me())).expect("something to verify");
    let forecast = at_once(books.forecaster(10).forecast(books.bench.me(), choice));
    assert_eq!(forecast.expect("no store fails").requests.exactly(), Some(5));
}

#[test]
fn a_size_beyond_all_bounds_is_no_trouble() {
    let books = Books::of(1);
    for wanted in [Wanted::Full, Wanted::Whichever] {
        let forecaster = books.forecaster(1).expecting(u64::MAX);
        let forecast = books.forecast_by(forecaster, wanted);
        assert_eq!(forecast.billed_reads.exactly(), Some(u64::MAX));
        assert_eq!(forecast.finish().exactly(), Some(Timestamp::MAX));
        assert!(forecast.made_at <= books.bench.clock.now());
    }
}
