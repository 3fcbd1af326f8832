//! Agents, blobs and a deploy target that do as they are told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use keelway_builds::ports::{Blobs, DeployFailure, DeployTarget, Placement};
use keelway_builds::{AgentFailure, AgentReply, AgentRunner, AgentTask, BlobRef, Usage};
use keelway_kernel::{BuildId, Clock, MicroUsd, StoreError, Timestamp};
use keelway_patch::FilePath;
use tokio::time::{Instant, sleep};

use crate::gate::Gate;

/// The runtime's paused time as the time of day.
pub(crate) struct Virtual(pub(crate) Instant);

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        let micros = i64::try_from(self.0.elapsed().as_micros()).unwrap();
        Timestamp::from_micros(1_800_000_000_000_000 + micros)
    }
}

/// What an agent does.
pub(crate) enum Act {
    /// Takes a while and costs something.
    Make {
        takes: Duration,
        cost: i64,
    },
    Fail(AgentFailure),
    Panic,
    /// Makes a file under this path.
    Write(&'static str),
}

pub(crate) const STEADY: Act = Act::Make { takes: Duration::from_secs(1), cost: 1_000 };

type Script = Box<dyn Fn(&AgentTask) -> Act + Send + Sync>;

/// One call as the runner saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) build: BuildId,
    pub(crate) agent: String,
    pub(crate) attempt: u32,
    pub(crate) budget: MicroUsd,
    pub(crate) saw: Vec<String>,
    pub(crate) beside: usize,
}

pub(crate) struct Agents {
    pub(crate) gate: Arc<Gate>,
    pub(crate) calls: Mutex<Vec<Call>>,
    running: Mutex<usize>,
    pub(crate) script: Script,
}

impl Agents {
    pub(crate) fn new(gate: Arc<Gate>, script: Script) -> Self {
        Self { gate, calls: Mutex::default(), running: Mutex::new(0), script }
    }

    pub(crate) fn running(&self) -> usize {
        *self.running.lock().unwrap()
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

/// Counts an agent as running until it ends or is dropped.
struct Running<'a>(&'a Mutex<usize>);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        *self.0.lock().unwrap() -= 1;
    }
}

#[async_trait]
impl AgentRunner for Agents {
    async fn run(&self, task: AgentTask) -> Result<AgentReply, AgentFailure> {
        let beside = self.running();
        *self.running.lock().unwrap() += 1;
        let _running = Running(&self.running);
        self.calls.lock().unwrap().push(Call {
            build: task.build,
            agent: task.agent.name(),
            attempt: task.attempt,
            budget: task.budget,
            saw: task.files.iter().map(|(path, _)| path.as_str().to_owned()).collect(),
            beside,
        });
        self.gate.pass("run", || ()).await.unwrap();
        let mut path = format!("{}.txt", task.agent.name());
        let mut spent = 1_000;
        match (self.script)(&task) {
            Act::Make { takes, cost } => {
                spent = cost;
                sleep(takes).await;
            }
            Act::Fail(failure) => return Err(failure),
            Act::Panic => panic!("the script says so"),
            Act::Write(other) => other.clone_into(&mut path),
        }
        self.gate.pass("made", || ()).await.unwrap();
        Ok(AgentReply {
            summary: format!("{} is done.", task.agent.name()),
            files: vec![(FilePath::parse(&path).unwrap(), task.agent.name().into_bytes())],
            usage: Usage {
                provider: "scripted".into(),
                model: "none".into(),
                tokens_in: 10,
                tokens_out: 20,
                cost: MicroUsd::new(spent),
            },
        })
    }

    fn introduction(&self) -> String {
        "A script builds.".into()
    }
}

pub(crate) struct Shelf {
    pub(crate) gate: Arc<Gate>,
    pub(crate) kept: Mutex<HashMap<BlobRef, Vec<u8>>>,
}

#[async_trait]
impl Blobs for Shelf {
    async fn put(&self, bytes: Vec<u8>) -> Result<BlobRef, StoreError> {
        let blob = BlobRef::of(&bytes);
        let keep = || self.kept.lock().unwrap().insert(blob, bytes);
        self.gate.pass("put", keep).await.map(|_| blob)
    }

    async fn get(&self, blob: BlobRef) -> Result<Vec<u8>, StoreError> {
        let read = || self.kept.lock().unwrap().get(&blob).cloned();
        self.gate.pass("get", read).await?.ok_or_else(|| StoreError::corrupt("blob", blob.digest))
    }

    async fn missing(&self, _: Vec<BlobRef>) -> Result<Vec<BlobRef>, StoreError> {
        panic!("workers read what they need")
    }
}

pub(crate) struct Host {
    pub(crate) gate: Arc<Gate>,
    pub(crate) failures: Mutex<Vec<DeployFailure>>,
    pub(crate) served: Mutex<Vec<Vec<String>>>,
}

#[async_trait]
impl DeployTarget for Host {
    fn name(&self) -> &'static str {
        "fake"
    }

    async fn deploy(&self, placement: &Placement) -> Result<String, DeployFailure> {
        self.gate.pass("deploy", || ()).await.unwrap();
        if let Some(failure) = self.failures.lock().unwrap().pop() {
            return Err(failure);
        }
        let paths = placement.manifest.iter().map(|(path, _)| path.as_str().to_owned());
        self.served.lock().unwrap().push(paths.collect());
        Ok("http://site.example/".into())
    }
}
