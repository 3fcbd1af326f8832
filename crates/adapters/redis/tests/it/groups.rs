//! Sentinel and Cluster.

use std::sync::Arc;
use std::time::Duration;

use keelway_access::RateClass;
use keelway_access::ports::RateLimiter;
use keelway_builds::ports::{Signals, Topic};
use keelway_redis::{BreakerState, RedisSettings};

use crate::house::{Here, connected, limiter, namespace, patient, soon, well};
use crate::server::Server;

const LIMIT: u32 = 1_000;

#[tokio::test]
async fn the_master_that_sentinels_name_is_followed() {
    let mut master = Server::start(&[]).await;
    let of = ["--replicaof", "127.0.0.1", &master.port.to_string()];
    let mut replica = Server::start(&of).await;
    replica.says("MASTER <-> REPLICA sync: Finished").await;
    let mut sentinel = Server::sentinel(&master).await;
    sentinel.says("+slave slave").await;

    let url = format!("redis+sentinel://127.0.0.1:{}/m", sentinel.port);
    let redis = connected(&patient(&url, &namespace())).await;
    let (limiter, alone) = limiter(&redis, LIMIT);
    let hit = async || soon(limiter.hit(RateClass::Read, "usr_x")).await.limit.limit.get();
    assert_eq!(hit().await, LIMIT);
    assert_eq!(master.run::<u32>("DBSIZE").await, 2, "the count and the probe");

    master.kill().await;
    soon(async {
        while redis.health().state() == BreakerState::Closed {
            hit().await;
        }
    })
    .await;
    assert!(alone.asked() > 0);
    sentinel.says("+switch-master m").await;
    well(&redis).await;
    assert_eq!(hit().await, LIMIT);
    let role: String = replica.run("INFO replication").await;
    assert!(role.contains("role:master"), "{role}");
}

#[tokio::test]
async fn a_cluster_is_one_redis() {
    let arguments = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
    let mut nodes = [
        Server::start(&arguments).await,
        Server::start(&arguments).await,
        Server::start(&arguments).await,
    ];
    let slots = [(0, 5_460), (5_461, 10_922), (10_923, 16_383)];
    for (node, (first, last)) in nodes.iter().zip(slots) {
        node.run::<()>(&format!("CLUSTER ADDSLOTSRANGE {first} {last}")).await;
        if node.port != nodes[0].port {
            nodes[0].run::<()>(&format!("CLUSTER MEET 127.0.0.1 {}", node.port)).await;
        }
    }
    nodes_agree(&nodes).await;

    let [a, b, _] = nodes.each_ref().map(|node| node.port);
    let settings = patient(&format!("redis+cluster://127.0.0.1:{a},127.0.0.1:{b}"), &namespace());
    let (redis, other) = (connected(&settings).await, connected(&settings).await);
    let ((here, alone), (there, _)) = (limiter(&redis, LIMIT), limiter(&other, LIMIT));
    for tenant in 0..50 {
        let key = format!("ten_{tenant}");
        let first = soon(here.hit(RateClass::Write, &key)).await;
        let second = soon(there.hit(RateClass::Write, &key)).await;
        assert_eq!((first.remaining, second.remaining), (LIMIT - 1, LIMIT - 2));
    }
    assert_eq!(alone.asked(), 0);
    for node in &nodes {
        assert!(node.run::<u32>("DBSIZE").await > 0, "every node holds its share");
    }

    let here = redis.signals(Arc::new(Here::default()));
    let there = other.signals(Arc::new(Here::default()));
    for (from, to) in [(&here, &there), (&there, &here)] {
        let mut watch = to.watch(Topic::Work);
        from.notify(Topic::Work);
        soon(watch.changed()).await;
    }
    // Without one of its nodes, whatever a hit finds, somebody decides on it.
    let settings = settings.patient(RedisSettings::PATIENCE);
    let redis = connected(&settings).await;
    let (limiter, alone) = limiter(&redis, LIMIT);
    let hit = async |tenant: u32| {
        soon(limiter.hit(RateClass::Read, &format!("ten_{tenant}"))).await.limit.limit.get()
    };
    nodes[2].kill().await;
    for tenant in 0..50 {
        hit(tenant).await;
    }
    assert!(alone.asked() > 0);
    nodes[2].again().await;
    nodes_agree(&nodes).await;
    // As impatient as in earnest: on a busy machine some hits are decided here all the same.
    for tenant in 0..50 {
        soon(async {
            while hit(tenant).await != LIMIT {
                well(&redis).await;
            }
        })
        .await;
    }
}

/// Waits until every node knows the others; none tells when it does.
async fn nodes_agree(nodes: &[Server]) {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    for node in nodes {
        soon(async {
            loop {
                tick.tick().await;
                let info: String = node.run("CLUSTER INFO").await;
                if info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3") {
                    return;
                }
            }
        })
        .await;
    }
}
