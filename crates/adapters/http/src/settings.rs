//! What an operator may set about HTTP.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keelway_builds::SiteLabel;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::client::Cidr;

/// How requests are taken.
#[derive(Clone)]
pub struct HttpSettings {
    /// Where people reach the API, such as `https://keelway.example`; `https` makes cookies
    /// secure and turns HSTS on.
    pub public_url: String,
    /// The address of a preview or deployment by its label.
    pub site_address: SiteAddress,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Cidr>,
    /// What a problem's `type` begins with.
    pub problem_base: String,
    /// The most bytes of a JSON body.
    pub body_limit_bytes: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long the head of a request may take to arrive.
    pub head_timeout: Duration,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// Threads that answer; as many as there are cores if absent.
    pub workers: Option<NonZeroU32>,
    /// The most connections a thread holds.
    pub connections_per_worker: usize,
    /// The most connections a listener holds with one address; trusted proxies have no limit.
    pub connections_per_address: usize,
    /// How long requests may go on after a stop was asked for.
    pub shutdown_grace: Duration,
    /// Renders what was measured; without it `/metrics` is empty.
    pub metrics: Option<PrometheusHandle>,
    /// Who may read it there.
    pub metrics_access: MetricsAccess,
    /// Whether the process is about to stop.
    pub drain: Drain,
    /// What the process can do without, and is slower or more careful while it has to.
    pub helpers: Vec<Helper>,
}

/// Something whose loss degrades the process and stops nothing.
#[derive(Clone)]
pub struct Helper {
    /// What it is called in `/readyz` and in metrics.
    pub name: &'static str,
    /// Whether it did what it was last asked for: from memory, without asking it anything.
    pub is_well: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// Who may read what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Whoever asks from the same machine; the peer counts, not what it says of others.
    LoopbackOnly,
    /// Everybody who reaches the API.
    Anyone,
}

/// Gives the address of the site under a label.
pub type SiteAddress = Arc<dyn Fn(&SiteLabel) -> String + Send + Sync>;

impl HttpSettings {
    /// The defaults for a server reached under `public_url`.
    pub fn new(public_url: impl Into<String>, site_address: SiteAddress) -> Self {
        Self {
            public_url: public_url.into(),
            site_address,
            trusted_proxies: Vec::new(),
            problem_base: "/docs/errors/".to_owned(),
            body_limit_bytes: 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            head_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(15),
            workers: None,
            connections_per_worker: 2_048,
            connections_per_address: 256,
            shutdown_grace: Duration::from_secs(30),
            metrics: None,
            metrics_access: MetricsAccess::LoopbackOnly,
            drain: Drain::default(),
            helpers: Vec::new(),
        }
    }

    /// Whether browsers reach the server over TLS.
    pub fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// Says to everybody who holds a clone that the process is about to stop.
#[derive(Debug, Clone, Default)]
pub struct Drain(Arc<AtomicBool>);

impl Drain {
    /// From now on `/readyz` answers 503.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
