//! Wake-up hints among processes.

use std::sync::Arc;

use async_trait::async_trait;
use keelway_builds::ports::{Signals, Topic, Watch};
use tokio::sync::watch;

use crate::hints::{Heard, Hint};
use crate::redis::Redis;

/// Hints that reach this process at once, and the others as soon as Redis passes them on.
///
/// `notify` never waits. Whenever listening begins anew every watch is woken once, since what
/// was said meanwhile is lost.
pub struct RedisSignals {
    redis: Redis,
    local: Arc<dyn Signals>,
    gaps: Arc<watch::Sender<()>>,
}

impl RedisSignals {
    pub(crate) fn new(redis: Redis, local: Arc<dyn Signals>) -> Self {
        let gaps = Arc::new(watch::Sender::new(()));
        let (here, gap) = (local.clone(), gaps.clone());
        redis.hints().listen(move |heard| match heard {
            Heard::Hint(Hint::Topic(topic)) => here.notify(topic),
            Heard::Hint(Hint::Person(_)) => {}
            Heard::Gap => {
                gap.send_replace(());
            }
        });
        Self { redis, local, gaps }
    }
}

impl Signals for RedisSignals {
    fn notify(&self, topic: Topic) {
        self.local.notify(topic);
        self.redis.hints().tell(Hint::Topic(topic));
    }

    fn watch(&self, topic: Topic) -> Box<dyn Watch> {
        Box::new(RedisWatch { gaps: self.gaps.subscribe(), local: self.local.watch(topic) })
    }
}

struct RedisWatch {
    gaps: watch::Receiver<()>,
    local: Box<dyn Watch>,
}

#[async_trait]
impl Watch for RedisWatch {
    async fn changed(&mut self) {
        tokio::select! {
            () = self.local.changed() => {}
            // An error means that nobody listens any more, which is for the local hints to bear.
            Ok(()) = self.gaps.changed() => {}
        }
    }
}
