//! Following the link of an invitation. Looking at it never uses it up.

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use keelway_access::{AcceptError, Accepted, InvitationToken, Offer};
use keelway_http::Problem;
use keelway_http::args::UseCases;
use keelway_http::guard::{Anyone, SignedIn};
use keelway_http::routes::Routes;
use keelway_kernel::{Failure, StoreError};

use crate::page::{Page, go};
use crate::shell::Shell;
use crate::text::{encoded, exact};

pub(crate) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/join/{token}", show);
    routes.page(Method::POST, "/join/{token}", accept);
}

/// What the link is good for.
enum Standing {
    /// It can be accepted by whoever looks.
    Open,
    /// It can be accepted after signing in or up.
    Guest,
    /// Whoever looks belongs there already.
    Member,
    /// It is for another address.
    ForAnother,
    /// Every seat is taken.
    Full,
    /// Somebody accepted it.
    Used,
    /// Nobody accepted it in time.
    Expired,
    /// There is none, or it was taken back.
    Unknown,
}

impl Standing {
    const fn status(&self) -> StatusCode {
        match self {
            Self::Open | Self::Guest | Self::Member => StatusCode::OK,
            Self::ForAnother => StatusCode::FORBIDDEN,
            Self::Full => StatusCode::CONFLICT,
            Self::Used | Self::Expired => StatusCode::GONE,
            Self::Unknown => StatusCode::NOT_FOUND,
        }
    }
}

#[derive(Template)]
#[template(path = "join/show.html")]
struct Join {
    shell: Shell,
    standing: Standing,
    /// This page's own address, to come back to.
    here: String,
    next: String,
    workspace: String,
    slug: String,
    inviter: String,
    role: &'static str,
    may: Vec<&'static str>,
    /// The only address that may accept; empty for any.
    email: String,
    ends: String,
}

/// What a link leads to, and where the link is.
struct Link {
    token: Option<InvitationToken>,
    here: String,
}

impl Link {
    fn of(req: &HttpRequest) -> Self {
        let text = req.match_info().get("token").unwrap_or_default();
        let token = InvitationToken::parse(text).ok();
        let here = token.as_ref().map(|token| format!("/join/{}", token.expose()));
        Self { token, here: here.unwrap_or_default() }
    }

    /// The offer, also when nobody can accept it any more: its holder is told why.
    async fn offer(&self, app: &UseCases) -> Result<Option<Offer>, StoreError> {
        match &self.token {
            Some(token) => app.ports().invitations.find_invitation(&token.hash()).await,
            None => Ok(None),
        }
    }
}

fn standing(offer: Option<&Offer>, page: &Page, app: &UseCases) -> Standing {
    let Some(Offer { invitation, .. }) = offer else { return Standing::Unknown };
    let profile = page.visitor.profile.as_ref();
    let is_there = profile.is_some_and(|profile| {
        profile.memberships.iter().any(|one| one.tenant.id == invitation.tenant)
    });
    let is_for = |profile: &keelway_platform::auth::Profile| {
        invitation.email.as_ref().is_none_or(|email| *email == profile.user.email)
    };
    if is_there {
        Standing::Member
    } else if invitation.accepted_by.is_some() {
        Standing::Used
    } else if !invitation.is_open(app.ports().clock.now()) {
        Standing::Expired
    } else {
        match profile {
            None => Standing::Guest,
            Some(profile) if is_for(profile) => Standing::Open,
            Some(_) => Standing::ForAnother,
        }
    }
}

fn shown(page: &Page, link: Link, offer: Option<&Offer>, standing: Standing) -> HttpResponse {
    let invitation = offer.map(|offer| &offer.invitation);
    let inviter = |offer: &Offer| match &offer.inviter_name {
        Some(name) => name.to_string(),
        None => offer.inviter.to_string(),
    };
    let join = Join {
        shell: page.shell("Invitation", ""),
        next: encoded(&link.here),
        here: link.here,
        workspace: offer.map(|offer| offer.workspace.to_string()).unwrap_or_default(),
        slug: offer.map(|offer| offer.slug.to_string()).unwrap_or_default(),
        inviter: offer.map(inviter).unwrap_or_default(),
        role: invitation.map_or("", |one| one.role.as_str()),
        may: invitation.map(|one| crate::settings::may(one.role)).unwrap_or_default(),
        email: invitation
            .and_then(|one| one.email.as_ref())
            .map(ToString::to_string)
            .unwrap_or_default(),
        ends: invitation.map(|one| exact(one.expires_at)).unwrap_or_default(),
        standing,
    };
    page.show_as(join.standing.status(), &join)
}

async fn show(
    _anyone: Anyone,
    app: UseCases,
    page: Page,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let link = Link::of(&req);
    let offer = link.offer(&app).await?;
    let standing = standing(offer.as_ref(), &page, &app);
    Ok(shown(&page, link, offer.as_ref(), standing))
}

async fn accept(
    person: SignedIn,
    app: UseCases,
    page: Page,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let link = Link::of(&req);
    let Some(token) = &link.token else {
        return Ok(shown(&page, link, None, Standing::Unknown));
    };
    let standing = match app.accept_invitation(&person, token).await {
        Ok(Accepted::Joined(one)) => {
            return Ok(go(format!("/w/{}/projects?done=joined", one.tenant.slug)));
        }
        Ok(Accepted::AlreadyMember(one)) => {
            return Ok(go(format!("/w/{}/projects", one.tenant.slug)));
        }
        Err(Failure::Rejected(AcceptError::NoSeat(_))) => Standing::Full,
        Err(Failure::Rejected(AcceptError::ForAnother { .. })) => Standing::ForAnother,
        Err(Failure::Rejected(AcceptError::Expired { .. })) => Standing::Expired,
        // Somebody may have been faster: what the link is now says which.
        Err(Failure::Rejected(AcceptError::Unknown)) => {
            let offer = link.offer(&app).await?;
            let standing = match standing(offer.as_ref(), &page, &app) {
                // It looks open, but whoever offered may not any more.
                Standing::Open => Standing::Unknown,
                other => other,
            };
            return Ok(shown(&page, link, offer.as_ref(), standing));
        }
        Err(Failure::Store(error)) => return Err(error.into()),
    };
    let offer = link.offer(&app).await?;
    Ok(shown(&page, link, offer.as_ref(), standing))
}
