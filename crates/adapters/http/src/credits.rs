//! What a workspace has to spend, and where it went.

use std::num::NonZeroU32;

use actix_web::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, Responder as _};
use keelway_credits::{Counter, Entry, Grant, GrantSource, Package, Reason, Statement};
use keelway_kernel::{Credits, GrantId, HoldId, MicroUsd, Timestamp, UserId};
use keelway_platform::permit::right::ViewCredits;
use keelway_platform::{Permit, Platform};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::args::{Query, UseCases, page_request};
use crate::attachment::attachment;
use crate::guard::Allowed;
use crate::ledger;
use crate::problem::Problem;
use crate::reply::{Listing, View};
use crate::routes::Routes;

pub(crate) fn routes(routes: &mut Routes) {
    routes.at(__path_statement, statement);
    routes.at(__path_entries, entries);
}

/// How a workspace's account stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Credits)]
struct StatementView {
    /// The sum of the ledger.
    #[schema(value_type = i64)]
    balance: Credits,
    /// Set aside for what is going on.
    #[schema(value_type = i64)]
    held: Credits,
    /// What can be set aside now.
    #[schema(value_type = i64)]
    available: Credits,
    /// For how many days that lasts, at the pace of the last 14; unknown if nothing was spent.
    days_left: Option<u64>,
    /// In the order in which they are used up.
    grants: Vec<GrantView>,
    /// The list price of one credit.
    #[schema(value_type = u32)]
    micro_usd_per_credit: NonZeroU32,
    /// What can be bought.
    packages: Vec<PackageView>,
}

/// Credits given to a workspace.
#[derive(Serialize, ToSchema)]
#[schema(as = Grant)]
struct GrantView {
    #[schema(value_type = String)]
    id: GrantId,
    /// plan, purchase, promotion or refund.
    source: &'static str,
    #[schema(value_type = i64)]
    amount: Credits,
    #[schema(value_type = i64)]
    remaining: Credits,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    granted_at: Timestamp,
}

impl GrantView {
    fn of(grant: &Grant) -> Self {
        Self {
            id: grant.id,
            source: match grant.terms.source {
                GrantSource::Plan => "plan",
                GrantSource::Purchase => "purchase",
                GrantSource::Promotion => "promotion",
                GrantSource::Refund => "refund",
            },
            amount: grant.amount.credits(),
            remaining: grant.remaining,
            expires_at: grant.terms.expires_at,
            granted_at: grant.granted_at,
        }
    }
}

/// Credits at a price.
#[derive(Serialize, ToSchema)]
#[schema(as = Package)]
struct PackageView {
    package: String,
    #[schema(value_type = i64)]
    credits: Credits,
    #[schema(value_type = i64)]
    price_micro_usd: MicroUsd,
    /// US dollars with two decimals.
    price_usd: String,
}

impl PackageView {
    fn of(package: &Package) -> Self {
        Self {
            package: package.key.to_string(),
            credits: package.credits,
            price_micro_usd: package.price,
            price_usd: package.price_usd(),
        }
    }
}

impl StatementView {
    fn of(statement: &Statement, app: &Platform) -> Self {
        let settings = app.settings();
        Self {
            balance: statement.balance,
            held: statement.held,
            available: statement.available,
            days_left: statement.days_left,
            grants: statement.grants.iter().map(GrantView::of).collect(),
            micro_usd_per_credit: settings.micro_usd_per_credit,
            packages: settings.packages.iter().map(PackageView::of).collect(),
        }
    }
}

/// Shows the workspace's credits
#[utoipa::path(
    get, path = "/v1/credits", tag = "credits", operation_id = "get_credits",
    responses((status = 200, body = StatementView, description = "Balance, holds and grants")),
)]
async fn statement(
    permit: Allowed<ViewCredits>,
    app: UseCases,
) -> Result<View<StatementView>, Problem> {
    let statement = app.statement(&permit).await?;
    Ok(View(StatementView::of(&statement, &app)))
}

/// A line of the ledger.
#[derive(Serialize, ToSchema)]
#[schema(as = LedgerEntry)]
pub(crate) struct EntryView {
    /// Its place in the account's ledger: 1, 2, 3 without gaps.
    pub(crate) seq: i64,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) time: Timestamp,
    /// grant, capture, refund or expiry.
    pub(crate) reason: &'static str,
    /// What it adds to the balance.
    #[schema(value_type = i64)]
    pub(crate) amount: Credits,
    /// The account on the other side, which it takes the same from.
    pub(crate) counter_account: &'static str,
    #[schema(value_type = i64)]
    pub(crate) balance_after: Credits,
    #[schema(value_type = Option<String>)]
    pub(crate) hold_id: Option<HoldId>,
    #[schema(value_type = Option<String>)]
    pub(crate) grant_id: Option<GrantId>,
    /// Who did it, unless the platform did.
    #[schema(value_type = Option<String>)]
    pub(crate) user_id: Option<UserId>,
    pub(crate) request_id: String,
}

impl EntryView {
    pub(crate) fn of(entry: Entry) -> Self {
        Self {
            seq: entry.seq,
            time: entry.at,
            reason: match entry.reason {
                Reason::Grant => "grant",
                Reason::Capture => "capture",
                Reason::Refund => "refund",
                Reason::Expiry => "expiry",
            },
            amount: entry.amount,
            counter_account: match entry.counter() {
                Counter::Grants => "grants",
                Counter::Revenue => "revenue",
                Counter::Refunds => "refunds",
                Counter::Expired => "expired",
            },
            balance_after: entry.balance_after,
            hold_id: entry.hold,
            grant_id: entry.grant,
            user_id: entry.actor.user,
            request_id: entry.actor.request_id,
        }
    }
}

/// Where the ledger goes on, and in which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Entries {
    /// Rows on the page: 1 to 100, 20 if absent.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// `csv` for the whole ledger as a table, as `Accept: text/csv` asks for it too.
    #[param(inline)]
    format: Option<Format>,
}

/// How the ledger is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// A page of it.
    Json,
    /// All of it from the cursor on, as a table.
    Csv,
}

/// Lists the ledger
///
/// As CSV, all of it is sent, and texts that a spreadsheet would take for formulas begin with
/// an apostrophe.
#[utoipa::path(
    get, path = "/v1/credits/ledger", tag = "credits", operation_id = "list_ledger",
    params(Entries),
    responses((status = 200, description = "Newest first", content(
        (Listing<EntryView> = "application/json"),
        (String = "text/csv"),
    ))),
)]
async fn entries(
    permit: Allowed<ViewCredits>,
    app: UseCases,
    Query(query): Query<Entries>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let accepts_csv = || {
        let accept = req.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
        accept.is_some_and(|accept| accept.trim().starts_with("text/csv"))
    };
    if query.format.map_or_else(accepts_csv, |format| format == Format::Csv) {
        let permit = Permit::clone(&permit);
        return Ok(HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8; header=present"))
            .insert_header((CONTENT_DISPOSITION, attachment("ledger.csv")))
            .streaming(ledger::csv(Platform::clone(&app), permit, page.after)));
    }
    let page = app.ledger(&permit, page).await?;
    Ok(View(Listing::of(page, EntryView::of)).respond_to(&req))
}
