//! Requests over HTTP: a read behind a session, and a build submitted.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use keelway_tests::House;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::ROUNDS;
use crate::bare::Pgbench;
use crate::ledger::Bare;
use crate::load::requests;
use crate::place::{Kind, check_books};
use crate::report::{Row, median};

const CONNECTIONS: usize = 64;
const LENGTH: Duration = Duration::from_secs(2);

/// Runs the empty handler until killed; prints where it listens.
pub fn serve_empty() -> anyhow::Result<()> {
    actix_web::rt::System::new().block_on(async {
        let app = || App::new().route("/", web::get().to(HttpResponse::Ok));
        let server = HttpServer::new(app).bind(("127.0.0.1", 0))?;
        println!("{}", server.addrs()[0]);
        server.run().await?;
        anyhow::Ok(())
    })
}

async fn empty() -> anyhow::Result<(Child, String)> {
    let mut empty = Command::new(std::env::current_exe()?)
        .arg("empty-server")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = empty.stdout.take().context("its output")?;
    let address = BufReader::new(stdout).lines().next_line().await?.context("an address")?;
    Ok((empty, address))
}

fn address(house: &House) -> String {
    house.base().replace("http://", "")
}

/// Reads that find the session, and who belongs where, without the database.
pub async fn reads() -> anyhow::Result<Vec<Row>> {
    let (_empty, bare) = empty().await?;
    let nothing = format!("GET / HTTP/1.1\r\nHost: {bare}\r\n\r\n");
    let mut houses = Vec::new();
    for kind in Kind::BOTH {
        let house = kind.house("reads").await?;
        let server = house.start().await;
        let reader = house.guest().sign_up("reader").await;
        let read = format!(
            "GET /v1/tenants HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
            address(&house),
            reader.token()
        );
        houses.push((kind, house, server, read, Vec::new()));
    }
    let mut limits = Vec::new();
    for _ in 0..ROUNDS {
        let nothing = nothing.clone();
        let nothings = (200, move |_, _| nothing.clone());
        limits.push(requests(&bare, CONNECTIONS, LENGTH, nothings).await?);
        for (_, house, _, read, rates) in &mut houses {
            let read = read.clone();
            let reads = (200, move |_, _| read.clone());
            rates.push(requests(&address(house), CONNECTIONS, LENGTH, reads).await?);
        }
    }
    let limit = median(limits);
    let row = |(kind, _, _, _, rates): (Kind, _, _, _, Vec<f64>)| {
        let what = format!("read behind a session, {}", kind.with_redis());
        Row::against(what, "/s", limit, median(rates))
            .noted("GET /v1/tenants beside an empty actix handler, 64 connections")
    };
    Ok(houses.into_iter().map(row).collect())
}

/// Builds accepted, each of a new project, with an idempotency key.
pub async fn submits() -> anyhow::Result<Vec<Row>> {
    let pgbench = Pgbench::open("accounts.sql").await?;
    let folder = tempfile::tempdir()?;
    let mut sqlite = Bare::open(folder.path()).await?;
    let mut houses = Vec::new();
    for kind in Kind::BOTH {
        let house = kind.house("submits").await?.set("WORKER_ENABLED", "false");
        let server = house.start().await;
        let mut heads = Vec::new();
        for number in 0..CONNECTIONS {
            let person = house.guest().sign_up(&format!("person{number}")).await;
            heads.push(format!(
                "POST /v1/builds HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
                 Content-Type: application/json\r\n",
                address(&house),
                person.token()
            ));
        }
        let heads: Arc<[String]> = heads.into();
        houses.push((kind, house, server, heads, Vec::new(), Vec::new()));
    }
    let body = r#"{"description":"A landing page for a bakery with opening hours"}"#;
    for round in 0..ROUNDS {
        for (kind, house, _, heads, limits, rates) in &mut houses {
            limits.push(match kind {
                Kind::Sqlite => sqlite.rate(LENGTH).await?,
                Kind::Postgres => pgbench.rate("reserve.sql", 16, LENGTH).await?,
            });
            let heads = Arc::clone(heads);
            let submit = move |connection: usize, number| {
                let (head, length) = (&heads[connection], body.len());
                format!(
                    "{head}Idempotency-Key: round-{round}-{number}\r\n\
                     Content-Length: {length}\r\n\r\n{body}"
                )
            };
            rates.push(requests(&address(house), CONNECTIONS, LENGTH, (202, submit)).await?);
        }
    }
    let mut rows = Vec::new();
    for (kind, house, server, _, limits, rates) in houses {
        server.stop().await;
        check_books(&house).await?;
        let what = format!("build submitted over HTTP, {}", kind.with_redis());
        let row = Row::against(what, "/s", median(limits), median(rates));
        rows.push(row.noted(match kind {
            Kind::Sqlite => "64 connections beside the bare writer",
            Kind::Postgres => "64 connections beside pgbench's one statement, 16 clients",
        }));
    }
    Ok(rows)
}
