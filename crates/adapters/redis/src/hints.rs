//! What processes say to each other, and nobody needs to hear.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use deadpool_redis::redis;
use futures::StreamExt;
use keelway_builds::ports::Topic;
use keelway_kernel::{BuildId, UserId};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::backoff::pause;
use crate::link::{Link, Trouble};
use crate::lock;
use crate::wire::{Ear, Wire};

/// Hints waiting at most; more are dropped.
const MOST_WAITING: usize = 4_096;

/// Hints in one message at most.
const MOST_TOLD: usize = 256;

/// The longest message that is read.
const MOST_HEARD_BYTES: usize = 64 * 1024;

/// How often something is said even if there is nothing to say.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long without a message, though everybody's heartbeats are heard, means that the
/// connection is dead.
const SILENCE: Duration = Duration::from_secs(3 * HEARTBEAT.as_secs());

/// How long saying something, or beginning to listen, may take.
const WITHIN: Duration = Duration::from_secs(2);

/// Failures in a row after which the log is told.
const MOST_FAILURES: u32 = 3;

/// What may no longer be as it is remembered in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stale {
    /// This person: their sessions, name, memberships.
    Person(UserId),
    /// Anything, since hints may have been lost.
    Everything,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Hint {
    Topic(Topic),
    Person(UserId),
}

/// What came of listening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    Hint(Hint),
    /// Listening has just begun, so anything may have been missed.
    Gap,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic(Topic::Work) => f.write_str("work"),
            Self::Topic(Topic::Build(build)) => build.fmt(f),
            Self::Person(person) => person.fmt(f),
        }
    }
}

impl Hint {
    fn parse(text: &str) -> Option<Self> {
        let build = || text.parse::<BuildId>().map(|id| Self::Topic(Topic::Build(id))).ok();
        let person = || text.parse::<UserId>().map(Self::Person).ok();
        if text == "work" { Some(Self::Topic(Topic::Work)) } else { build().or_else(person) }
    }
}

type Listener = Box<dyn Fn(Heard) + Send + Sync>;

/// Hints to and from other processes.
pub(crate) struct Hints {
    /// Told apart from other processes by it.
    node: String,
    waiting: Mutex<HashSet<Hint>>,
    some: Notify,
    listeners: RwLock<Vec<Listener>>,
    hears: watch::Sender<bool>,
}

impl Hints {
    pub(crate) fn new(node: u64) -> Self {
        Self {
            node: format!("{node:016x}"),
            waiting: Mutex::default(),
            some: Notify::new(),
            listeners: RwLock::default(),
            hears: watch::Sender::new(false),
        }
    }

    pub(crate) fn hears(&self) -> watch::Receiver<bool> {
        self.hears.subscribe()
    }

    /// Says that nothing is heard any more.
    pub(crate) fn deaf(&self) {
        self.hears.send_replace(false);
    }

    /// Leaves a hint for the others; never waits.
    pub(crate) fn tell(&self, hint: Hint) {
        let mut waiting = lock(&self.waiting);
        if waiting.len() < MOST_WAITING {
            waiting.insert(hint);
        } else if !waiting.contains(&hint) {
            metrics::counter!("keelway_redis_hints_dropped_total").increment(1);
        }
        drop(waiting);
        self.some.notify_one();
    }

    pub(crate) fn listen(&self, listener: impl Fn(Heard) + Send + Sync + 'static) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(listener));
    }

    fn pass_on(&self, heard: Heard) {
        for listener in self.listeners.read().unwrap_or_else(PoisonError::into_inner).iter() {
            listener(heard);
        }
    }

    /// Says what waits, all of it at once, for ever. What cannot be said is dropped.
    pub(crate) async fn speak(&self, link: &Link) {
        let mut failures = 0;
        let mut told = Told::new(Way::Out);
        loop {
            // Either way there is something to say: that this process is there.
            let _ = timeout(HEARTBEAT, self.some.notified()).await;
            let waiting: Vec<Hint> =
                std::mem::take(&mut *lock(&self.waiting)).into_iter().collect();
            let Err(Unsaid { hints, why }) = self.say(link, &waiting).await else {
                failures = 0;
                told.works();
                continue;
            };
            let dropped = u64::try_from(hints).unwrap_or(u64::MAX);
            metrics::counter!("keelway_redis_hints_dropped_total").increment(dropped);
            failures += 1;
            told.failed(link, failures, &why);
            pause(link.entropy(), failures).await;
        }
    }

    /// Says these hints in one message or more, and in one if there are none.
    async fn say(&self, link: &Link, hints: &[Hint]) -> Result<(), Unsaid> {
        let mut unsaid = hints;
        loop {
            let (next, rest) = unsaid.split_at(unsaid.len().min(MOST_TOLD));
            let publish = redis::Cmd::publish(link.channel(), self.message(next));
            let send = |mut wire: Wire| async move { publish.exec_async(&mut wire).await };
            if let Err(why) = link.attempt(WITHIN, send).await {
                return Err(Unsaid { hints: unsaid.len(), why });
            }
            if rest.is_empty() {
                return Ok(());
            }
            unsaid = rest;
        }
    }

    fn message(&self, hints: &[Hint]) -> String {
        hints.iter().fold(self.node.clone(), |message, hint| format!("{message} {hint}"))
    }

    /// Listens for ever, and anew whenever the connection is lost or silent.
    pub(crate) async fn hear(&self, link: &Link, mut ear: Ear) {
        let channel = link.channel();
        let mut failures = 0;
        let mut told = Told::new(Way::In);
        loop {
            let why = match timeout(WITHIN, ear.listen(&channel)).await {
                Ok(Ok(mut subscription)) => {
                    self.pass_on(Heard::Gap);
                    self.hears.send_replace(true);
                    let mut messages = subscription.on_message();
                    while let Ok(Some(message)) = timeout(SILENCE, messages.next()).await {
                        failures = 0;
                        told.works();
                        self.read(message.get_payload_bytes());
                    }
                    self.deaf();
                    "the connection was lost, or nothing comes through it".to_owned()
                }
                Ok(Err(why)) => why.to_string(),
                Err(_) => "no answer in time".to_owned(),
            };
            pause(link.entropy(), failures).await;
            failures += 1;
            told.failed(link, failures, &why);
        }
    }

    /// Passes on what another process said; what is no hint is ignored.
    fn read(&self, message: &[u8]) {
        if message.len() > MOST_HEARD_BYTES {
            return;
        }
        let Ok(text) = std::str::from_utf8(message) else { return };
        let mut words = text.split(' ');
        if words.next() == Some(&self.node) {
            return;
        }
        for hint in words.filter_map(Hint::parse).take(MOST_TOLD) {
            self.pass_on(Heard::Hint(hint));
        }
    }
}

/// Hints that were not said.
struct Unsaid {
    hints: usize,
    why: Trouble,
}

/// Which way hints go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

/// Tells the log of hints that are lost though Redis is there, as without the right to its
/// channels: once when they are, and once when they are back.
struct Told {
    way: Way,
    is_told: bool,
}

impl Told {
    const fn new(way: Way) -> Self {
        Self { way, is_told: false }
    }

    /// Of Redis itself being away the breaker tells.
    fn failed(&mut self, link: &Link, failures: u32, why: &impl fmt::Display) {
        if self.is_told || failures < MOST_FAILURES || !link.breaker().is_closed() {
            tracing::debug!(%why, way = ?self.way, "hints are lost");
            return;
        }
        self.is_told = true;
        match self.way {
            Way::In => tracing::warn!(
                %why,
                "hints of other processes are not heard, though redis is there: this process \
                 sees what they did when it next reads the store"
            ),
            Way::Out => tracing::warn!(
                %why,
                "hints are not passed on to other processes, though redis is there: they see \
                 what this one did when they next read the store"
            ),
        }
    }

    fn works(&mut self) {
        if std::mem::take(&mut self.is_told) {
            match self.way {
                Way::In => tracing::info!("hints of other processes are heard again"),
                Way::Out => tracing::info!("hints are passed on to other processes again"),
            }
        }
    }
}

/// Says what the figures mean.
pub(crate) fn describe() {
    // There from the start, so that its first increase is seen as one.
    metrics::counter!("keelway_redis_hints_dropped_total").increment(0);
    metrics::describe_counter!(
        "keelway_redis_hints_dropped_total",
        "Wake-up hints for other processes that were dropped; those read the store a little later."
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn hint(text: &str) -> Hint {
        Hint::parse(text).unwrap()
    }

    const BUILD: &str = "bld_01h455vb4pex5vsknk084sn02q";
    const PERSON: &str = "usr_01h455vb4pex5vsknk084sn02q";

    fn heard(hints: &Hints) -> Arc<Mutex<Vec<Heard>>> {
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let ears = heard.clone();
        hints.listen(move |one| lock(&ears).push(one));
        heard
    }

    #[test]
    fn hints_read_as_they_were_written() {
        for text in ["work", BUILD, PERSON] {
            assert_eq!(hint(text).to_string(), text);
        }
    }

    #[test]
    fn what_others_say_is_passed_on_and_what_we_say_is_not() {
        let (us, them) = (Hints::new(1), Hints::new(2));
        let heard = heard(&us);
        let said = [hint("work"), hint(BUILD), hint(PERSON)];
        us.read(us.message(&said).as_bytes());
        assert!(lock(&heard).is_empty());
        us.read(them.message(&said).as_bytes());
        assert_eq!(*lock(&heard), said.map(Heard::Hint));
    }

    #[test]
    fn garbage_is_ignored() {
        let us = Hints::new(1);
        let heard = heard(&us);
        let long = format!("x {}", "work ".repeat(MOST_HEARD_BYTES));
        for garbage in ["", " ", "work", "x WORK bld_ usr_x ten_01h455vb4pex5vsknk084sn02q", &long]
        {
            us.read(garbage.as_bytes());
        }
        us.read(b"x \xff work");
        assert!(lock(&heard).is_empty(), "{:?}", lock(&heard));
    }

    #[test]
    fn hints_that_wait_are_told_once_and_bounded() {
        let hints = Hints::new(1);
        for _ in 0..10 {
            hints.tell(hint("work"));
        }
        assert_eq!(lock(&hints.waiting).len(), 1);
        let build = |n: u128| Hint::Topic(Topic::Build(BuildId::from_uuid(uuid(n))));
        for n in 0..10_000 {
            hints.tell(build(n));
        }
        assert_eq!(lock(&hints.waiting).len(), MOST_WAITING);
    }

    fn uuid(n: u128) -> uuid::Uuid {
        uuid::Uuid::from_u128(n)
    }
}
