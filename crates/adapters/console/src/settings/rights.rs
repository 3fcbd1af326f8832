//! What each role may do, as the table of permissions has it.

use keelway_access::{Permission, Role};

/// One permission and who has it.
pub(super) struct Right {
    pub(super) words: &'static str,
    /// By role, least first.
    pub(super) roles: Vec<Held>,
}

/// Whether a role has a permission.
pub(super) struct Held {
    pub(super) role: &'static str,
    pub(super) may: bool,
}

/// What only programs can be asked for: there is no page for it.
const WITHOUT_PAGE: [Permission; 3] =
    [Permission::IssueViewerToken, Permission::ManageKeys, Permission::ViewAudit];

/// Whether a permission can be used in the console.
pub(super) fn has_page(permission: Permission) -> bool {
    !WITHOUT_PAGE.contains(&permission)
}

/// Everything that any role may do here.
pub(super) fn table() -> Vec<Right> {
    let of_somebody =
        |permission: &Permission| permission.least_role().is_some() && has_page(*permission);
    let held = |permission| {
        let held = |role: Role| Held { role: role.as_str(), may: role.may(permission) };
        Role::ALL.map(held).into()
    };
    let right = |permission| Right { words: words(permission), roles: held(permission) };
    Permission::ALL.into_iter().filter(of_somebody).map(right).collect()
}

/// What a permission allows.
pub(super) const fn words(permission: Permission) -> &'static str {
    match permission {
        Permission::ViewProjects => "See projects and their versions",
        Permission::CreateProject => "Begin projects",
        Permission::SubmitBuild => "Build and ask for changes",
        Permission::ViewBuilds => "See builds, their state and costs",
        Permission::ViewBuildEvents => "Follow builds live",
        Permission::CancelBuild => "Cancel builds",
        Permission::DownloadSnapshot => "Download versions",
        Permission::IssueViewerToken => "Let others follow one build",
        Permission::ViewCredits => "See balance and ledger",
        Permission::SpendCredits => "Spend credits",
        Permission::GrantCredits => "Give credits",
        Permission::ViewMembers => "See who belongs here",
        Permission::ManageMembers => "Invite, remove and change roles",
        Permission::ManageKeys => "Make and revoke API keys",
        Permission::ManageTenant => "Decide about the workspace itself",
        Permission::ViewAudit => "Read the audit log",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_one_that_decides() {
        let table = table();
        assert!(table.iter().all(|right| right.roles.len() == Role::ALL.len()));
        let rows_of = |role: &str| {
            let has = |right: &&Right| right.roles.iter().any(|held| held.role == role && held.may);
            table.iter().filter(has).count()
        };
        for role in Role::ALL {
            let here = role.permissions().filter(|permission| has_page(*permission));
            assert_eq!(rows_of(role.as_str()), here.count());
        }
        // What only the platform's own people may do is not among them.
        assert!(!table.iter().any(|right| right.words == words(Permission::GrantCredits)));
    }
}
