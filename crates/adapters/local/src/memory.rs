//! Answers of a store, kept for a short time and never longer than they are true.

use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use keelway_kernel::{Clock, Millis, Timestamp, UserId};
use moka::sync::Cache;

/// How much is kept, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// How long an answer is believed without asking the store: also how long one that another
    /// process made untrue lives on in this one.
    pub ttl_ms: Millis,
    /// Most answers kept; those used least go first.
    pub most: u64,
}

impl Default for Keep {
    /// A second, within which a right taken away elsewhere has to be gone, and 10,000 answers.
    fn default() -> Self {
        Self { ttl_ms: 1_000, most: 10_000 }
    }
}

/// Answers by their question.
pub(crate) struct Memory<K, V> {
    clock: Arc<dyn Clock>,
    ttl_ms: Millis,
    kept: Cache<K, Kept<V>>,
    /// How often something was made untrue. Whoever keeps an answer holds this for reading
    /// and compares it with what it was before the store was asked.
    endings: RwLock<u64>,
}

/// An answer, and how old it is at most.
#[derive(Clone)]
pub(crate) struct Kept<V> {
    pub(crate) value: V,
    pub(crate) asked_at: Timestamp,
}

/// The state of a memory just before its store is asked.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    endings: u64,
    pub(crate) at: Timestamp,
}

impl<K, V> Memory<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(crate) fn new(clock: Arc<dyn Clock>, keep: Keep) -> Self {
        let kept = Cache::new(keep.most);
        Self { clock, ttl_ms: keep.ttl_ms, kept, endings: RwLock::new(0) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The answer, if it is fresh.
    pub(crate) fn recall(&self, key: &K) -> Option<Kept<V>> {
        let kept = self.kept.get(key)?;
        // A clock that was set back makes the age negative; such an answer is not believed.
        let age_ms = self.now().millis_since(kept.asked_at);
        (0..self.ttl_ms).contains(&age_ms).then_some(kept)
    }

    /// To be called before the store is asked, and given back with its answer.
    pub(crate) fn ask(&self) -> Asked {
        let endings = *self.endings.read().unwrap_or_else(PoisonError::into_inner);
        Asked { endings, at: self.now() }
    }

    /// Keeps an answer, unless something was made untrue since the store was asked.
    pub(crate) fn keep(&self, key: K, value: V, asked: Asked) {
        let endings = self.endings.read().unwrap_or_else(PoisonError::into_inner);
        if *endings == asked.endings {
            self.kept.insert(key, Kept { value, asked_at: asked.at });
        }
    }

    pub(crate) fn forget(&self, key: &K) {
        self.forget_by(|kept| kept.invalidate(key));
    }

    pub(crate) fn forget_where(&self, untrue: impl Fn(&V) -> bool) {
        self.forget_by(|kept| {
            for (key, _) in kept.iter().filter(|(_, answer)| untrue(&answer.value)) {
                kept.invalidate(&*key);
            }
        });
    }

    pub(crate) fn forget_everything(&self) {
        self.forget_by(Cache::invalidate_all);
    }

    fn forget_by(&self, forget: impl FnOnce(&Cache<K, Kept<V>>)) {
        let mut endings = self.endings.write().unwrap_or_else(PoisonError::into_inner);
        *endings += 1;
        forget(&self.kept);
    }
}

/// What tells other processes about a person of whom something was changed.
pub(crate) type Tell = Box<dyn Fn(UserId) + Send + Sync>;

/// Does something when dropped: also if the store fails or the caller goes away, for the store
/// may have done its part all the same.
pub(crate) struct Finally<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
