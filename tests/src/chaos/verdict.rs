//! Once all is quiet: everything that was promised is asked for, and looked up.

use std::collections::BTreeSet;

use serde_json::Value;

use super::people::Person;
use super::world::World;
use crate::House;
use crate::api::{is_terminal, text};
use crate::books::Books;
use crate::sse::Frame;

/// Asks for everything again, through the API.
pub(super) async fn ask_again(world: &World, people: &mut [Person]) {
    for person in people {
        for promise in std::mem::take(&mut person.promises) {
            person.call_in(&promise).await;
            person.promises.push(promise);
        }
        whole_list(world, person).await;
        for build in person.builds.clone() {
            one_build(world, person, &build).await;
        }
        for newcomer in &person.newcomers {
            let credits = newcomer.get("/v1/credits").await;
            let given = credits.status == 200 && credits.json()["balance"] == 1_000_000;
            world.check("I11 who signed up has the credits of a beginning", given, || {
                credits.to_string()
            });
        }
    }
}

/// Every build of the person's is listed, and nobody else's.
async fn whole_list(world: &World, person: &mut Person) {
    let mut listed = BTreeSet::new();
    let mut path = "/v1/builds?limit=100".to_owned();
    loop {
        let Some(page) = person.must_read(&path).await else { return };
        listed.extend(page["data"].as_array().unwrap().iter().map(|row| text(&row["id"])));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/builds?limit=100&cursor={cursor}");
    }
    let mine: BTreeSet<_> = person.builds.iter().cloned().collect();
    world.check("I11 I13 what was begun is listed, and nothing else", listed == mine, || {
        let (lost, strange) = (mine.difference(&listed), listed.difference(&mine));
        format!("lost {:?}, not mine {:?}", lost.collect::<Vec<_>>(), strange.collect::<Vec<_>>())
    });
}

async fn one_build(world: &World, person: &mut Person, build: &str) {
    let Some(view) = person.must_read(&format!("/v1/builds/{build}")).await else { return };
    let ended = ["deployed", "failed", "cancelled", "expired"].contains(&status(&view));
    world.check("I9 everything ends", ended, || view.to_string());
    let mut history = Vec::<Value>::new();
    loop {
        let path = format!("/v1/builds/{build}/events?after={}&limit=100", history.len());
        let Some(page) = person.must_read(&path).await else { return };
        let page = page["data"].as_array().unwrap().clone();
        if page.is_empty() {
            break;
        }
        history.extend(page);
    }
    let places = (1..).zip(&history).all(|(place, event)| event["seq"] == place);
    world.check("I7 events are 1 to n", places, || format!("{history:#?}"));
    let terminal = history.iter().filter(|event| is_terminal(kind(event))).count();
    let last = history.last().is_some_and(|event| is_terminal(kind(event)));
    world.check("I7 the last event, and no other, is terminal", terminal == 1 && last, || {
        format!("{history:#?}")
    });
    for told in person.told.iter().filter(|told| told.build == build) {
        let seen: Vec<_> = told.frames.iter().map(Frame::json).collect();
        world.check("I7 readers were told every event once, in order", seen == history, || {
            format!("{build}: told {seen:#?}\nkept {history:#?}")
        });
    }
    if person.cancelled.iter().any(|cancelled| cancelled == build) {
        let called_off = history
            .iter()
            .any(|event| matches!(kind(event), "build.cancelled" | "build.cancel_requested"));
        world.check("I11 what was called off was", called_off, || format!("{history:#?}"));
    }
}

fn status(view: &Value) -> &str {
    view["status"].as_str().unwrap_or_default()
}

fn kind(event: &Value) -> &str {
    event["type"].as_str().unwrap_or_default()
}

/// Looks up what was acknowledged in the books, counts what was not, and hears the doctor.
pub(super) async fn examine(world: &World, house: &House, books: &Books, people: &[Person]) {
    let sum = |of: fn(&Person) -> usize| {
        people.iter().map(|person| i64::try_from(of(person)).unwrap()).sum::<i64>()
    };
    let builds = sum(|person| person.builds.len());
    let named = sum(|person| {
        let new = |promise: &&super::people::Promise| promise.makes_a_project();
        person.promises.iter().filter(new).count()
    });
    let claims = people.iter().map(|person| person.claims).sum::<i64>();
    let signed_up = sum(|person| 1 + person.newcomers.len());
    let kept = sum(|person| person.promises.len());
    for (promise, expected, sql) in [
        ("I11 builds", builds, "SELECT COUNT(*) FROM builds"),
        (
            "I11 claims",
            claims,
            "SELECT COUNT(*) FROM guest_entries WHERE claimed_build_id IS NOT NULL",
        ),
        ("I11 projects", named, "SELECT COUNT(*) FROM projects"),
        ("I11 workspaces", signed_up, "SELECT COUNT(*) FROM tenants"),
        ("I11 people", signed_up, "SELECT COUNT(*) FROM users"),
        ("I2 holds", builds, "SELECT COUNT(*) FROM credit_holds"),
        (
            "I10 answers",
            kept,
            "SELECT COUNT(*) FROM idempotency_keys WHERE status BETWEEN 200 AND 299",
        ),
    ] {
        let found = books.count(sql).await;
        world.check(promise, found == expected, || {
            format!("{expected} were acknowledged, {found} are kept")
        });
    }
    let doctor = house.run(&["doctor"]).await;
    world.check("the doctor finds nothing", doctor.status.code() == Some(0), || {
        format!(
            "{}{}",
            String::from_utf8_lossy(&doctor.stdout),
            String::from_utf8_lossy(&doctor.stderr)
        )
    });
}
