//! Hints among processes.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use deadpool_redis::redis::{Client, Cmd};
use futures::{FutureExt, StreamExt};
use keelway_builds::ports::{Signals, Topic};
use keelway_contract::SeededEntropy;
use keelway_kernel::{BuildId, Entropy, UserId};
use keelway_redis::{Degraded, Redis, RedisSignals, Stale};
use tokio::sync::{Notify, mpsc};

use crate::house::{Here, connected, namespace, patient, random, soon, well};
use crate::server::{Server, run, shared};

fn signals(redis: &Redis) -> RedisSignals {
    redis.signals(Arc::new(Here::default()))
}

fn build() -> Topic {
    Topic::Build(BuildId::random(&SeededEntropy::new(random())))
}

async fn pair() -> (RedisSignals, RedisSignals) {
    let settings = patient(&shared(), &namespace());
    (signals(&connected(&settings).await), signals(&connected(&settings).await))
}

#[tokio::test]
async fn a_hint_reaches_this_process_at_once_and_the_others_soon() {
    let (here, there) = pair().await;
    for topic in [Topic::Work, build()] {
        let (mut near, mut far) = (here.watch(topic), there.watch(topic));
        here.notify(topic);
        assert!(near.changed().now_or_never().is_some());
        soon(far.changed()).await;
    }
}

#[tokio::test]
async fn a_hint_is_for_its_topic_and_comes_back_to_nobody() {
    let (here, there) = pair().await;
    let (hinted, barrier, other) = (build(), build(), build());
    let mut near = here.watch(hinted);
    let (mut far, mut far_other) = (there.watch(hinted), there.watch(other));
    let mut end = here.watch(barrier);
    here.notify(hinted);
    near.changed().now_or_never().unwrap();
    soon(far.changed()).await;
    // The channel keeps its order: what comes after the barrier, would have come before it.
    there.notify(barrier);
    soon(end.changed()).await;
    assert!(near.changed().now_or_never().is_none(), "an echo");
    assert!(far_other.changed().now_or_never().is_none(), "another topic");
}

#[tokio::test]
async fn thousands_of_hints_at_once_all_arrive_once() {
    let settings = patient(&shared(), &namespace());
    let (here, there) = (connected(&settings).await, connected(&settings).await);
    let (told, mut heard) = mpsc::unbounded_channel();
    there.on_stale(move |stale| told.send(stale).unwrap());
    let entropy = SeededEntropy::new(random());
    let people: Vec<UserId> = (0..3_000).map(|_| UserId::random(&entropy)).collect();
    let outdate = here.outdating();
    people.iter().chain(&people).for_each(|person| outdate(*person));
    let mut left: HashSet<UserId> = people.into_iter().collect();
    while !left.is_empty() {
        let Some(Stale::Person(person)) = soon(heard.recv()).await else { panic!("a gap") };
        assert!(left.remove(&person), "told twice, though both waited together");
    }
}

#[tokio::test]
async fn garbage_on_the_channel_is_ignored() {
    let namespace = namespace();
    let redis = connected(&patient(&shared(), &namespace)).await;
    let signals = signals(&redis);
    let (barrier, mut work) = (build(), signals.watch(Topic::Work));
    let mut end = signals.watch(barrier);
    let client = Client::open(shared()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let Topic::Build(id) = barrier else { unreachable!() };
    for message in ["work", "x WORK bld_x \u{0}", &"9".repeat(200_000), &format!("x {id}")] {
        let publish = Cmd::publish(format!("{namespace}:hints"), message);
        publish.exec_async(&mut connection).await.unwrap();
    }
    soon(end.changed()).await;
    assert!(work.changed().now_or_never().is_none());
}

#[tokio::test]
async fn a_process_with_nothing_to_say_says_that_it_is_there() {
    let namespace = namespace();
    let _redis = connected(&patient(&shared(), &namespace)).await;
    let client = Client::open(shared()).unwrap();
    let mut line = client.get_async_pubsub().await.unwrap();
    line.subscribe(format!("{namespace}:hints")).await.unwrap();
    let message = soon(line.on_message().next()).await.unwrap();
    assert_eq!(message.get_payload_bytes().len(), 16, "who it is, and no hint");
}

#[tokio::test]
async fn every_watch_wakes_once_when_listening_begins_anew() {
    let server = Server::start(&[]).await;
    let redis = connected(&patient(&server.url(), &namespace())).await;
    let signals = signals(&redis);
    let mut watches = [signals.watch(Topic::Work), signals.watch(build())];
    let cut: u32 = server.run("CLIENT KILL TYPE pubsub").await;
    assert_eq!(cut, 1);
    for watch in &mut watches {
        soon(watch.changed()).await;
    }
    for watch in &mut watches {
        assert!(watch.changed().now_or_never().is_none(), "once");
    }
    well(&redis).await;
}

#[tokio::test]
async fn what_is_outdated_in_one_process_is_heard_in_the_others_only() {
    let settings = patient(&shared(), &namespace());
    let (here, there) = (connected(&settings).await, connected(&settings).await);
    let (told, mut heard) = mpsc::unbounded_channel();
    there.on_stale(move |stale| told.send(stale).unwrap());
    let echoes: Arc<Mutex<Vec<Stale>>> = Arc::default();
    let echo = echoes.clone();
    here.on_stale(move |stale| echo.lock().unwrap().push(stale));
    let person = UserId::random(&SeededEntropy::new(random()));
    here.outdating()(person);
    assert_eq!(soon(heard.recv()).await, Some(Stale::Person(person)));
    assert!(echoes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn everything_is_outdated_when_listening_begins_anew() {
    let server = Server::start(&[]).await;
    let redis = connected(&patient(&server.url(), &namespace())).await;
    let (told, mut heard) = mpsc::unbounded_channel();
    redis.on_stale(move |stale| told.send(stale).unwrap());
    let _: u32 = run(&server.url(), "CLIENT KILL TYPE pubsub").await;
    assert_eq!(soon(heard.recv()).await, Some(Stale::Everything));
}

/// Says when the last of the tasks that hold it is gone.
struct Held(SeededEntropy, Arc<Notify>);

impl Entropy for Held {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.1.notify_one();
    }
}

#[tokio::test]
async fn the_tasks_end_with_the_last_value_made_of_them() {
    let gone = Arc::new(Notify::new());
    let held = Arc::new(Held(SeededEntropy::new(random()), gone.clone()));
    let redis = Redis::connect(&patient(&shared(), &namespace()), held).await.unwrap();
    well(&redis).await;
    let signals = signals(&redis);
    let outdate = redis.outdating();
    redis.on_stale(move |_| outdate(UserId::random(&SeededEntropy::new(1))));
    drop(redis);
    signals.notify(Topic::Work);
    assert!(gone.notified().now_or_never().is_none(), "the signals hold them");
    drop(signals);
    soon(gone.notified()).await;
}

#[tokio::test]
async fn closing_ends_the_tasks_and_leaves_this_process_its_hints() {
    let redis = connected(&patient(&shared(), &namespace())).await;
    let signals = signals(&redis);
    let mut watch = signals.watch(Topic::Work);
    soon(redis.close()).await;
    signals.notify(Topic::Work);
    assert!(watch.changed().now_or_never().is_some());
    assert!(redis.health().degraded().contains(&Degraded::Hints));
}
