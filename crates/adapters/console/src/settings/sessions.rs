//! Where somebody is signed in.

use actix_web::HttpResponse;
use askama::Template;
use keelway_access::Session;
use keelway_http::Problem;
use keelway_http::args::{Id, UseCases};
use keelway_http::guard::SignedIn;
use keelway_kernel::Timestamp;
use keelway_kernel::id::SessionId;
use keelway_platform::Person;

use super::device::Device;
use crate::account::with_cookie;
use crate::page::{Page, go};
use crate::shell::Shell;
use crate::text::{Moment, date};

/// More are not shown: they end together.
const MOST: usize = 50;

#[derive(Template)]
#[template(path = "settings/sessions.html")]
struct Sessions {
    shell: Shell,
    rows: Vec<Row>,
    /// How many there are besides this one.
    others: usize,
    /// How many of them are not shown.
    hidden: usize,
}

struct Row {
    id: String,
    device: Device,
    /// The browser in its own words.
    agent: String,
    is_this: bool,
    begun: Moment,
    used: Moment,
    /// The day on which it ends if it is not used again.
    ends: String,
}

impl Row {
    fn of(session: &Session, person: &Person, now: Timestamp) -> Self {
        let agent = session.user_agent.as_ref();
        Self {
            id: session.id().to_string(),
            device: Device::of(agent),
            agent: agent.map(|agent| agent.as_str().to_owned()).unwrap_or_default(),
            is_this: session.hash == person.session,
            begun: Moment::of(session.created_at, now),
            used: Moment::of(session.last_seen_at, now),
            ends: date(&session.expires_at.to_string()),
        }
    }
}

pub(super) async fn show(
    person: SignedIn,
    app: UseCases,
    page: Page,
) -> Result<HttpResponse, Problem> {
    let (mut sessions, now) = (app.sessions(&person).await?, app.ports().clock.now());
    // This one comes first, then the last used.
    sessions.sort_by_key(|session| session.hash != person.session);
    let rows = sessions.iter().take(MOST).map(|session| Row::of(session, &person, now)).collect();
    Ok(page.show(&Sessions {
        shell: page.shell("Sessions", ""),
        rows,
        others: sessions.len().saturating_sub(1),
        hidden: sessions.len().saturating_sub(MOST),
    }))
}

pub(super) async fn end(
    person: SignedIn,
    app: UseCases,
    Id(id): Id<SessionId>,
) -> Result<HttpResponse, Problem> {
    let ended = app.end_session(&person, id).await?.ok_or_else(Problem::not_found)?;
    Ok(if ended.hash == person.session {
        with_cookie(go("/signin?done=signed-out"), &app.no_session_cookie())
    } else {
        go("/settings/sessions?done=session-ended")
    })
}

pub(super) async fn end_others(person: SignedIn, app: UseCases) -> Result<HttpResponse, Problem> {
    app.end_other_sessions(&person).await?;
    Ok(go("/settings/sessions?done=sessions-ended"))
}
