//! What is going on at the moment, counted by who keeps it going.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// How much of something each key has open in this process.
#[derive(Debug, Clone)]
pub(crate) struct Places<K>(Arc<Mutex<HashMap<K, usize>>>);

impl<K> Default for Places<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Hash + Eq + Clone> Places<K> {
    /// One more of `key`, if that makes no more than `most`.
    pub(crate) fn open(&self, key: K, most: usize) -> Option<Place<K>> {
        let place = self.enter(key);
        (place.number <= most).then_some(place)
    }

    /// One more of `key`, however many there are.
    pub(crate) fn enter(&self, key: K) -> Place<K> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(key.clone()).or_default();
        *count += 1;
        Place { number: *count, places: self.clone(), key }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().unwrap().is_empty()
    }
}

/// One that is open; closes when dropped.
#[derive(Debug)]
pub(crate) struct Place<K: Hash + Eq> {
    number: usize,
    places: Places<K>,
    key: K,
}

impl<K: Hash + Eq> Place<K> {
    /// How many of the key were open with this one when it was opened.
    pub(crate) const fn number(&self) -> usize {
        self.number
    }
}

impl<K: Hash + Eq> Drop for Place<K> {
    fn drop(&mut self) {
        let mut open = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_and_nothing_stays_behind() {
        let places = Places::default();
        let mut open: Vec<_> = (0..10).map(|_| places.open("a", 10).unwrap()).collect();
        assert!(places.open("a", 10).is_none());
        assert!(places.open("b", 10).is_some());
        assert_eq!(places.enter("a").number(), 11);
        open.pop();
        assert_eq!(places.open("a", 10).unwrap().number(), 10);
        drop(open);
        assert!(places.is_empty());
    }
}
