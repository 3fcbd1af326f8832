//! What can be permitted at all, and from which role on.

use crate::people::Role;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal from $least:expr;)+) => {
        /// One thing that can be allowed or not; routes name exactly one each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[$doc])* $name,)+
        }

        impl Permission {
            /// Every permission, in the table's order.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// The name on the wire and in refusals.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// The least role that has it; `None` if no role does, only the platform's staff.
            pub const fn least_role(self) -> Option<Role> {
                match self {
                    $(Self::$name => $least,)+
                }
            }
        }
    };
}

permissions! {
    /// See projects and their snapshots.
    ViewProjects = "view_projects" from Some(Role::Viewer);
    /// Begin a project.
    CreateProject = "create_project" from Some(Role::Member);
    /// Start a build, or claim one that was parked.
    SubmitBuild = "submit_build" from Some(Role::Member);
    /// See builds, their state and their costs.
    ViewBuilds = "view_builds" from Some(Role::Viewer);
    /// Follow a build's events: all that a viewer token allows.
    ViewBuildEvents = "view_build_events" from Some(Role::Viewer);
    /// Stop a build.
    CancelBuild = "cancel_build" from Some(Role::Member);
    /// Take a snapshot's files away.
    DownloadSnapshot = "download_snapshot" from Some(Role::Viewer);
    /// Hand out the right to follow one build's events.
    IssueViewerToken = "issue_viewer_token" from Some(Role::Viewer);
    /// See balance and ledger.
    ViewCredits = "view_credits" from Some(Role::Viewer);
    /// Reserve and use credits.
    SpendCredits = "spend_credits" from Some(Role::Member);
    /// Give credits away: never the tenant's own people.
    GrantCredits = "grant_credits" from None;
    /// See who belongs to the tenant.
    ViewMembers = "view_members" from Some(Role::Viewer);
    /// Invite, remove, and change roles.
    ManageMembers = "manage_members" from Some(Role::Admin);
    /// Make and revoke API keys.
    ManageKeys = "manage_keys" from Some(Role::Admin);
    /// Rename, change the tier, delete.
    ManageTenant = "manage_tenant" from Some(Role::Owner);
    /// Read the audit log.
    ViewAudit = "view_audit" from Some(Role::Admin);
}

impl Permission {
    /// Whether the platform's own staff have it in any tenant.
    ///
    /// Staff see what support needs and grant credits; they neither build nor spend for others.
    pub const fn is_for_staff(self) -> bool {
        match self {
            Self::ViewProjects
            | Self::ViewBuilds
            | Self::ViewBuildEvents
            | Self::ViewCredits
            | Self::GrantCredits
            | Self::ViewMembers
            | Self::ViewAudit => true,
            Self::CreateProject
            | Self::SubmitBuild
            | Self::CancelBuild
            | Self::DownloadSnapshot
            | Self::IssueViewerToken
            | Self::SpendCredits
            | Self::ManageMembers
            | Self::ManageKeys
            | Self::ManageTenant => false,
        }
    }
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
