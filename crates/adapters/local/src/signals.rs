//! Wake-up hints among the tasks of one process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use keelway_builds::ports::{Signals, Topic, Watch};
use tokio::sync::watch;

use crate::lock;

/// A sender for each topic that somebody watches, and for no other.
type Topics = Mutex<HashMap<Topic, watch::Sender<()>>>;

/// Hints that reach every watch which began before them, and cost nothing if there is none.
///
/// Clones share their topics.
#[derive(Debug, Clone, Default)]
pub struct LocalSignals {
    topics: Arc<Topics>,
}

impl LocalSignals {
    /// How many topics are watched now.
    pub fn watched(&self) -> usize {
        lock(&self.topics).len()
    }
}

impl Signals for LocalSignals {
    fn notify(&self, topic: Topic) {
        if let Some(sender) = lock(&self.topics).get(&topic) {
            sender.send_replace(());
        }
    }

    fn watch(&self, topic: Topic) -> Box<dyn Watch> {
        let receiver = match lock(&self.topics).entry(topic) {
            std::collections::hash_map::Entry::Occupied(known) => known.get().subscribe(),
            std::collections::hash_map::Entry::Vacant(vacant) => {
                vacant.insert(watch::Sender::new(())).subscribe()
            }
        };
        let place = Place { topics: Arc::clone(&self.topics), topic };
        Box::new(LocalWatch { receiver, _place: place })
    }
}

/// Fields drop in order: the receiver must be gone when the place looks for others.
struct LocalWatch {
    receiver: watch::Receiver<()>,
    _place: Place,
}

#[async_trait]
impl Watch for LocalWatch {
    async fn changed(&mut self) {
        if self.receiver.changed().await.is_err() {
            // The sender lives as long as any receiver, so this is never reached; to wait is
            // what a hint that never comes looks like.
            std::future::pending::<()>().await;
        }
    }
}

/// Removes a topic along with its last watch.
struct Place {
    topics: Arc<Topics>,
    topic: Topic,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut topics = lock(&self.topics);
        if topics.get(&self.topic).is_some_and(|sender| sender.receiver_count() == 0) {
            topics.remove(&self.topic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_hint_reaches_every_earlier_watch_once() {
        let signals = LocalSignals::default();
        signals.notify(Topic::Work);
        let (mut one, mut two) = (signals.watch(Topic::Work), signals.watch(Topic::Work));
        assert!(one.changed().now_or_never().is_none(), "hints from before the watch are gone");
        signals.clone().notify(Topic::Work);
        signals.notify(Topic::Work);
        for watch in [&mut one, &mut two] {
            assert!(watch.changed().now_or_never().is_some());
            assert!(watch.changed().now_or_never().is_none(), "two hints became one");
        }
    }

    #[test]
    fn a_wait_that_was_dropped_loses_no_hint() {
        let signals = LocalSignals::default();
        let mut watch = signals.watch(Topic::Work);
        for _ in 0..3 {
            assert!(watch.changed().now_or_never().is_none());
        }
        signals.notify(Topic::Work);
        drop(watch.changed());
        assert!(watch.changed().now_or_never().is_some());
    }

    #[test]
    fn a_topic_is_kept_as_long_as_it_is_watched() {
        let signals = LocalSignals::default();
        let (one, mut two) = (signals.watch(Topic::Work), signals.watch(Topic::Work));
        assert_eq!(signals.watched(), 1);
        drop(one);
        signals.notify(Topic::Work);
        assert!(two.changed().now_or_never().is_some());
        drop(two);
        signals.notify(Topic::Work);
        assert_eq!(signals.watched(), 0);
    }
}
