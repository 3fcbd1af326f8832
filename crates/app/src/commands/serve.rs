//! `keelway`, `keelway serve` and `keelway worker`: what runs until it is told to stop.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::time::Duration;

use futures::future::join_all;
use keelway_access::{Occasion, OwnerToken};
use keelway_http::{Drain, Server};
use keelway_worker::Worker;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

use crate::exit::{Exit, cannot_begin};
use crate::oldest;
use crate::settings::{Checked, Sources};
use crate::system::{Signals, stop_on_signal};
use crate::wiring::{House, Ops, Schema, listen};

/// How often the metrics' buckets are drained, so that they do not grow while nobody reads.
const UPKEEP: Duration = Duration::from_secs(5);

/// The server alone, on a machine where nothing was set up.
pub(super) fn embedded(sources: &Sources) -> anyhow::Result<Exit> {
    let checked = super::settings(sources)?;
    run_server(&checked, Schema::Migrate, sources)
}

pub(super) fn serve(sources: &Sources) -> anyhow::Result<Exit> {
    let checked = super::settings(sources)?;
    run_server(&checked, Schema::Keep, sources)
}

pub(super) fn worker(sources: &Sources) -> anyhow::Result<Exit> {
    let checked = super::settings(sources)?;
    let (settings, ops) = (&checked.settings, begin(&checked, sources)?);
    super::block_on(async {
        let probes = settings.worker.listen.map(|address| listen(address, "`worker.listen`"));
        let probes = probes.transpose()?;
        let house = House::open(&checked, Schema::Keep).await?;
        let probes = match probes {
            Some(probes) => vec![house.probes(&checked, ops.clone()).serve_probes(probes)?],
            None => Vec::new(),
        };
        let signals = Signals::new()?;
        let (database, redis) = (checked.database.kind(), checked.redis.is_some());
        let data_dir = house.data_dir().display();
        tracing::info!(sites = %checked.sites, database, redis, %data_dir, "the worker is ready");
        let worker = Some(house.worker());
        Running { servers: probes, worker, ops, signals }.until_stopped(house).await
    })
}

fn run_server(checked: &Checked, schema: Schema, sources: &Sources) -> anyhow::Result<Exit> {
    let (settings, ops) = (&checked.settings, begin(checked, sources)?);
    super::block_on(async {
        // Addresses first: a second server on the same data stops here and touches nothing.
        let api = listen(settings.listen, "--listen")?;
        let sites = listen(settings.preview_listen, "--preview-listen")?;
        let house = House::open(checked, schema).await?;
        let http = house.http(checked, ops.clone());
        let listening = (api.local_addr()?, sites.local_addr()?);
        let servers = vec![http.serve(api)?, http.serve_sites(sites)?];
        let signals = Signals::new()?;
        greet(checked, listening, owner_link(&house).await.as_ref())?;
        let worker = settings.worker.enabled.then(|| house.worker());
        Running { servers, worker, ops, signals }.until_stopped(house).await
    })
}

/// Begins the log and the measuring.
fn begin(checked: &Checked, sources: &Sources) -> anyhow::Result<Ops> {
    crate::logging::begin(&checked.settings.log, &sources.environment)?;
    let metrics = PrometheusBuilder::new()
        .install_recorder()
        .map_err(|error| cannot_begin(format!("nothing can be measured: {error}")))?;
    Ok(Ops { drain: Drain::default(), metrics })
}

/// What runs until it is told to stop.
struct Running {
    servers: Vec<Server>,
    worker: Option<Worker>,
    ops: Ops,
    signals: Signals,
}

impl Running {
    async fn until_stopped(self, house: House) -> anyhow::Result<Exit> {
        let Self { servers, worker, ops, signals } = self;
        let stop = CancellationToken::new();
        // Whoever mends what time has overtaken sees what keeps the server from it.
        let watched = worker.as_ref().and(house.server());
        let handles: Vec<_> = servers.iter().map(Server::handle).collect();
        let run = async {
            // Whoever balances load and whoever reads a stream are told first; both can still
            // come and see while builds end.
            let announce = async {
                stop.cancelled().await;
                ops.drain.begin();
            };
            let work = async {
                if let Some(worker) = worker {
                    worker.run(stop.clone()).await;
                }
            };
            tokio::join!(announce, work);
            join_all(handles.iter().map(|handle| handle.stop(true))).await;
        };
        let all = async {
            let servers = join_all(servers.into_iter().map(|server| ended(server, &stop)));
            let (ended, ()) = tokio::join!(servers, run);
            ended.into_iter().collect::<io::Result<()>>()
        };
        tokio::select! {
            () = stop_on_signal(signals, stop.clone()) => {}
            ended = all => ended?,
            () = upkeep(&ops.metrics) => {}
            () = oldest::watch(watched) => {}
        }
        house.close().await;
        tracing::info!("stopped");
        Ok(Exit::Done)
    }
}

/// Waits for a server; one that ends by itself takes the rest with it.
async fn ended(server: Server, stop: &CancellationToken) -> io::Result<()> {
    let ended = server.await;
    stop.cancel();
    ended
}

async fn upkeep(metrics: &PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        metrics.run_upkeep();
    }
}

/// A link for the first of the platform's own people, while there is none of them. A database
/// that cannot be read keeps the server from nothing else.
async fn owner_link(house: &House) -> Option<OwnerToken> {
    let link = house.platform.owner_link(Occasion::Start, "start").await;
    link.unwrap_or_else(|error| {
        tracing::error!(%error, "no owner link was made");
        None
    })
}

/// Says where it runs: on a terminal in words, elsewhere in a line for each thing.
fn greet(
    checked: &Checked,
    (listen, preview_listen): (SocketAddr, SocketAddr),
    owner: Option<&OwnerToken>,
) -> anyhow::Result<()> {
    let url = &checked.public_url;
    let data = checked.settings.data_dir.display();
    let (database, redis) = (checked.database.kind(), checked.redis.is_some());
    let sites = &checked.sites;
    tracing::info!(%url, %sites, %listen, %preview_listen, database, redis, data_dir = %data, "ready");
    let owner = owner.map(|token| super::admin::link(checked, token));
    if !std::io::stdout().is_terminal() {
        super::print(&format!("Keelway is ready at {url}"))?;
        if let Some(link) = owner {
            super::print(&format!("Owner  {link}"))?;
        }
        return Ok(());
    }
    let owner = owner.map(|link| format!("  Owner       {link}\n")).unwrap_or_default();
    super::print(&format!(
        "
Keelway is ready at {url}

{owner}  Reference   {url}/docs
  First app   keelway build \"A bakery in Lisbon with opening hours\" --local
  Data        {data}
  Stop        Ctrl-C
"
    ))?;
    Ok(())
}
