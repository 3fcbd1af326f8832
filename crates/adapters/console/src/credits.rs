//! What a workspace can spend, what is set aside, and every credit that moved.

mod grants;
mod ledger;

use actix_web::HttpResponse;
use actix_web::http::Method;
use askama::Template;
use keelway_builds::overview::OpenHold;
use keelway_credits::{Package, Statement};
use keelway_http::Problem;
use keelway_http::args::{Query, UseCases, page_request};
use keelway_http::guard::Allowed;
use keelway_http::routes::Routes;
use keelway_kernel::{Credits, MicroUsd, Timestamp};
use keelway_platform::permit::right::ViewCredits;
use serde::Deserialize;

use crate::page::Page;
use crate::shell::Shell;
use crate::text::{Moment, count, dollars, grouped, until};
use crate::usage::share;
use grants::GrantRow;
use ledger::{For, Line};

/// How builds that ended so are charged; the words of the policy in `keelway_credits`.
const RULES: [(&str, &str); 4] = [
    ("Deployed, cancelled, or out of budget", "what was used"),
    ("The model provider failed", "what the provider charged"),
    ("We failed", "nothing"),
    ("It never started", "nothing"),
];

/// Days left under this are worth a warning.
const FEW_DAYS: u64 = 7;

pub(crate) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/w/{workspace}/credits", show);
}

#[derive(Deserialize)]
struct Wanted {
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "credits/show.html")]
struct Wallet {
    shell: Shell,
    slug: String,
    account: Account,
    grants: Vec<GrantRow>,
    holds: Vec<HoldRow>,
    ledger: Vec<Line>,
    /// Whether these are older lines than the newest.
    is_later_page: bool,
    first: String,
    next: String,
    price: String,
    packages: Vec<PackageRow>,
    rules: [(&'static str, &'static str); 4],
    curl: String,
}

/// The account in figures.
struct Account {
    available: String,
    held: String,
    balance: String,
    /// "12", or empty where nothing is being spent.
    days_left: String,
    held_note: String,
    /// How wide the parts of the balance are, in per cent.
    free_width: String,
    held_width: String,
    warning: Option<Warning>,
}

/// What to think of before it happens.
struct Warning {
    tone: &'static str,
    title: &'static str,
    text: String,
}

struct HoldRow {
    id: String,
    spent_on: For,
    outstanding: String,
    amount: String,
    captured: String,
    opened: Moment,
    /// "ends with the build", or when it times out.
    ends: String,
}

/// As exact as anybody plans for.
fn days_left(days: u64) -> String {
    if days > 365 { "365+".to_owned() } else { days.to_string() }
}

/// "0.01 USD": two decimals, more only where they say something.
fn price(cost: MicroUsd) -> String {
    let exact = dollars(cost);
    exact.replace("00 USD", " USD")
}

struct PackageRow {
    name: String,
    credits: String,
    price: String,
    each: String,
}

async fn show(
    permit: Allowed<ViewCredits>,
    app: UseCases,
    page: Page,
    Query(wanted): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let request = page_request(None, wanted.cursor.as_deref())?;
    let found = app.credits_page(&permit, request).await?;
    let (slug, now) = (page.slug().to_owned(), app.ports().clock.now());
    let settings = app.platform_settings();
    let statement = &found.statement;
    let next = found.ledger.next.as_ref();
    let next = next.map(|cursor| format!("/w/{slug}/credits?cursor={}#ledger", cursor.encode()));
    let first = wanted.cursor.as_ref().map(|_| format!("/w/{slug}/credits#ledger"));
    Ok(page.show(&Wallet {
        shell: page.shell("Credits", "credits").with_available(statement.available),
        account: Account::of(statement, found.holds.len()),
        grants: GrantRow::all(statement, now),
        holds: found.holds.iter().map(|one| HoldRow::of(one, &slug, now)).collect(),
        ledger: found.ledger.items.iter().map(|one| Line::of(one, &slug, now)).collect(),
        is_later_page: wanted.cursor.is_some(),
        first: first.unwrap_or_default(),
        next: next.unwrap_or_default(),
        price: price(MicroUsd::new(settings.micro_usd_per_credit.get().into())),
        packages: settings.packages.iter().map(PackageRow::of).collect(),
        rules: RULES,
        curl: curl(&app, &page),
        slug,
    }))
}

impl Account {
    fn of(statement: &Statement, holds: usize) -> Self {
        let available = statement.available.get();
        let (free, held) = (unsigned(statement.available), unsigned(statement.held));
        let both = free.saturating_add(held);
        let holds = u64::try_from(holds).unwrap_or(u64::MAX);
        let warning = match (available, statement.days_left) {
            (..=0, _) => Some(Warning {
                tone: "bad",
                title: "Nothing is available.",
                text: if held > 0 {
                    "Running builds hold what there is; what they do not use comes back when \
                     they end."
                } else {
                    "New builds are refused. The owner of this platform sets credits."
                }
                .to_owned(),
            }),
            (_, Some(days @ 0..FEW_DAYS)) => Some(Warning {
                tone: "warn",
                title: "Credits run low.",
                text: format!("At the present rate they last {}.", count(days, "day", "days")),
            }),
            _ => None,
        };
        Self {
            available: signed(statement.available),
            held: signed(statement.held),
            balance: signed(statement.balance),
            days_left: statement.days_left.map(days_left).unwrap_or_default(),
            held_note: match holds {
                0 => "nothing is being built".to_owned(),
                some => format!("set aside for {}", count(some, "build", "builds")),
            },
            free_width: share(free, both),
            held_width: share(held, both),
            warning,
        }
    }
}

impl HoldRow {
    fn of(one: &OpenHold, slug: &str, now: Timestamp) -> Self {
        let hold = &one.hold;
        Self {
            id: hold.id.to_string(),
            spent_on: For::of(&one.spent_on, slug),
            outstanding: signed(hold.outstanding()),
            amount: signed(hold.amount.credits()),
            captured: signed(hold.charged()),
            opened: Moment::of(hold.opened_at, now),
            ends: match hold.expires_at {
                None => "with the build".to_owned(),
                Some(at) => until(at, now),
            },
        }
    }
}

impl PackageRow {
    fn of(one: &Package) -> Self {
        let cents = one.price.get().max(0) / 100;
        let hundredths = cents.checked_div(one.credits.get()).unwrap_or(0);
        Self {
            name: one.key.to_string(),
            credits: signed(one.credits),
            price: format!("{} USD", one.price_usd()),
            each: format!("{}.{:04} USD", hundredths / 10_000, hundredths % 10_000),
        }
    }
}

fn unsigned(credits: Credits) -> u64 {
    u64::try_from(credits.get()).unwrap_or(0)
}

/// "1,240", "−75".
fn signed(credits: Credits) -> String {
    let sign = if credits.get() < 0 { "−" } else { "" };
    format!("{sign}{}", grouped(credits.get().unsigned_abs()))
}

fn curl(app: &UseCases, page: &Page) -> String {
    let tenant = page.visitor.workspace.as_ref().map(|one| one.tenant.id.to_string());
    let (url, tenant) =
        (app.settings().public_url.trim_end_matches('/'), tenant.unwrap_or_default());
    let call = |path: &str, more: &str| {
        format!(
            "curl '{url}{path}' \\\n  -H \"Authorization: Bearer $KEELWAY_TOKEN\" \\\n  -H 'X-Tenant: {tenant}'{more}"
        )
    };
    format!(
        "{}\n\n{}\n\n# the ledger as a table\n{}",
        call("/v1/credits", ""),
        call("/v1/credits/ledger?limit=20", ""),
        call("/v1/credits/ledger?limit=100", " \\\n  -H 'Accept: text/csv'"),
    )
}
