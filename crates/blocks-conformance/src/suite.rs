//! What makes a list of rules a table and a macro of tests.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

/// One rule of a contract, to be checked on what a harness of type `H` provides.
pub struct Rule<H> {
    name: &'static str,
    check: fn(H) -> LocalBoxFuture<'static, ()>,
}

impl<H> Rule<H> {
    pub(crate) const fn new(
        name: &'static str,
        check: fn(H) -> LocalBoxFuture<'static, ()>,
    ) -> Self {
        Self { name, check }
    }

    /// The name of the rule, which is also that of its function and of its test.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Checks the rule on a fresh backend.
    ///
    /// It needs a tokio runtime, as [`run`] makes one.
    ///
    /// # Panics
    /// The rule is broken; the message says how.
    pub async fn check(&self, harness: H) {
        (self.check)(harness).await;
    }
}

impl<H> fmt::Debug for Rule<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.name).finish()
    }
}

/// Runs a check to its end on a tokio runtime of several threads, so that races are races.
///
/// # Panics
/// The check panics, or does not end within a minute.
pub fn run(check: impl Future<Output = ()>) {
    const PATIENCE: Duration = Duration::from_secs(60);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("the system gives a runtime its threads")
        .block_on(async {
            let ended = tokio::time::timeout(PATIENCE, check).await;
            assert!(
                ended.is_ok(),
                "the check did not end within a minute: something waits forever"
            );
        });
}

/// Makes of one list of rules the table `rules` and the macro that emits a test for each.
///
/// `($)` stands in front because a macro that writes a macro has no other way to write a `$`.
macro_rules! suite {
    (($d:tt) $suite:ident, $module:ident::$harness:ident: $($rule:ident,)+) => {
        /// Every rule of this suite.
        #[must_use]
        pub fn rules<H: $harness>() -> Vec<$crate::Rule<H>> {
            vec![$($crate::Rule::new(stringify!($rule), |harness| Box::pin($rule(harness)))),+]
        }

        #[doc = concat!(
            "Emits a module with one `#[test]` for each rule of [`", stringify!($module), "`](crate::",
            stringify!($module), "): `", stringify!($suite), "!(module_name, Harness);`"
        )]
        #[macro_export]
        macro_rules! $suite {
            ($d module:ident, $d harness:ty) => {
                mod $d module {
                    #[allow(unused_imports)]
                    use super::*;

                    $(
                        #[test]
                        fn $rule() {
                            $crate::run(async {
                                type Harness = $d harness;
                                let fresh = <Harness as $crate::$module::$harness>::fresh();
                                $crate::$module::$rule(fresh.await).await;
                            });
                        }
                    )+
                }
            };
        }
    };
}
