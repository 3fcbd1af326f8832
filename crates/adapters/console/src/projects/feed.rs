//! What happened to a build, newest first.

use std::num::NonZeroU32;

use keelway_builds::{Event, EventBody};

use super::waterfall::{capital, title};
use crate::text::{bytes, clock, count, grouped, in_credits, span, upright};

/// Events on one page of the feed.
pub(super) const MOST_EVENTS: usize = 40;

/// One event as the feed shows it.
pub(super) struct Entry {
    pub(super) seq: i64,
    pub(super) at: String,
    pub(super) clock: String,
    pub(super) tone: &'static str,
    pub(super) icon: &'static str,
    pub(super) text: String,
    pub(super) detail: String,
}

/// The feed's entries before `before`, and where older ones begin.
pub(super) fn feed(
    history: &[Event],
    before: Option<i64>,
    micro_usd_per_credit: NonZeroU32,
) -> (Vec<Entry>, Option<i64>) {
    let older = history.iter().rev().filter(|event| before.is_none_or(|seq| event.seq < seq));
    let entries: Vec<Entry> =
        older.take(MOST_EVENTS).map(|event| entry(event, micro_usd_per_credit)).collect();
    let next = entries.last().map(|entry| entry.seq).filter(|seq| *seq > 1);
    (entries, next)
}

fn entry(event: &Event, price: NonZeroU32) -> Entry {
    let (tone, icon, detail) = look(&event.body, price);
    Entry {
        seq: event.seq,
        at: event.at.to_string(),
        clock: clock(event.at),
        tone,
        icon,
        text: capital(&upright(&event.body.message())),
        detail,
    }
}

fn look(body: &EventBody, price: NonZeroU32) -> (&'static str, &'static str, String) {
    let none = String::new;
    match body {
        EventBody::Queued { .. } => ("", "queued", none()),
        EventBody::Started { .. } => ("live", "building", none()),
        EventBody::Engine { .. } => ("", "info", none()),
        EventBody::PhaseStarted { .. } => ("live", "right", none()),
        EventBody::PhaseCompleted { duration_ms, .. } => ("good", "check", span(*duration_ms)),
        EventBody::AgentStarted { phase, .. } => ("live", "agent", title(phase.as_str())),
        EventBody::AgentCompleted { agent, usage, files, .. } => {
            let (tokens_in, tokens_out) = (grouped(usage.tokens_in), grouped(usage.tokens_out));
            let detail = format!(
                "{} · {tokens_in} tokens in, {tokens_out} out · {} credits · {}",
                title(agent),
                in_credits(usage.cost, price),
                count(*files, "file", "files"),
            );
            ("good", "agent", detail)
        }
        EventBody::SnapshotCreated { bytes: size, .. } => ("good", "file", bytes(*size)),
        EventBody::DeploymentSucceeded { .. } => ("good", "out", none()),
        EventBody::Retrying { .. } => ("warn", "history", none()),
        EventBody::HandedBack => ("", "history", none()),
        EventBody::CancelRequested => ("warn", "cancelled", none()),
        EventBody::Completed { .. } => ("good", "deployed", none()),
        EventBody::Failed { .. } => ("bad", "failed", none()),
        EventBody::Cancelled { .. } => ("", "cancelled", none()),
        EventBody::Expired => ("warn", "expired", none()),
    }
}
