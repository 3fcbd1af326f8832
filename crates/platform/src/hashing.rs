//! Where passwords are hashed.
//!
//! A hash takes tens of milliseconds and 19 MiB on purpose. Two threads of their own do them,
//! one after the other, each in memory that it keeps: blocks this large, taken and given back
//! for every hash, leave the allocator with hundreds of megabytes. The line before them is
//! short, and whoever finds it full is turned away.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use keelway_access::HashingMemory;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// As many as the smallest machine has cores.
const THREADS: usize = 2;
/// Who may be in line or at work; more are turned away.
const PLACES: usize = 32 + THREADS;

type Work = Box<dyn FnOnce(&mut HashingMemory) + Send>;

/// The threads, and the line before them; they end with the last clone of it.
#[derive(Clone)]
pub(crate) struct Hashing {
    line: mpsc::Sender<Work>,
    places: Arc<Semaphore>,
}

/// A place in the line, to be taken before anything is done that cannot be undone.
pub(crate) struct Place {
    line: mpsc::Sender<Work>,
    _place: OwnedSemaphorePermit,
}

/// The line is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Busy;

/// The threads are gone, or the work panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotHashed;

impl Hashing {
    pub(crate) fn new() -> Self {
        let (line, receiver) = mpsc::channel::<Work>();
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..THREADS {
            let receiver = Arc::clone(&receiver);
            let next = move || {
                let line = receiver.lock().unwrap_or_else(PoisonError::into_inner);
                line.recv().ok()
            };
            // Without a thread the work is dropped, and whoever waits for it hears so.
            let _ = thread::Builder::new().name("hashing".to_owned()).spawn(move || {
                let mut memory = HashingMemory::default();
                while let Some(work) = next() {
                    // Whoever waits hears of a panic by the answer that never comes; what it
                    // leaves in the memory, the next hash writes over.
                    let _ = catch_unwind(AssertUnwindSafe(|| work(&mut memory)));
                }
            });
        }
        Self { line, places: Arc::new(Semaphore::new(PLACES)) }
    }

    /// A place, if one is free.
    pub(crate) fn place(&self) -> Result<Place, Busy> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Busy)?;
        Ok(Place { line: self.line.clone(), _place: place })
    }
}

impl Place {
    /// Runs `work` when its turn comes.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut HashingMemory) -> T + Send + 'static,
    ) -> Result<T, NotHashed> {
        let (done, answer) = oneshot::channel();
        let work = move |memory: &mut HashingMemory| {
            if !done.is_closed() {
                // Whoever waited may be gone by the end all the same.
                let _ = done.send(work(memory));
            }
        };
        self.line.send(Box::new(work)).map_err(|_| NotHashed)?;
        answer.await.map_err(|_| NotHashed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_line_turns_away_and_a_freed_place_is_taken() {
        let hashing = Hashing::new();
        let mut places: Vec<Place> = (0..PLACES).map(|_| hashing.place().unwrap()).collect();
        assert!(hashing.place().is_err());
        places.pop();
        assert_eq!(hashing.place().unwrap().run(|_| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn work_nobody_waits_for_any_more_is_not_done() {
        let hashing = Hashing::new();
        let (open, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let busy: Vec<Place> = (0..THREADS).map(|_| hashing.place().unwrap()).collect();
        let mut running: Vec<_> = busy
            .iter()
            .map(|place| {
                let gate = Arc::clone(&gate);
                Box::pin(place.run(move |_| gate.lock().unwrap().recv().unwrap()))
            })
            .collect();
        for run in &mut running {
            assert!(futures::poll!(run).is_pending());
        }
        let (did, done) = mpsc::channel();
        let place = hashing.place().unwrap();
        let mut left = Box::pin(place.run(move |_| did.send(()).unwrap()));
        assert!(futures::poll!(&mut left).is_pending());
        drop(left);
        for run in running {
            open.send(()).unwrap();
            run.await.unwrap();
        }
        // Its turn has come and gone: the sender was dropped and nothing was sent.
        assert!(done.recv().is_err());
    }
}
