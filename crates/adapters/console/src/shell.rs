//! What the layout shows around every page.

use keelway_access::{DisplayName, Email, Membership, User};
use keelway_http::Visitor;
use keelway_kernel::Credits;

use crate::notice::Notice;
use crate::text::signed;

/// The frame of a page: every page's template has it as `shell`.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    /// The page's name, before the product's in the window's title.
    pub(crate) title: String,
    /// Lets the page's own scripts run, and no others.
    pub(crate) nonce: String,
    /// What forms carry in the field `csrf`; empty for guests.
    pub(crate) csrf: String,
    /// Who looks.
    pub(crate) person: Option<PersonView>,
    /// The workspace that the page is of.
    pub(crate) workspace: Option<WorkspaceView>,
    /// All workspaces of the person, oldest membership first.
    pub(crate) workspaces: Vec<WorkspaceView>,
    /// Which entry of the navigation the page belongs to; empty for none.
    pub(crate) section: &'static str,
    /// Whether the person looks after this server.
    pub(crate) is_operator: bool,
    /// The workspace's credits that nothing holds, where the page knows them.
    pub(crate) available: Option<String>,
    /// Names the request.
    pub(crate) request_id: String,
    /// What to say of what was just done.
    pub(crate) notice: Option<Notice>,
}

/// A person as the layout shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PersonView {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) initials: String,
}

/// A workspace as the layout shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkspaceView {
    pub(crate) slug: String,
    pub(crate) name: String,
    /// The first letter of the name.
    pub(crate) initial: String,
    pub(crate) tier: &'static str,
    pub(crate) role: &'static str,
}

impl PersonView {
    fn of(user: &User) -> Self {
        Self::called(user.name.as_ref(), &user.email)
    }

    /// Whoever gave no name is called by the first part of their address.
    pub(crate) fn called(name: Option<&DisplayName>, email: &Email) -> Self {
        let email = email.as_str().to_owned();
        let local = email.split('@').next().unwrap_or_default().to_owned();
        let name = name.map_or(local, ToString::to_string);
        Self { initials: initials(&name), name, email }
    }
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words =
        name.split(|c: char| !c.is_alphanumeric()).filter_map(|word| word.chars().next());
    let letters = words.next().into_iter().chain(words.next_back());
    letters.flat_map(char::to_uppercase).collect()
}

impl WorkspaceView {
    fn of(membership: &Membership) -> Self {
        let Membership { tenant, role } = membership;
        Self {
            slug: tenant.slug.to_string(),
            name: tenant.name.to_string(),
            initial: initials(tenant.name.as_str()).chars().take(1).collect(),
            tier: tenant.tier.as_str(),
            role: role.as_str(),
        }
    }
}

impl Shell {
    pub(crate) fn new(visitor: &Visitor, nonce: &str) -> Self {
        let profile = visitor.profile.as_ref();
        let workspaces =
            profile.map(|profile| profile.memberships.iter().map(WorkspaceView::of).collect());
        Self {
            title: String::new(),
            nonce: nonce.to_owned(),
            csrf: visitor.csrf.clone(),
            person: profile.map(|profile| PersonView::of(&profile.user)),
            workspace: visitor.workspace.as_ref().map(WorkspaceView::of),
            workspaces: workspaces.unwrap_or_default(),
            section: "",
            is_operator: profile.is_some_and(|profile| profile.user.is_staff()),
            available: None,
            request_id: visitor.request_id.clone(),
            notice: None,
        }
    }

    /// Whether the page is of this workspace.
    pub(crate) fn is_of(&self, other: &WorkspaceView) -> bool {
        self.workspace.as_ref().is_some_and(|workspace| workspace.slug == other.slug)
    }

    /// The same with the workspace's free credits.
    pub(crate) fn with_available(mut self, credits: Credits) -> Self {
        self.available = Some(signed(credits.get()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        for (name, expected) in [
            ("Ada Lovelace", "AL"),
            ("ada", "A"),
            ("Ada King of Lovelace", "AL"),
            ("ada.lovelace", "AL"),
            ("ßtraße", "SS"),
            ("", ""),
            ("🙂", ""),
        ] {
            assert_eq!(initials(name), expected, "{name}");
        }
    }
}
