//! Connections, whatever stands at the other end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use deadpool_redis::redis::aio::{ConnectionLike, MultiplexedConnection, PubSub};
use deadpool_redis::redis::cluster_async::ClusterConnection;
use deadpool_redis::redis::sentinel::{
    SentinelClient, SentinelNodeConnectionInfo, SentinelServerType,
};
use deadpool_redis::redis::{
    Client, Cmd, ConnectionAddr, ConnectionInfo, Pipeline, RedisError, RedisFuture, RedisResult,
    TlsMode, Value,
};
use deadpool_redis::{cluster, sentinel};

use crate::settings::Servers;

/// A connection that many calls share at once.
///
/// Replies are matched to calls by the one task that reads them, so a call that is dropped
/// takes its reply with it and never leaves it to another. After a call that timed out, failed
/// or did not read, a wire is [spoiled](Wire::spoil) and not handed out again.
#[derive(Clone)]
pub(crate) struct Wire {
    end: End,
    spoiled: Arc<AtomicBool>,
}

#[derive(Clone)]
enum End {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Wire {
    fn new(end: End) -> Self {
        Self { end, spoiled: Arc::default() }
    }

    pub(crate) fn spoil(&self) {
        self.spoiled.store(true, Ordering::Relaxed);
    }
}

impl ConnectionLike for Wire {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match &mut self.end {
            End::Server(server) => server.req_packed_command(cmd),
            End::Cluster(cluster) => cluster.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match &mut self.end {
            End::Server(server) => server.req_packed_commands(pipeline, offset, count),
            End::Cluster(cluster) => cluster.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match &self.end {
            End::Server(server) => server.get_db(),
            End::Cluster(cluster) => cluster.get_db(),
        }
    }
}

/// Makes wires by the managers of `deadpool-redis`.
///
/// Those ask the server before every reuse, which doubles the round trips of a call; here a
/// wire is reused until a call on it went wrong.
pub(crate) enum Manager {
    Single(deadpool_redis::Manager),
    Sentinel(sentinel::Manager),
    Cluster(cluster::Manager),
}

pub(crate) type Pool = managed::Pool<Manager>;

impl Manager {
    pub(crate) fn new(servers: &Servers) -> RedisResult<Self> {
        Ok(match servers {
            Servers::Single(server) => Self::Single(deadpool_redis::Manager::new(server.clone())?),
            Servers::Sentinel { sentinels, master, data } => {
                let reached = sentinel::SentinelNodeConnectionInfo {
                    tls_mode: is_tls(data).then_some(sentinel::TlsMode::Secure),
                    redis_connection_info: Some(data.redis_settings().clone().into()),
                };
                Self::Sentinel(sentinel::Manager::new(
                    sentinels.clone(),
                    master.clone(),
                    Some(reached),
                    sentinel::SentinelServerType::Master,
                )?)
            }
            Servers::Cluster(nodes) => Self::Cluster(cluster::Manager::new(nodes.clone(), false)?),
        })
    }
}

impl managed::Manager for Manager {
    type Type = Wire;
    type Error = RedisError;

    // Boxed, since every call holds the future of a connection that it seldom has to make.
    async fn create(&self) -> Result<Wire, RedisError> {
        Ok(Wire::new(match self {
            Self::Single(manager) => End::Server(Box::pin(manager.create()).await?),
            Self::Sentinel(manager) => End::Server(Box::pin(manager.create()).await?),
            Self::Cluster(manager) => End::Cluster(Box::pin(manager.create()).await?),
        }))
    }

    async fn recycle(&self, wire: &mut Wire, _: &Metrics) -> RecycleResult<RedisError> {
        if wire.spoiled.load(Ordering::Relaxed) {
            return Err(RecycleError::message("a call on it went wrong"));
        }
        Ok(())
    }
}

/// Where messages are listened for: a connection of its own, to any node of a Cluster, since
/// its nodes pass messages on to each other.
pub(crate) enum Ear {
    Single(Client),
    Sentinel(SentinelClient),
    Cluster { nodes: Vec<Client>, next: usize },
}

impl Ear {
    pub(crate) fn new(servers: &Servers) -> RedisResult<Self> {
        Ok(match servers {
            Servers::Single(server) => Self::Single(Client::open(server.clone())?),
            Servers::Sentinel { sentinels, master, data } => {
                let mut reached = SentinelNodeConnectionInfo::default()
                    .set_redis_connection_info(data.redis_settings().clone());
                if is_tls(data) {
                    reached = reached.set_tls_mode(TlsMode::Secure);
                }
                Self::Sentinel(SentinelClient::build(
                    sentinels.clone(),
                    master,
                    Some(reached),
                    SentinelServerType::Master,
                )?)
            }
            Servers::Cluster(nodes) => Self::Cluster {
                nodes: nodes.iter().cloned().map(Client::open).collect::<RedisResult<_>>()?,
                next: 0,
            },
        })
    }

    /// Subscribes anew; the next node's turn comes with the next call.
    pub(crate) async fn listen(&mut self, channel: &str) -> RedisResult<PubSub> {
        let mut heard = match self {
            Self::Single(server) => server.get_async_pubsub().await?,
            Self::Sentinel(sentinels) => {
                sentinels.async_get_client().await?.get_async_pubsub().await?
            }
            Self::Cluster { nodes, next } => {
                *next += 1;
                nodes[*next % nodes.len()].get_async_pubsub().await?
            }
        };
        heard.subscribe(channel).await?;
        Ok(heard)
    }
}

fn is_tls(node: &ConnectionInfo) -> bool {
    matches!(node.addr(), ConnectionAddr::TcpTls { .. })
}
