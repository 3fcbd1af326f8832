//! The machine's clock and randomness, and the signals it sends.

use std::time::{SystemTime, UNIX_EPOCH};

use keelway_kernel::{Clock, Entropy, Timestamp};
use tokio_util::sync::CancellationToken;

/// The operating system's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is where the time comes from")]
        let now = SystemTime::now();
        let micros =
            |since: std::time::Duration| i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(match now.duration_since(UNIX_EPOCH) {
            Ok(since) => micros(since),
            Err(before) => -micros(before.duration()),
        })
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            // Whatever went on would make tokens that can be guessed.
            tracing::error!(%error, "the operating system gives no randomness");
            std::process::abort();
        }
    }
}

/// Waits for SIGTERM or Ctrl-C and cancels `stop`; a second one ends the process at once.
pub(crate) async fn stop_on_signal(mut signals: Signals, stop: CancellationToken) {
    let first = signals.next().await;
    tracing::info!(signal = first, "stopping; once more to stop at once");
    stop.cancel();
    let second = signals.next().await;
    tracing::warn!(signal = second, "stopped at once");
    std::process::exit(130);
}

/// Ctrl-C and SIGTERM; from the moment it is made they no longer end the process.
pub(crate) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    pub(crate) fn new() -> std::io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// The name of the next one.
    pub(crate) async fn next(&mut self) -> &'static str {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
        #[cfg(not(unix))]
        {
            let _ = tokio::signal::ctrl_c().await;
            "Ctrl-C"
        }
    }
}
