//! The page of a workspace's people: who belongs to it, who is invited, what roles may do.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use keelway_access::{MemberProfile, Offer, Role};
use keelway_http::Problem;
use keelway_http::args::UseCases;
use keelway_http::pages::Rights;
use keelway_kernel::{Tier, Timestamp, UserId};
use keelway_platform::members::Invited;
use keelway_platform::permit::right::{ManageMembers, ViewMembers};

use super::limits::{Seats, seats};
use super::rights::{Right, table};
use super::{about, my_id, my_role};
use crate::fields::Mistakes;
use crate::notice::Notice;
use crate::page::Page;
use crate::shell::{PersonView, Shell};
use crate::text::{Moment, count, exact};

/// Members on one page.
const PER_PAGE: usize = 20;
/// Open invitations that are shown; older ones come when these are gone.
const MOST_OPEN: usize = 15;

#[derive(Template)]
#[template(path = "settings/members.html")]
struct Roster {
    shell: Shell,
    slug: String,
    people: String,
    rows: Vec<Row>,
    previous: String,
    next: String,
    /// What whoever looks after people sees besides.
    desk: Option<Desk>,
    rights: Vec<Right>,
    my_role: &'static str,
}

struct Row {
    id: String,
    name: String,
    email: String,
    initials: String,
    role: &'static str,
    since: Moment,
    is_me: bool,
    /// The roles that the visitor may give; none where the visitor does not decide.
    roles: Vec<Choice>,
}

struct Choice {
    role: &'static str,
    about: &'static str,
    is_chosen: bool,
}

/// Where people are invited.
struct Desk {
    open: Vec<Open>,
    /// How many more are open than are shown.
    hidden: usize,
    roles: Vec<Choice>,
    email: String,
    mistakes: Mistakes,
    made: Option<Made>,
    /// How many more people there is room for, in words.
    seats: String,
    is_full: bool,
    /// The lowest tier with room, if one has.
    next_tier: &'static str,
}

struct Open {
    id: String,
    role: &'static str,
    email: String,
    inviter: String,
    made: Moment,
    ends: String,
    may_withdraw: bool,
}

/// An invitation just made: the only time its link is shown.
pub(super) struct Made {
    link: String,
    role: &'static str,
    email: String,
    ends: String,
}

impl Made {
    pub(super) fn of(invited: &Invited, app: &UseCases) -> Self {
        let (invitation, base) = (&invited.invitation, &app.settings().public_url);
        Self {
            link: format!("{}/join/{}", base.trim_end_matches('/'), invited.token.expose()),
            role: invitation.role.as_str(),
            email: invitation.email.as_ref().map(ToString::to_string).unwrap_or_default(),
            ends: exact(invitation.expires_at),
        }
    }
}

/// What the page says beside what is stored.
#[derive(Default)]
pub(super) struct Said {
    pub(super) status: StatusCode,
    pub(super) notice: Option<Notice>,
    pub(super) email: String,
    /// The role chosen for an invitation.
    pub(super) role: Option<Role>,
    pub(super) mistakes: Mistakes,
    pub(super) made: Option<Made>,
    /// Which page of members, from 0.
    pub(super) number: usize,
}

/// What the page is made with.
pub(super) struct Around {
    pub(super) app: UseCases,
    pub(super) page: Page,
    pub(super) rights: Rights,
}

impl Around {
    pub(super) async fn shown(&self, said: Said) -> Result<HttpResponse, Problem> {
        let (app, page) = (&self.app, &self.page);
        let members = app.members(&self.rights.permit::<ViewMembers>()?).await?;
        let pages = members.len().div_ceil(PER_PAGE).max(1);
        let number = said.number.min(pages - 1);
        let now = app.ports().clock.now();
        let viewer = Viewer { id: my_id(page), role: my_role(page), now };
        let on_page = members.iter().skip(number * PER_PAGE).take(PER_PAGE);
        let rows = on_page.map(|member| viewer.row(member)).collect();
        let href = format!("/w/{}/settings/members", page.slug());
        let (status, notice) = (said.status, said.notice);
        let desk = match self.rights.permit::<ManageMembers>() {
            Ok(permit) => {
                let open = app.open_invitations(&permit).await?;
                Some(self.desk(&open, members.len(), &viewer, said))
            }
            Err(_) => None,
        };
        let frame = page.workspace_shell("Members", "settings", (app, &self.rights));
        let shell = frame.await?;
        let roster = Roster {
            shell: Shell { notice: notice.or(shell.notice), ..shell },
            slug: page.slug().to_owned(),
            people: count(members.len() as u64, "person", "people"),
            rows,
            previous: if number > 0 { href.clone() } else { String::new() },
            next: match number + 1 {
                next if next < pages => format!("{href}?page={}", next + 1),
                _ => String::new(),
            },
            desk,
            rights: table(),
            my_role: viewer.role.as_str(),
        };
        Ok(page.show_as(status, &roster))
    }

    fn desk(&self, open: &[Offer], members: usize, viewer: &Viewer, said: Said) -> Desk {
        let tier = self.page.visitor.workspace.as_ref().map_or(Tier::Free, |one| one.tenant.tier);
        let (seats, next) = match seats(&self.app, tier, (members + open.len()) as u64) {
            Seats::Unlimited => ("No limit on people.".to_owned(), None),
            Seats::Free { left, most } => {
                (format!("{left} of {} left.", count(most, "seat", "seats")), None)
            }
            Seats::Taken { most, next } => {
                (format!("{} in this tier.", count(most, "seat", "seats")), Some(next))
            }
        };
        Desk {
            hidden: open.len().saturating_sub(MOST_OPEN),
            open: open.iter().take(MOST_OPEN).map(|offer| viewer.open(offer)).collect(),
            roles: viewer.choices(said.role.unwrap_or(Role::Member)),
            email: said.email,
            mistakes: said.mistakes,
            made: said.made,
            seats,
            is_full: next.is_some(),
            next_tier: next.flatten().map_or("", Tier::as_str),
        }
    }
}

/// Who looks.
struct Viewer {
    id: Option<UserId>,
    role: Role,
    now: Timestamp,
}

impl Viewer {
    /// The roles the viewer may give, least first.
    fn choices(&self, chosen: Role) -> Vec<Choice> {
        let given = Role::ALL.into_iter().filter(|role| self.role.decides_about(*role).is_ok());
        let choice = |role: Role| Choice {
            role: role.as_str(),
            about: about(role),
            is_chosen: role == chosen,
        };
        given.map(choice).collect()
    }

    fn row(&self, member: &MemberProfile) -> Row {
        let person = PersonView::called(member.name.as_ref(), &member.email);
        let is_me = self.id == Some(member.user);
        // Whoever would step down asks another owner, and leaves on the page before.
        let decides = !is_me && self.role.decides_about(member.role).is_ok();
        Row {
            id: member.user.to_string(),
            name: person.name,
            email: person.email,
            initials: person.initials,
            role: member.role.as_str(),
            since: Moment::of(member.since, self.now),
            is_me,
            roles: if decides { self.choices(member.role) } else { Vec::new() },
        }
    }

    fn open(&self, offer: &Offer) -> Open {
        let invitation = &offer.invitation;
        let inviter = offer.inviter_name.as_ref().map(ToString::to_string);
        Open {
            id: invitation.id.to_string(),
            role: invitation.role.as_str(),
            email: invitation.email.as_ref().map(ToString::to_string).unwrap_or_default(),
            inviter: inviter.unwrap_or_else(|| offer.inviter.to_string()),
            made: Moment::of(invitation.created_at, self.now),
            ends: exact(invitation.expires_at),
            may_withdraw: self.role.decides_about(invitation.role).is_ok(),
        }
    }
}
