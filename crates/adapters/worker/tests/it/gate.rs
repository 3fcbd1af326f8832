//! Where faults happen: every port call passes through one gate, before and after its effect.

use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use keelway_kernel::{Entropy, StoreError};
use tokio::sync::Notify;
use tokio::task::yield_now;

/// Counts steps, and stops the world at one of them.
#[derive(Default)]
pub(crate) struct Gate {
    steps: AtomicU64,
    crash_at: AtomicU64,
    pub(crate) crashed: Notify,
    broken: Mutex<Vec<Broken>>,
}

/// Calls that fail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Broken {
    pub(crate) call: &'static str,
    pub(crate) how: How,
    pub(crate) times: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// It does nothing.
    Refuse,
    /// It does its work and loses the reply.
    LoseReply,
    /// It panics.
    Panic,
}

impl Gate {
    pub(crate) fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// Stops whoever passes the gate at `step` for good, and says so.
    pub(crate) fn crash_at(&self, step: u64) {
        self.crash_at.store(step, Ordering::Relaxed);
    }

    pub(crate) fn break_call(&self, call: &'static str, how: How, times: u32) {
        self.broken.lock().unwrap().push(Broken { call, how, times });
    }

    async fn step(&self) {
        let step = self.steps.fetch_add(1, Ordering::Relaxed) + 1;
        if step == self.crash_at.load(Ordering::Relaxed) {
            self.crashed.notify_one();
            pending::<()>().await;
        }
        yield_now().await;
    }

    fn fails(&self, call: &'static str, how: How) -> Result<(), StoreError> {
        let mut broken = self.broken.lock().unwrap();
        for fault in broken.iter_mut().filter(|fault| fault.call == call && fault.how == how) {
            if fault.times > 0 {
                fault.times -= 1;
                return Err(StoreError::Unavailable("broken by the test".into()));
            }
        }
        Ok(())
    }

    pub(crate) async fn pass<T>(
        &self,
        call: &'static str,
        effect: impl FnOnce() -> T,
    ) -> Result<T, StoreError> {
        self.step().await;
        assert!(self.fails(call, How::Panic).is_ok(), "{call} falls over");
        self.fails(call, How::Refuse)?;
        let done = effect();
        self.step().await;
        self.fails(call, How::LoseReply)?;
        Ok(done)
    }
}

/// The same bytes for the same seed.
pub(crate) struct Seeded(AtomicU64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let mut x = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (x >> 32).to_le_bytes()[0];
        }
    }
}
