//! Builds that this process cannot read.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use keelway_kernel::{BuildId, StoreError, Timestamp};

const GAUGE: &str = "keelway_queue_unreadable_builds";

/// How long a build is left out, in seconds.
const LEFT_OUT: i64 = 60;

/// How many builds are left out at most: beyond it, the first are tried again sooner.
const MOST: usize = 1_000;

/// Builds that one kind of work on the queue leaves out for a minute, because their rows could
/// not be read: they must stop no others.
///
/// In memory, since it says something about the reader: in a rolling deployment a newer process
/// knows what this one does not, and the build keeps its place and its deadline for it. After the
/// minute it is tried again, as somebody may have mended its rows.
#[derive(Debug)]
pub struct Aside {
    work: &'static str,
    /// Each until when, in the order in which they came.
    builds: Mutex<VecDeque<(BuildId, Timestamp)>>,
}

impl Aside {
    /// Nothing is left out yet; `work` is what metrics and logs call it.
    pub fn new(work: &'static str) -> Self {
        metrics::describe_gauge!(GAUGE, "Builds that this process cannot read and leaves out now");
        let aside = Self { work, builds: Mutex::default() };
        aside.measure(0);
        aside
    }

    /// What is left out at `now`.
    pub fn builds(&self, now: Timestamp) -> Vec<BuildId> {
        self.with(now, |builds| builds.iter().map(|(build, _)| *build).collect())
    }

    /// Leaves a build out from now on and says so, once, if what it rests on was found to be
    /// corrupt; whatever else is wrong is given back.
    pub fn leave_out(
        &self,
        build: BuildId,
        now: Timestamp,
        error: StoreError,
    ) -> Result<(), StoreError> {
        if !matches!(error, StoreError::Corrupt { .. }) {
            return Err(error);
        }
        let is_new = self.with(now, |builds| {
            let is_new = builds.iter().all(|(other, _)| *other != build);
            if is_new {
                builds.push_back((build, now.plus_seconds(LEFT_OUT)));
            }
            if builds.len() > MOST {
                builds.pop_front();
            }
            is_new
        });
        if is_new {
            let work = self.work;
            tracing::error!(work, %build, %error, "a build cannot be read: left out for a minute");
        }
        Ok(())
    }

    fn with<T>(
        &self,
        now: Timestamp,
        change: impl FnOnce(&mut VecDeque<(BuildId, Timestamp)>) -> T,
    ) -> T {
        let mut builds = self.builds.lock().unwrap_or_else(PoisonError::into_inner);
        builds.retain(|(_, until)| *until > now);
        let changed = change(&mut builds);
        self.measure(builds.len());
        changed
    }

    fn measure(&self, builds: usize) {
        #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
        metrics::gauge!(GAUGE, "work" => self.work).set(builds as f64);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use metrics_exporter_prometheus::PrometheusBuilder;
    use sqlx::types::Uuid;
    use tracing::subscriber::set_default;
    use tracing::{Event, Subscriber};
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
    use tracing_subscriber::registry;

    use super::*;

    fn build(number: usize) -> BuildId {
        BuildId::from_uuid(Uuid::from_u128(number as u128))
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(second)
    }

    fn corrupt(number: usize) -> StoreError {
        StoreError::corrupt("build", build(number))
    }

    /// Counts what is said.
    #[derive(Clone, Default)]
    struct Said(Arc<AtomicUsize>);

    impl<S: Subscriber> Layer<S> for Said {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_build_is_left_out_for_a_minute_from_when_it_was_found_and_told_of_once() {
        let said = Said::default();
        let _heard = set_default(registry().with(said.clone()));
        let aside = Aside::new("take");
        aside.leave_out(build(1), second(0), corrupt(1)).unwrap();
        aside.leave_out(build(2), second(30), corrupt(2)).unwrap();
        aside.leave_out(build(1), second(59), corrupt(1)).unwrap();
        assert_eq!(aside.builds(second(59)), [build(1), build(2)]);
        assert_eq!(aside.builds(second(60)), [build(2)]);
        assert_eq!(aside.builds(second(90)), []);
        assert_eq!(said.0.load(Ordering::Relaxed), 2);
        aside.leave_out(build(1), second(90), corrupt(1)).unwrap();
        assert_eq!(said.0.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn how_many_are_left_out_is_measured_for_each_work() {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            let (take, sweep) = (Aside::new("take"), Aside::new("sweep"));
            for number in [1, 2] {
                take.leave_out(build(number), second(0), corrupt(number)).unwrap();
            }
            sweep.leave_out(build(1), second(0), corrupt(1)).unwrap();
            assert_eq!(sweep.builds(second(60)), []);
        });
        let text = recorder.handle().render();
        assert!(text.contains("keelway_queue_unreadable_builds{work=\"take\"} 2\n"), "{text}");
        assert!(text.contains("keelway_queue_unreadable_builds{work=\"sweep\"} 0\n"), "{text}");
    }

    #[test]
    fn what_is_not_about_a_row_leaves_nothing_out() {
        let aside = Aside::new("take");
        for error in [StoreError::Contended, StoreError::Unavailable("away".to_owned())] {
            assert_eq!(aside.leave_out(build(1), second(0), error.clone()), Err(error));
        }
        assert_eq!(aside.builds(second(0)), []);
    }

    #[test]
    fn no_more_than_so_many_are_remembered_and_the_first_is_forgotten_first() {
        let aside = Aside::new("sweep");
        for number in 0..=MOST {
            aside.leave_out(build(number), second(0), corrupt(number)).unwrap();
        }
        let builds = aside.builds(second(1));
        assert_eq!((builds.len(), builds[0], builds[MOST - 1]), (MOST, build(1), build(MOST)));
    }
}
