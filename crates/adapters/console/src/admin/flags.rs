//! Switches that are thrown without a release: what each stands at, why, and a way to change it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use keelway_http::Problem;
use keelway_http::args::UseCases;
use keelway_http::form::Form;
use keelway_http::guard::AsOperator;
use keelway_kernel::{Failure, TenantId, Timestamp, UserId};
use keelway_platform::Operator;
use keelway_platform::flags::{Asked, FlagState};
use keelway_tiers::{
    Feature, FlagName, Operation, OverrideChange, Reason, Rollout, SetFlagError, SetTo, Switch,
};
use serde::Deserialize;

use crate::fields::Mistakes;
use crate::page::{Page, go};
use crate::shell::Shell;
use crate::text::Moment;

#[derive(Template)]
#[template(path = "admin/flags.html")]
struct Flags {
    shell: Shell,
    tab: &'static str,
    groups: Vec<Group>,
    /// What was typed into a form that is shown again.
    typed: Change,
    mistakes: Mistakes,
}

/// Flags about which the same is to be known before they are changed.
struct Group {
    title: &'static str,
    note: &'static str,
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    is_on: bool,
    /// "on", "off", or the share it is on for: the words in which it is set.
    variant: String,
    /// Why it stands so, in words.
    reason: &'static str,
    configured: String,
    set: Option<SetRow>,
    tenants: Vec<TenantRow>,
    /// What it switches.
    means: &'static str,
    /// The share in force, for the field.
    percent: u8,
    /// The id of the question before a change, and the question.
    ask: String,
    question: String,
}

/// What is set at run time.
struct SetRow {
    to: String,
    by: String,
    at: Moment,
}

struct TenantRow {
    tenant: String,
    href: String,
    set: SetRow,
}

/// A change as the forms send it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    flag: String,
    /// `on`, `off`, `share` or `lift`.
    #[serde(default)]
    to: String,
    #[serde(default)]
    percent: String,
    /// The one workspace it is for; empty for everybody.
    #[serde(default)]
    tenant: String,
}

pub(super) async fn list(
    operator: AsOperator,
    app: UseCases,
    page: Page,
) -> Result<HttpResponse, Problem> {
    let shown = shown(&operator, &app, &page).await?;
    Ok(page.show(&shown))
}

pub(super) async fn set(
    operator: AsOperator,
    app: UseCases,
    page: Page,
    Form(form): Form<Change>,
) -> Result<HttpResponse, Problem> {
    let mistakes = match form.read() {
        Ok((flag, change)) => match app.set_flag(&operator, flag, change).await {
            Ok(()) => return Ok(go("/admin/flags?done=flag-set")),
            Err(Failure::Rejected(refused @ SetFlagError::TenantUnknown)) => {
                Mistakes::one("tenant", refused.to_string())
            }
            Err(Failure::Store(error)) => return Err(error.into()),
        },
        Err(mistakes) => mistakes,
    };
    let shown = Flags { mistakes, typed: form, ..shown(&operator, &app, &page).await? };
    Ok(page.show_as(StatusCode::UNPROCESSABLE_ENTITY, &shown))
}

impl Change {
    fn read(&self) -> Result<(FlagName, OverrideChange), Mistakes> {
        let flag = self.flag.parse::<FlagName>();
        let flag = flag.map_err(|error| Mistakes::one("flag", error.to_string()))?;
        let wrong = || Mistakes::one("to", "choose what to change it to");
        let tenant = self.tenant.trim();
        if tenant.is_empty() {
            let to = match self.to.as_str() {
                "on" => Some(Rollout::ON),
                "off" => Some(Rollout::OFF),
                "share" => Some(self.share()?),
                "lift" => None,
                _ => return Err(wrong()),
            };
            return Ok((flag, OverrideChange::Everywhere(to)));
        }
        let tenant = tenant.parse::<TenantId>().map_err(|_| {
            Mistakes::one("tenant", "not the id of a workspace, which begins with ten_")
        })?;
        let to = match self.to.as_str() {
            "on" => Some(Switch::On),
            "off" => Some(Switch::Off),
            "lift" => None,
            _ => return Err(wrong()),
        };
        Ok((flag, OverrideChange::Tenant(tenant, to)))
    }

    fn share(&self) -> Result<Rollout, Mistakes> {
        let percent = self.percent.trim().parse().ok().and_then(Rollout::new);
        percent.ok_or_else(|| Mistakes::one("percent", "a share is a whole number from 0 to 100"))
    }
}

async fn shown(operator: &Operator, app: &UseCases, page: &Page) -> Result<Flags, Problem> {
    let states = app.flag_states(operator).await?;
    let (now, me) = (app.ports().clock.now(), operator.user());
    Ok(Flags {
        shell: page.shell("Flags", "admin"),
        tab: "flags",
        groups: [Asked::ForEverybody, Asked::NotYet]
            .into_iter()
            .map(|asked| {
                let those = states.iter().filter(|state| state.asked == asked);
                Group::new(asked, those.map(|state| Row::of(state, me, now)).collect())
            })
            .filter(|group| !group.rows.is_empty())
            .collect(),
        typed: Change::default(),
        mistakes: Mistakes::default(),
    })
}

impl Group {
    const fn new(asked: Asked, rows: Vec<Row>) -> Self {
        let (title, note) = match asked {
            Asked::ForEverybody => (
                "In use",
                "Asked for everybody alike: one workspace's own switch changes nothing yet.",
            ),
            Asked::NotYet => {
                ("Not asked yet", "Nothing asks for these today: setting one changes nothing.")
            }
        };
        Self { title, note, rows }
    }
}

/// What a flag switches, in a few words.
const fn means(flag: FlagName) -> &'static str {
    match flag {
        FlagName::Feature(feature) => match feature {
            Feature::GuestMode => {
                "What guests want built waits an hour for them to sign up; prices are open to \
                 everybody either way"
            }
            Feature::SmartQueueing => "Requests over their rate wait instead of being refused",
            Feature::CostTracking => "Costs by build, phase and agent",
            Feature::TieredAccess => "Builds larger than starter",
            Feature::BuildAnalytics => "Statistics over a workspace's builds",
            Feature::BuildMemory => "Later builds learn from earlier ones",
            Feature::Webhooks => "Events sent to a workspace's own servers",
            Feature::TeamCollab => "Several people in one workspace",
            Feature::AutoTenant => "Workspaces made without being asked for",
        },
        FlagName::Operation(operation) => match operation {
            Operation::SignatureV2 => {
                "Bad signatures of the second version are refused, not only counted"
            }
            Operation::PreviewCspStrict => "Previews get the strict content security policy",
            Operation::PollingFallback => "Clients may poll for events where streaming fails",
            Operation::Sse => "Events are streamed",
        },
    }
}

impl Row {
    fn of(state: &FlagState, me: UserId, now: Timestamp) -> Self {
        let in_force = state.everywhere.map_or(state.configured, |set| set.to);
        let tenant = |(tenant, set): &(TenantId, SetTo<Switch>)| TenantRow {
            tenant: tenant.to_string(),
            href: format!("/admin/builds?tenant={tenant}"),
            set: SetRow::of(if set.to == Switch::On { "on" } else { "off" }, set, me, now),
        };
        Self {
            name: state.flag.as_str(),
            is_on: in_force != Rollout::OFF,
            variant: in_force.to_string(),
            reason: match (state.now.reason, in_force) {
                (Reason::Default, _) => "built-in default",
                (Reason::Override, Rollout::ON | Rollout::OFF) => "set here",
                (Reason::Override | Reason::Split, _) => "of the workspaces, and no guests",
                (Reason::Static, _) => "the settings say so",
            },
            configured: state.configured.to_string(),
            set: state.everywhere.map(|set| SetRow::of(&set.to.to_string(), &set, me, now)),
            tenants: state.tenants.iter().map(tenant).collect(),
            means: means(state.flag),
            percent: in_force.percent(),
            ask: format!("change-{}", state.flag),
            question: format!("Change {}?", state.flag),
        }
    }
}

impl SetRow {
    fn of<T>(to: &str, set: &SetTo<T>, me: UserId, now: Timestamp) -> Self {
        let by = match set.by {
            Some(by) if by == me => "you".to_owned(),
            Some(by) => by.to_string(),
            None => "the system".to_owned(),
        };
        Self { to: to.to_owned(), by, at: Moment::of(set.at, now) }
    }
}
