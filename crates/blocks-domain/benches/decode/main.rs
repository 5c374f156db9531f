//! How long a page of 1,000 full users takes to read.
//!
//! The models keep what they do not know and read both vocabularies. The baseline is what serde
//! derives for the same fields: it reads the same page and drops the unknown. The models may take
//! at most [`BOUND`] times as long; the ratio is printed at the end, and a larger one fails.

mod page;
mod plain;

use std::hint::black_box;
use std::time::{Duration, Instant};

use blocks_domain::{BlockingPage, FromJson as _, Vocabulary};
use criterion::{Criterion, Throughput};

const USERS: u64 = 1_000;

/// How many times as long as plain serde the models may take.
const BOUND: f64 = 1.6;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for words in Vocabulary::ALL {
        let json = page::json(USERS, words);
        assert_same_page(&json);
        let mut group = criterion.benchmark_group(format!("decode/{words}"));
        group.throughput(Throughput::Bytes(json.len() as u64));
        group.bench_function("models", |b| b.iter(|| read_models(&json)));
        group.bench_function("plain serde", |b| b.iter(|| read_plain(&json)));
        group.finish();
        let ratio = ratio(&json);
        println!("decode/{words}: {ratio:.2} times plain serde, of {BOUND} allowed");
        assert!(ratio <= BOUND, "reading a page has become too slow");
    }
    criterion.final_summary();
}

fn read_models(json: &str) -> BlockingPage {
    BlockingPage::from_json(black_box(json)).expect("a page").0
}

fn read_plain(json: &str) -> plain::Page {
    serde_json::from_str(black_box(json)).expect("a page")
}

/// The comparison is fair only if both readers find the same things.
fn assert_same_page(json: &str) {
    let models = read_models(json);
    let plain = read_plain(json);
    assert_eq!(models.users().len(), plain.data.len());
    for (model, plain) in models.users().iter().zip(&plain.data) {
        assert_eq!(model.id, plain.id);
        assert_eq!(model.pinned_post_id, plain.pinned_post_id);
        assert_eq!(model.created_at, plain.created_at);
        assert_eq!(model.extra.len(), page::UNKNOWN_FIELDS);
    }
    let posts = models.includes.and_then(|includes| includes.posts).unwrap_or_default();
    assert_eq!(posts.len(), plain.includes.posts.len());
    for (model, plain) in posts.iter().zip(&plain.includes.posts) {
        assert_eq!(model.text, plain.text);
        assert_eq!(model.public_metrics.is_some(), plain.public_metrics.is_some());
    }
}

/// The quickest of many turns, taken in turn so that a busy machine slows both.
fn ratio(json: &str) -> f64 {
    let mut quickest = [Duration::MAX; 2];
    for _ in 0..60 {
        let start = Instant::now();
        let models = read_models(json);
        quickest[0] = quickest[0].min(start.elapsed());
        drop(models);

        let start = Instant::now();
        let plain = read_plain(json);
        quickest[1] = quickest[1].min(start.elapsed());
        drop(plain);
    }
    quickest[0].as_secs_f64() / quickest[1].as_secs_f64()
}
