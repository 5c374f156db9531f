//! The suites bite: for each rule there is a backend that breaks it, and the rule says so.

/// Defines a `Store` over the `Storage` and the `Fault` of the module, and its harness: a storage
/// that lasts, unless the fault is one of handles or of reopening.
macro_rules! faulty_store {
    ($harness:ident, $port:ident) => {
        #[derive(Debug)]
        struct Store {
            storage: Storage,
            fault: Option<Fault>,
        }

        impl Store {
            fn has(&self, fault: Fault) -> bool {
                self.fault == Some(fault)
            }
        }

        impl $harness for Broken<Storage, Fault> {
            const DURABLE: bool = true;

            async fn fresh() -> Self {
                Self { store: Storage::default(), fault: None }
            }

            fn handle(&self) -> Arc<dyn $port> {
                let apart = self.fault == Some(Fault::OneStorageAHandle);
                let storage = if apart { Storage::default() } else { self.store.clone() };
                Arc::new(Store { storage, fault: self.fault })
            }

            async fn reopen(mut self) -> Self {
                if self.fault == Some(Fault::ForgetsOnReopening) {
                    self.store = Storage::default();
                }
                self
            }
        }
    };
}

mod accounts;
mod activity;
mod blocks;
mod credentials;
mod issuers;
mod journal;
mod ledger;
mod mirror;
mod people;
mod request_tokens;
mod tokens;
mod users;
mod windows;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use blocks_conformance::{Rule, run};

/// A backend that is sound, or has one fault.
struct Broken<S, F> {
    store: S,
    fault: Option<F>,
}

/// Checks that each rule passes on the sound backend and fails on each one with a fault of its own,
/// and that the table, the faults and the functions in the source are the same rules.
fn assert_bites<S, F: Copy + Debug>(
    rules: &[Rule<Broken<S, F>>],
    faults: &[(&str, F)],
    sources: &[&str],
    new: fn() -> S,
) {
    let holds = |rule: &Rule<Broken<S, F>>, fault| {
        let backend = Broken { store: new(), fault };
        catch_unwind(AssertUnwindSafe(|| run(rule.check(backend)))).is_ok()
    };
    for rule in rules {
        assert!(holds(rule, None), "`{}` fails on the sound backend", rule.name());
        let breaking = faults.iter().filter(|(name, _)| *name == rule.name());
        for (_, fault) in breaking {
            assert!(!holds(rule, Some(*fault)), "`{}` holds in spite of {fault:?}", rule.name());
        }
    }
    let listed: BTreeSet<_> = rules.iter().map(Rule::name).collect();
    let broken: BTreeSet<_> = faults.iter().map(|(name, _)| *name).collect();
    let written: BTreeSet<_> = sources.iter().flat_map(|source| functions(source)).collect();
    assert_eq!(listed.len(), rules.len(), "a rule is listed twice");
    assert_eq!(broken, listed, "a rule without a fault, or a fault of no rule in the table");
    assert_eq!(written, listed, "a rule is not in the table, or in the table and not here");
}

/// The public async functions of a source file.
fn functions(source: &str) -> impl Iterator<Item = &str> {
    let names = source.lines().filter_map(|line| line.strip_prefix("pub async fn "));
    names.filter_map(|line| line.split('<').next())
}

/// A value that all handles share, like the storage itself.
#[derive(Debug, Default)]
struct Shared<T>(Arc<Mutex<T>>);

impl<T> Shared<T> {
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.lock().expect("no test panics under this lock"))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Lets everybody else come between, as a store without a transaction does.
async fn dawdle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}
