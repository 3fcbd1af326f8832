//! The build that a project's page is about.

use keelway_builds::cancel::{CancelError, CancelPreview};
use keelway_builds::{
    Build, BuildFailure, BuildState, BuildStatus, Event, EventBody, FailureReason, Project,
};
use keelway_http::Problem;
use keelway_kernel::{Failure, MicroUsd};
use keelway_platform::Permit;
use keelway_platform::permit::right::{CancelBuild, SubmitBuild, ViewBuilds};
use keelway_platform::reports::Report;

use crate::projects::feed::{Entry, feed};
use crate::projects::waterfall::{Cost, Facts, Step, Waterfall, title};
use crate::projects::{Around, People, curl, served_at};
use crate::text::{Moment, bytes, count, grouped, in_credits, signed, span, until, upright};

/// Everything the page says of it.
pub(super) struct Current {
    pub(super) id: String,
    pub(super) state: &'static str,
    /// What was asked for, to be read.
    pub(super) words: String,
    /// The same to be changed and sent again.
    pub(super) description: String,
    pub(super) back: String,
    pub(super) tier: &'static str,
    pub(super) by: String,
    pub(super) asked: Moment,
    /// How long it took, or has taken so far; empty before it began.
    pub(super) took: String,
    pub(super) held: String,
    /// Charged, once it is over.
    pub(super) charged: String,
    /// What its agents used so far, in credits.
    pub(super) used: String,
    pub(super) tokens_in: String,
    pub(super) tokens_out: String,
    pub(super) attempt: u32,
    /// Whether it was asked to stop and has not yet.
    pub(super) is_stopping: bool,
    /// Its event stream; empty once it is over.
    pub(super) stream: String,
    pub(super) place: u64,
    pub(super) starts: String,
    /// When it is tried again, if it waits after a failure.
    pub(super) retries: String,
    /// Whose failure that was.
    pub(super) retries_after: &'static str,
    pub(super) percent: u64,
    /// The phase it is in, in words.
    pub(super) doing: String,
    pub(super) pipeline: Vec<Step>,
    /// Present once it has begun.
    pub(super) waterfall: Option<Waterfall>,
    pub(super) costs: Vec<Cost>,
    pub(super) events: Vec<Entry>,
    pub(super) all_events: usize,
    /// Where older events are; empty if none are.
    pub(super) older: String,
    /// Where newer events are; empty on the first page.
    pub(super) newest: String,
    pub(super) cancel: Option<CancelAsk>,
    pub(super) ending: Option<Ending>,
    pub(super) result: Option<Made>,
    /// What can be looked at: its own result, or what is online all the same.
    pub(super) preview: String,
    pub(super) is_own_preview: bool,
    /// The API's call that answers the same.
    pub(super) curl: String,
    pub(super) deployed_at: String,
}

/// The question before a cancellation.
pub(super) struct CancelAsk {
    pub(super) action: String,
    pub(super) key: String,
    pub(super) text: String,
}

/// How it ended without a result, and what can be done.
pub(super) struct Ending {
    pub(super) tone: &'static str,
    pub(super) title: &'static str,
    pub(super) text: String,
    pub(super) charged: String,
    /// Where the same is asked for again; empty for those who may not.
    pub(super) retry: String,
}

/// What it made.
pub(super) struct Made {
    pub(super) files: String,
    pub(super) size: String,
    pub(super) zip: String,
    pub(super) files_href: String,
    pub(super) changes_href: String,
}

/// What the view is made with.
pub(super) struct View<'a> {
    pub(super) permit: &'a Permit<ViewBuilds>,
    pub(super) around: &'a Around<'a>,
    pub(super) people: &'a People,
}

impl View<'_> {
    pub(super) async fn of(
        &self,
        report: Report,
        project: &Project,
        before: Option<i64>,
    ) -> Result<Current, Problem> {
        let (app, slug) = (self.around.app, self.around.page.slug());
        let costs = app.build_costs(self.permit, report.build.id).await?;
        let (_, work) = costs.ok_or_else(Problem::not_found)?;
        let cancel = self.cancel(&report.build).await?;
        let Report { build, position, history, snapshot, .. } = report;
        let now = self.around.now();
        let price = app.platform_settings().micro_usd_per_credit;
        let facts = Facts {
            build: &build,
            history: &history,
            work: &work,
            now,
            micro_usd_per_credit: price,
        };
        let home = format!("/w/{slug}/projects/{}", project.id);
        let here = format!("{home}?build={}", build.id);
        let (events, older) = feed(&history, before, price);
        let state = build.status.state();
        let is_over = state.is_terminal();
        let began = build.started_at;
        let end = build.status.ended_at().unwrap_or(now);
        let address = &app.settings().site_address;
        let own = snapshot.as_ref().map(|snapshot| address(&snapshot.preview));
        let online = project.live.map(|_| address(&project.site));
        let retries = match build.status {
            BuildStatus::Queued { retry_at: Some(at) } => until(at, now),
            _ => String::new(),
        };
        let made = snapshot.map(|snapshot| Made {
            files: count(snapshot.files, "file", "files"),
            size: bytes(snapshot.bytes),
            zip: format!("/w/{slug}/builds/{}/download", build.id),
            files_href: format!("{home}/files?snapshot={}", snapshot.id),
            changes_href: format!("{home}/history/{}", snapshot.id),
        });
        Ok(Current {
            state: state.as_str(),
            words: upright(build.request.description.as_str()),
            description: build.request.description.as_str().to_owned(),
            tier: build.request.tier.as_str(),
            by: self.people.name(build.requested_by),
            asked: Moment::of(build.created_at, now),
            took: began.map(|began| span(end.millis_since(began))).unwrap_or_default(),
            held: signed(build.held.get()),
            charged: signed(build.captured.get()),
            back: signed(build.held.get().saturating_sub(build.captured.get()).max(0)),
            used: in_credits(build.used.cost, price),
            tokens_in: grouped(build.used.tokens_in),
            tokens_out: grouped(build.used.tokens_out),
            attempt: build.attempt,
            is_stopping: build.cancel_requested && !is_over,
            stream: if is_over {
                String::new()
            } else {
                format!("/w/{slug}/builds/{}/stream", build.id)
            },
            place: position.map_or(0, |position| position.place),
            starts: position.map(|p| until(p.estimated_start, now)).unwrap_or_default(),
            retries,
            retries_after: after(&history),
            percent: facts.progress(),
            doing: build.phase.map(|phase| title(phase.as_str())).unwrap_or_default(),
            pipeline: facts.pipeline(),
            waterfall: began.map(|_| facts.waterfall()),
            costs: if is_over { facts.costs() } else { Vec::new() },
            all_events: history.len(),
            older: older.map(|seq| format!("{here}&before={seq}#events")).unwrap_or_default(),
            newest: before.map(|_| format!("{here}#events")).unwrap_or_default(),
            events,
            cancel,
            ending: self.ending(&facts),
            result: made,
            is_own_preview: own.is_some(),
            curl: curl(app, self.around.page, &format!("/v1/builds/{}", build.id)),
            preview: own.or(online).filter(|_| is_over).unwrap_or_default(),
            deployed_at: build
                .deployment_url
                .as_deref()
                .map(|url| served_at(app, &project.site, url))
                .unwrap_or_default(),
            id: build.id.to_string(),
        })
    }

    /// The question that goes before a cancellation, for those who may cancel while they can.
    async fn cancel(&self, build: &Build) -> Result<Option<CancelAsk>, Problem> {
        let is_open = !build.status.state().is_terminal() && !build.cancel_requested;
        let Some(permit) = self.around.rights.permit::<CancelBuild>().ok().filter(|_| is_open)
        else {
            return Ok(None);
        };
        let preview = match self.around.app.rehearse_cancel(&permit, build.id).await {
            Ok(preview) => preview,
            // It ended meanwhile: the next look at the page says how.
            Err(Failure::Rejected(CancelError::Ended(_))) => return Ok(None),
            Err(failure) => return Err(failure.into()),
        };
        Ok(Some(CancelAsk {
            action: format!("/w/{}/builds/{}/cancel", self.around.page.slug(), build.id),
            key: self.around.page.new_key(),
            text: asked(&preview),
        }))
    }

    fn ending(&self, facts: &Facts<'_>) -> Option<Ending> {
        let build = facts.build;
        let may_retry = self.around.rights.permit::<SubmitBuild>().is_ok();
        let again = format!(
            "/w/{}/new?project={}&again={}",
            self.around.page.slug(),
            build.project,
            build.id
        );
        let retry = if may_retry { again } else { String::new() };
        let credits = || match build.captured.get() {
            0 => format!(
                "Nothing was charged; all {} held credits are back.",
                signed(build.held.get())
            ),
            charged => {
                let back = build.held.get().saturating_sub(charged).max(0);
                format!("{}; {} {} back.", charge(charged, facts), signed(back), is_are(back))
            }
        };
        let (tone, title, text, charged) = match &build.status {
            BuildStatus::Failed { failure, .. } => {
                let BuildFailure { reason, message, retryable } = failure;
                let title = failed(*reason);
                let message = if message == title { "" } else { message };
                let help =
                    if *retryable { "The same build may work if you try again." } else { "" };
                ("bad", title, format!("{message} {help}").trim().to_owned(), credits())
            }
            BuildStatus::Cancelled { at } => {
                let text = format!(
                    "It was stopped on request {}.",
                    Moment::of(*at, self.around.now()).ago
                );
                ("info", "This build was cancelled.", text, credits())
            }
            BuildStatus::Expired { .. } => {
                let text = "It waited longer than your tier allows without being started.";
                ("warn", "This build expired.", text.to_owned(), credits())
            }
            BuildStatus::Queued { .. }
            | BuildStatus::Building { .. }
            | BuildStatus::Deployed { .. } => return None,
        };
        Some(Ending { tone, title, text, charged, retry })
    }
}

/// What was charged and for what: "7 credits were charged for the work of 2 agents".
fn charge(charged: i64, facts: &Facts<'_>) -> String {
    let (work, failed) = (facts.work.len() as u64, facts.failed_calls());
    let number = grouped(charged.unsigned_abs());
    let credits = if charged == 1 {
        "1 credit was charged".to_owned()
    } else {
        format!("{number} credits were charged")
    };
    if failed <= MicroUsd::ZERO {
        return format!("{credits} for the work of {}", count(work, "agent", "agents"));
    }
    if work == 0 {
        return format!("{credits} for failed calls of the model provider");
    }
    let failed = in_credits(failed, facts.micro_usd_per_credit);
    let part = failed.strip_suffix(".00").unwrap_or(&failed);
    let unit = if part == "1" { "credit" } else { "credits" };
    format!("{credits}, including {part} {unit} for failed calls of the model provider")
}

const fn is_are(number: i64) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

/// Whose failure the last attempt ended with.
fn after(history: &[Event]) -> &'static str {
    let reason = history.iter().rev().find_map(|event| match event.body {
        EventBody::Retrying { reason, .. } => Some(reason),
        _ => None,
    });
    match reason {
        Some(FailureReason::Provider) => "after a failure of the model provider",
        Some(FailureReason::WorkerLost) => "after we lost its worker",
        Some(FailureReason::Deployment) => "after it could not be put online",
        Some(FailureReason::Budget | FailureReason::Internal) | None => "after a failure of ours",
    }
}

const fn failed(reason: FailureReason) -> &'static str {
    match reason {
        FailureReason::Provider => "The model provider failed.",
        FailureReason::Budget => "The credits held for it were used up.",
        FailureReason::WorkerLost => "We lost the worker that ran it.",
        FailureReason::Deployment => "We could not put the result online.",
        FailureReason::Internal => "Something failed on our side.",
    }
}

/// What a cancellation would cost now.
fn asked(preview: &CancelPreview) -> String {
    let (held, charged) = (preview.ended.held.get(), preview.ended.captured.get());
    let back = held.saturating_sub(charged).max(0);
    match preview.state {
        BuildState::Building => {
            let charge = match charged {
                0 => "Nothing has been used yet, so nothing would be charged if it stopped now"
                    .to_owned(),
                1 => "1 credit is charged for the work done until now".to_owned(),
                many => format!("{} credits are charged for the work done until now", signed(many)),
            };
            let (back, held) = (signed(back), signed(held));
            format!(
                "{charge}; about {back} of the {held} held credits come back. The agents stop \
                 within seconds, and this build leaves no result."
            )
        }
        _ => format!(
            "It has not started: nothing is charged, and all {} held credits come back at once.",
            signed(back)
        ),
    }
}
