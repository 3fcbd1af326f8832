//! Following a build: every event exactly once and in order.

use std::time::Duration;

use keelway_access::{NewTicket, Principal, Ticket, TicketToken, TokenHash, Viewer, Wanted};
use keelway_builds::Event;
use keelway_builds::ports::{Topic, Watch};
use keelway_kernel::{BuildId, Failure, StoreError, TenantId, TenantScope, Timestamp, UserId};
use keelway_signing::{ViewerClaims, ViewerTokenError};
use tokio::time::{Instant, timeout_at};

use crate::permit::right::{IssueViewerToken, ViewBuildEvents};
use crate::{Permit, Platform};

/// The most events read at once; also what one follower may keep in memory.
pub const BATCH: u32 = 256;
/// How often the store is read without a hint: hints may be lost.
pub(crate) const POLL: Duration = Duration::from_secs(1);

/// A right to follow one build, for clients that hold no session.
#[derive(Debug, Clone)]
pub struct ViewerPass {
    /// For the `Authorization` header.
    pub token: String,
    /// Until when the token is good.
    pub expires_at: Timestamp,
    /// For the query of one single stream, within a minute; shown once.
    pub ticket: TicketToken,
}

/// How far a build's history reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The `seq` of its last event.
    pub last_seq: i64,
    /// Whether that one is terminal.
    pub is_over: bool,
}

/// A place in a build's history, from which it is followed.
pub struct Feed {
    platform: Platform,
    scope: TenantScope,
    build: BuildId,
    sent: i64,
    watch: Box<dyn Watch>,
    /// When the store is read next, unless there is a hint before: none is waited for until a
    /// read brought all there was.
    due: Option<Instant>,
    over: bool,
}

impl Platform {
    /// Events with `seq > after`, at most `limit`; none for an unknown build.
    pub async fn events(
        &self,
        permit: &Permit<ViewBuildEvents>,
        build: BuildId,
        after: i64,
        limit: u32,
    ) -> Result<Option<Vec<Event>>, StoreError> {
        let scope = permit.scope();
        if self.ports.builds.find(scope, build).await?.is_none() {
            return Ok(None);
        }
        self.ports.builds.events(scope, build, after, limit).await.map(Some)
    }

    /// How far a build's history reaches; none for an unknown build.
    pub async fn reach(
        &self,
        permit: &Permit<ViewBuildEvents>,
        build: BuildId,
    ) -> Result<Option<Reach>, StoreError> {
        let found = self.ports.builds.find(permit.scope(), build).await?;
        Ok(found.map(|build| Reach {
            last_seq: build.last_seq,
            is_over: build.status.state().is_terminal(),
        }))
    }

    /// Whether somebody who was let in to follow `build` would be let in again: the session, or
    /// the one that their pass came from, has not ended, the person still belongs to the tenant,
    /// and the time of their token is not over.
    pub async fn may_still_follow(
        &self,
        principal: &Principal,
        build: BuildId,
    ) -> Result<bool, StoreError> {
        let again = match principal {
            Principal::Member { session, tenant, .. } => {
                match self.authenticate(session, Some(&Wanted::Id(*tenant))).await {
                    Ok(principal) => principal,
                    Err(Failure::Rejected(_)) => return Ok(false),
                    Err(Failure::Store(error)) => return Err(error),
                }
            }
            Principal::Viewer(viewer) => match self.let_in(*viewer).await? {
                Some(principal) => principal,
                None => return Ok(false),
            },
            Principal::Anonymous
            | Principal::User { .. }
            | Principal::ApiKey { .. }
            | Principal::Staff { .. } => principal.clone(),
        };
        Ok(Permit::<ViewBuildEvents>::of_build(&again, build, "").is_ok())
    }

    /// Follows a build from behind `after`. The watch begins before the first read, so
    /// nothing falls between what is stored and what is live.
    pub fn follow(&self, permit: &Permit<ViewBuildEvents>, build: BuildId, after: i64) -> Feed {
        Feed {
            platform: self.clone(),
            scope: permit.scope(),
            build,
            sent: after,
            watch: self.ports.signals.watch(Topic::Build(build)),
            due: None,
            over: false,
        }
    }

    /// Gives out a viewer token and a ticket for one build; none for an unknown build. Both end
    /// with the session that asks for them.
    pub async fn issue_viewer_pass(
        &self,
        permit: &Permit<IssueViewerToken>,
        build: BuildId,
    ) -> Result<Option<ViewerPass>, StoreError> {
        let scope = permit.scope();
        if self.ports.builds.find(scope, build).await?.is_none() {
            return Ok(None);
        }
        let (user, session) = (permit.user(), permit.session());
        let ticket = TicketToken::generate(self.entropy());
        let new = NewTicket { token: ticket.hash(), build, user, session };
        self.ports.tickets.issue(scope, new).await?;
        let session = session.map(|session| *session.as_bytes());
        let claims = ViewerClaims { user, tenant: scope.tenant(), build, session };
        let (token, expires_at) = claims.issue(&self.settings.viewer_keys.current, self.now());
        Ok(Some(ViewerPass { token, expires_at, ticket }))
    }

    /// Whether this is a viewer token that was given out and is not too old, or why not.
    pub fn judge_viewer_token(&self, token: &str) -> Result<(), ViewerTokenError> {
        ViewerClaims::verify(token, &self.settings.viewer_keys, self.now()).map(drop)
    }

    /// Who holds this viewer token, if it is good and what it came from still holds.
    pub async fn viewer(&self, token: &str) -> Result<Option<Principal>, StoreError> {
        let verified = ViewerClaims::verify(token, &self.settings.viewer_keys, self.now());
        let Ok((claims, until)) = verified else { return Ok(None) };
        let ViewerClaims { user, tenant, build, session } = claims;
        let session = session.map(TokenHash::from_bytes);
        self.let_in(Viewer { build, user, tenant, session, until: Some(until) }).await
    }

    /// Who holds this ticket, if what it came from still holds; it is used up by asking.
    pub async fn redeem_ticket(&self, ticket: &TokenHash) -> Result<Option<Principal>, StoreError> {
        let Some(ticket) = self.ports.tickets.redeem(ticket).await? else { return Ok(None) };
        let Ticket { build, user, tenant, session } = ticket;
        self.let_in(Viewer { build, user, tenant, session, until: None }).await
    }

    /// No pass outlives its time, the session that it was issued from, or the membership on whose
    /// behalf.
    async fn let_in(&self, viewer: Viewer) -> Result<Option<Principal>, StoreError> {
        if viewer.until.is_some_and(|until| until <= self.now()) {
            return Ok(None);
        }
        if let Some(session) = &viewer.session
            && !self.is_live(session).await?
        {
            return Ok(None);
        }
        let belongs = self.belongs(viewer.user, viewer.tenant).await?;
        Ok(belongs.then_some(Principal::Viewer(viewer)))
    }

    async fn belongs(&self, user: UserId, tenant: TenantId) -> Result<bool, StoreError> {
        let memberships = self.ports.accounts.memberships(user).await?;
        Ok(memberships.iter().any(|membership| membership.tenant.id == tenant))
    }
}

impl Feed {
    /// The next events, in order, at most [`BATCH`]; waits until there are some. Empty once
    /// the build's last event was given.
    ///
    /// Cancel-safe: what was not returned is given by the next call.
    pub async fn next(&mut self) -> Result<Vec<Event>, StoreError> {
        while !self.over {
            if let Some(due) = self.due {
                // A hint or the poll, whichever comes first.
                let _ = timeout_at(due, self.watch.changed()).await;
            }
            // The hint is used up: whoever is dropped from here on reads at once the next time.
            self.due = None;
            let builds = &self.platform.ports.builds;
            let events = builds.events(self.scope, self.build, self.sent, BATCH).await?;
            if events.len() < BATCH as usize {
                self.due = Some(Instant::now() + POLL);
            }
            if let Some(last) = events.last() {
                self.sent = last.seq;
                self.over = last.body.is_terminal();
                return Ok(events);
            }
        }
        Ok(Vec::new())
    }

    /// The `seq` of the last event given.
    pub const fn sent(&self) -> i64 {
        self.sent
    }
}
