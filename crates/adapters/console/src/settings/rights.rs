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

/// Everything that any role may do.
pub(super) fn table() -> Vec<Right> {
    let of_somebody = |permission: &Permission| permission.least_role().is_some();
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
            assert_eq!(rows_of(role.as_str()), role.permissions().count());
        }
        // What only the platform's own people may do is not among them.
        assert!(!table.iter().any(|right| right.words == words(Permission::GrantCredits)));
    }
}
