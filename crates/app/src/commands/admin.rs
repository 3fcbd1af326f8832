//! `keelway admin`: what may be done by whoever has the SQLite file or the PostgreSQL password of
//! these settings, and by nobody else.

use anyhow::Context as _;
use keelway_access::ports::IssueOwnerLink;
use keelway_access::{Occasion, OwnerToken};

use crate::exit::Exit;
use crate::settings::{Checked, Sources};
use crate::{system, wiring};

pub(super) fn owner_link(sources: &Sources) -> anyhow::Result<Exit> {
    let checked = super::quiet_settings(sources)?;
    let token = OwnerToken::generate(&system::OsEntropy);
    super::block_on(async {
        let store = wiring::open_existing(&checked).await?;
        let request_id = "cli_owner_link".to_owned();
        let cmd = IssueOwnerLink { token: token.hash(), occasion: Occasion::LockedOut, request_id };
        let issued = store.issue_owner_link(cmd).await.context("no link could be made")?;
        store.close().await;
        issued.context("no link was made")
    })?;
    super::print(&format!("Owner  {}", link(&checked, &token)))
}

/// The link, to be printed and never logged.
pub(super) fn link(checked: &Checked, token: &OwnerToken) -> String {
    format!("{}/welcome/{}", checked.public_url, token.expose())
}
