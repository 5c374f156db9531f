//! Sends random requests to the sandbox, right and wrong ones, and holds each answer against the
//! sandbox's own OpenAPI document.

mod document;
mod request;
mod scene;

use std::cell::RefCell;
use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use self::document::Document;
use self::scene::Scene;

/// What to send.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many requests are sent.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    cases: u32,
    /// Where the random requests begin; the same number gives the same requests.
    #[arg(long, value_name = "NUMBER", default_value_t = rand::random())]
    seed: u64,
}

/// Sends the requests, and prints how they were answered.
///
/// # Errors
/// An answer is not as the document says; the smallest request that shows it is told.
pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let scene = runtime.block_on(Scene::new(options.seed))?;
    let document = Document::read(&runtime.block_on(scene.document())?)?;
    let requests = request::random(&document, &scene);
    let config = Config { cases: options.cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng(options.seed));
    let tally = RefCell::new(BTreeMap::<u16, u32>::new());
    let outcome = runner.run(&requests, |request| {
        let reply = runtime
            .block_on(scene.send(&request))
            .map_err(|error| TestCaseError::fail(format!("no answer: {error:#}")))?;
        *tally.borrow_mut().entry(reply.status).or_default() += 1;
        document.judge(&request.method, &reply).map_err(TestCaseError::fail)
    });
    outcome.map_err(|error| anyhow!("seed {}: {error}", options.seed))?;
    let answered: Vec<_> = tally
        .into_inner()
        .into_iter()
        .map(|(status, count)| format!("{count} × {status}"))
        .collect();
    println!(
        "{} requests answered as the document says: {} (seed {})",
        options.cases,
        answered.join(", "),
        options.seed,
    );
    Ok(())
}

fn rng(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}
