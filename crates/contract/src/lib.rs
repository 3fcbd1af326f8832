//! What every store promises, as tests that any store can run.
//!
//! **Invariant:** nothing here knows what a store is made of. A case sees ports, a clock and a
//! seed, so a store that passes can stand in for any other that does.
//!
//! Each sentence of a port that says never, always or exactly has a case of that name. Every
//! case gets a fresh store, and after it the store's books are inspected: a case that leaves
//! them in disorder fails whatever it looked at itself.
//!
//! A store's tests hold one function and one line:
//!
//! ```text
//! async fn open(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Store { /* fresh and empty */ }
//! keelway_contract::suite!(open);
//! ```
//!
//! A case is a private `async fn(Fixture)`, named in its file's `cases!` list; one that was
//! forgotten there is dead code, which CI refuses. A new file's list is named in [`suite!`];
//! a test here says if it was forgotten.
//!
//! A limiter, which is no store, has [`limiter_suite!`].
//!
//! Not here: SQL, and rules. What a right answer is, the domain crates say.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "this is test code that lives in a library"
)]

mod clock;
mod entropy;
mod fixture;
mod race;
mod store;

pub use clock::ManualClock;
pub use entropy::SeededEntropy;
pub use fixture::{Fixture, Owned, actor, amount, password, rejected, scope, sorted};
pub use race::{abandon, race};
pub use store::{AuditTrail, Store, run};

/// Lists a file's cases, and makes the macro that emits a test for each of them.
macro_rules! cases {
    ($suite:ident in $($path:ident)::+: $($case:ident,)+) => {
        $crate::cases!(@ ($) $suite in [$($path)::+]: $($case,)+);
    };
    (@ ($d:tt) $suite:ident in [$($path:tt)+]: $($case:ident,)+) => {
        /// The listed cases, where other crates can name them.
        #[doc(hidden)]
        pub mod cases {
            $(
                pub async fn $case(fixture: $crate::Fixture) {
                    super::$case(fixture).await;
                }
            )+
        }

        $crate::emitter!(@ ($d) $suite [$($path)+]: $($case,)+);
    };
}

/// Makes `$suite!(open)`; apart from [`cases`] because repetitions cannot be nested in one.
macro_rules! emitter {
    (@ ($d:tt) $suite:ident $path:tt: $($case:ident,)+) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $suite {
            ($d open:expr) => {
                $( $d crate::test_case!($d open, $path, $case); )+
            };
        }
    };
}
use {cases, emitter};

/// One test of one case.
#[doc(hidden)]
#[macro_export]
macro_rules! test_case {
    ($open:expr, [$($path:tt)+], $case:ident) => {
        #[test]
        fn $case() {
            $crate::run($open, $crate::$($path)+::cases::$case);
        }
    };
}

pub mod access;
pub mod builds;
pub mod credits;
pub mod flags;
pub mod limiter;

/// Emits one test per case. The argument is an `async fn(Arc<dyn Clock>, Arc<dyn Entropy>) ->
/// Store` that opens a fresh, empty store with that clock and that randomness.
#[macro_export]
macro_rules! suite {
    ($open:expr) => {
        mod credits {
            use super::*;
            $crate::credit_books_cases!($open);
            $crate::credit_charges_cases!($open);
            $crate::credit_expiry_cases!($open);
            $crate::credit_grants_cases!($open);
            $crate::credit_holds_cases!($open);
            $crate::credit_random_cases!($open);
            $crate::credit_refunds_cases!($open);
        }

        mod access {
            use super::*;
            $crate::access_attempts_cases!($open);
            $crate::access_invitations_cases!($open);
            $crate::access_members_cases!($open);
            $crate::access_nonces_cases!($open);
            $crate::access_people_cases!($open);
            $crate::access_sessions_cases!($open);
            $crate::access_sign_up_cases!($open);
            $crate::access_staff_cases!($open);
            $crate::access_tenants_cases!($open);
            $crate::access_tickets_cases!($open);
        }

        mod flags {
            use super::*;
            $crate::flag_cases!($open);
        }

        mod builds {
            use super::*;
            mod cancelling {
                use super::*;
                $crate::build_cancelling_cases!($open);
            }
            mod ending {
                use super::*;
                $crate::build_ending_cases!($open);
            }
            mod faults {
                use super::*;
                $crate::build_fault_cases!($open);
            }
            mod leases {
                use super::*;
                $crate::build_lease_cases!($open);
            }
            mod operations {
                use super::*;
                $crate::build_operation_cases!($open);
            }
            mod order {
                use super::*;
                $crate::build_order_cases!($open);
            }
            mod overviews {
                use super::*;
                $crate::build_overview_cases!($open);
            }
            mod parked {
                use super::*;
                $crate::build_parked_cases!($open);
            }
            mod projects {
                use super::*;
                $crate::build_project_cases!($open);
            }
            mod reads {
                use super::*;
                $crate::build_read_cases!($open);
            }
            mod recording {
                use super::*;
                $crate::build_recording_cases!($open);
            }
            mod sites {
                use super::*;
                $crate::build_site_cases!($open);
            }
            mod submitting {
                use super::*;
                $crate::build_submitting_cases!($open);
            }
            mod usage {
                use super::*;
                $crate::build_usage_cases!($open);
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Every list in a folder, by the name of its macro.
    fn lists(folder: &Path, found: &mut Vec<String>) {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                lists(&path, found);
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            if let Some((_, list)) = source.split_once("\ncrate::cases! {") {
                found.extend(list.split_whitespace().next().map(str::to_owned));
            }
        }
    }

    #[test]
    fn the_suite_names_every_list() {
        let mut found = Vec::new();
        lists(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.len() >= 13, "the lists were not found: {found:?}");
        let suite = include_str!("lib.rs");
        for list in found {
            assert!(suite.contains(&format!("$crate::{list}!($open)")), "{list} is not in suite!");
        }
    }
}
