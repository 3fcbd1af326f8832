//! The processes, each looked after as a service manager would: what ends is started again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::Setting;
use super::world::{Trouble, World};
use crate::house::Door;
use crate::{House, Server, within};

/// Before what could not start is started once more.
const PAUSE: Duration = Duration::from_millis(100);

/// What one of them is there for.
#[derive(Debug, Clone, Copy)]
enum Post {
    /// Serves and builds: the only server.
    Whole,
    Server(Door),
    Worker,
}

enum Order {
    Kill(oneshot::Sender<()>),
    Freeze(oneshot::Sender<()>),
    Thaw(oneshot::Sender<()>),
    Stop,
}

/// One of them, whichever process it is just now.
#[derive(Debug, Clone)]
pub(super) struct Member {
    orders: mpsc::Sender<Order>,
    pid: Arc<AtomicU32>,
}

pub(super) struct Fleet {
    pub(super) servers: Vec<Member>,
    pub(super) workers: Vec<Member>,
    keepers: JoinSet<()>,
}

impl Fleet {
    pub(super) async fn started(
        setting: Setting,
        house: &Arc<House>,
        doors: &[Door],
        world: &Arc<World>,
    ) -> Self {
        let mut keepers = JoinSet::new();
        let mut keep = |post| {
            let (orders, given) = mpsc::channel(8);
            let member = Member { orders, pid: Arc::default() };
            let keeper = Keeper {
                post,
                house: Arc::clone(house),
                world: Arc::clone(world),
                pid: Arc::clone(&member.pid),
                given,
            };
            keepers.spawn(keeper.keep());
            member
        };
        let server = |door: &Door| match setting {
            Setting::Sqlite => Post::Whole,
            Setting::Postgres => Post::Server(*door),
        };
        let workers = match setting {
            Setting::Sqlite => 2,
            Setting::Postgres => 3,
        };
        let servers: Vec<Member> = doors.iter().map(|door| keep(server(door))).collect();
        let workers = (0..workers).map(|_| keep(Post::Worker)).collect();
        let all = async {
            while servers.iter().any(|server| server.pid() == 0) {
                tokio::time::sleep(PAUSE).await;
            }
        };
        within("the servers listen", all).await;
        Self { servers, workers, keepers }
    }

    /// Ends all of them in order.
    pub(super) async fn stop(mut self) {
        for member in self.workers.iter().chain(&self.servers) {
            let _ = member.orders.send(Order::Stop).await;
        }
        within("all processes end", async {
            while let Some(kept) = self.keepers.join_next().await {
                kept.unwrap();
            }
        })
        .await;
    }
}

impl Member {
    /// The process it is, or was last.
    pub(super) fn pid(&self) -> u32 {
        self.pid.load(Ordering::Relaxed)
    }

    pub(super) async fn kill(&self) {
        self.give(Order::Kill).await;
    }

    pub(super) async fn freeze(&self) {
        self.give(Order::Freeze).await;
    }

    pub(super) async fn thaw(&self) {
        self.give(Order::Thaw).await;
    }

    async fn give(&self, order: impl FnOnce(oneshot::Sender<()>) -> Order) {
        let (reply, done) = oneshot::channel();
        let given = async {
            let _ = self.orders.send(order(reply)).await;
            let _ = done.await;
        };
        within("an order is carried out", given).await;
    }
}

struct Keeper {
    post: Post,
    house: Arc<House>,
    world: Arc<World>,
    pid: Arc<AtomicU32>,
    given: mpsc::Receiver<Order>,
}

impl Keeper {
    async fn keep(mut self) {
        // Until it listens for the first time, it is as good as gone.
        let mut gone = Some(self.world.begins(self.trouble()));
        loop {
            let began = Instant::now();
            let Some(mut server) = self.start().await else {
                self.explain("could not start", began);
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            self.pid.store(server.pid(), Ordering::Relaxed);
            if let Some(ongoing) = gone.take() {
                self.world.is_over(ongoing);
            }
            loop {
                let order = tokio::select! {
                    order = self.given.recv() => order,
                    status = server.ended() => {
                        self.explain(&format!("ended by itself with {status}"), began);
                        gone = Some(self.world.begins(self.trouble()));
                        tokio::time::sleep(PAUSE).await;
                        break;
                    }
                };
                match order {
                    Some(Order::Kill(done)) => {
                        gone = Some(self.world.begins(self.trouble()));
                        server.kill().await;
                        let _ = done.send(());
                        break;
                    }
                    Some(Order::Freeze(done)) => {
                        server.freeze().await;
                        let _ = done.send(());
                    }
                    Some(Order::Thaw(done)) => {
                        server.thaw().await;
                        let _ = done.send(());
                    }
                    Some(Order::Stop) | None => {
                        server.stop().await;
                        return;
                    }
                }
            }
        }
    }

    async fn start(&self) -> Option<Server> {
        match self.post {
            Post::Whole => self.house.try_start().await,
            Post::Server(door) => self.house.serve_at(door).await,
            Post::Worker => Some(self.house.work()),
        }
    }

    const fn trouble(&self) -> Trouble {
        match self.post {
            Post::Whole | Post::Server(_) => Trouble::ServerGone,
            Post::Worker => Trouble::WorkerGone,
        }
    }

    /// A process may give up while it starts and its database is away, and at no other time.
    fn explain(&self, what: &str, since: Instant) {
        if self.world.explains(&[Trouble::PostgresAway], since).is_none() {
            self.world.violated(format!("{:?} {what}", self.post));
        }
    }
}
