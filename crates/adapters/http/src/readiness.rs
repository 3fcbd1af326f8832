//! Whether the store answers, asked once for everybody who wants to know at about the same time.

use keelway_kernel::{Clock, Millis, StoreError, Timestamp};
use tokio::sync::Mutex;

/// For so long an answer is everybody's: probes are not limited, and what they cost the store
/// must not grow with their number.
const SHARED_MS: Millis = 500;

type Answer = Result<(), StoreError>;

/// The last answer and when it came.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<(Timestamp, Answer)>>);

impl Readiness {
    /// The last answer, or the one to `ask` if that is too old. Who comes while another asks
    /// waits for the same answer; if that one gives up, the next asks.
    pub(crate) async fn of(&self, clock: &dyn Clock, ask: impl Future<Output = Answer>) -> Answer {
        let mut last = self.0.lock().await;
        if let Some((at, answer)) = &*last
            // A clock that was set back makes no answer last.
            && (0..SHARED_MS).contains(&clock.now().millis_since(*at))
        {
            return answer.clone();
        }
        let answer = ask.await;
        *last = Some((clock.now(), answer.clone()));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    use futures::future::{join_all, poll_immediate};
    use keelway_contract::ManualClock;

    /// Counts the questions, and lets everybody else come before it answers.
    async fn answer(asked: &Cell<u32>, answer: Answer) -> Answer {
        asked.set(asked.get() + 1);
        tokio::task::yield_now().await;
        answer
    }

    fn away() -> Answer {
        Err(StoreError::Unavailable("away".into()))
    }

    #[tokio::test]
    async fn many_at_once_ask_once_whatever_the_answer() {
        for expected in [Ok(()), away()] {
            let (clock, asked, readiness) =
                (ManualClock::default(), Cell::new(0), Readiness::default());
            let ask = || readiness.of(&clock, answer(&asked, expected.clone()));
            let answers = join_all((0..50).map(|_| ask())).await;
            assert!(answers.iter().all(|answer| *answer == expected));
            assert_eq!(asked.get(), 1);
        }
    }

    #[tokio::test]
    async fn an_answer_lasts_half_a_second_and_no_longer() {
        let (clock, asked, readiness) =
            (ManualClock::default(), Cell::new(0), Readiness::default());
        let start = clock.now();
        assert_eq!(readiness.of(&clock, answer(&asked, Ok(()))).await, Ok(()));
        for (after_ms, expected, times) in
            [(499, Ok(()), 1), (500, away(), 2), (999, away(), 2), (-1, away(), 3)]
        {
            clock.set(start.plus_millis(after_ms));
            assert_eq!(readiness.of(&clock, answer(&asked, away())).await, expected);
            assert_eq!(asked.get(), times, "{after_ms} ms");
        }
    }

    #[tokio::test]
    async fn who_gives_up_keeps_nobody_waiting() {
        let (clock, asked, readiness) =
            (ManualClock::default(), Cell::new(0), Readiness::default());
        assert_eq!(poll_immediate(readiness.of(&clock, answer(&asked, away()))).await, None);
        assert_eq!(readiness.of(&clock, answer(&asked, Ok(()))).await, Ok(()));
        assert_eq!(asked.get(), 2);
    }
}
