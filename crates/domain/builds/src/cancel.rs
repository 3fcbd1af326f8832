//! Calling a build off.

use keelway_kernel::{Actor, BuildId, Failure, Keyed, TenantScope, Timestamp, once::KeyReused};

use crate::end::{End, EndChange, EndFacts, end};
use crate::run::append;
use crate::{Build, BuildState, Event, EventBody, InvalidTransition, Rules};

/// Calls a build off.
#[derive(Debug, Clone)]
pub struct Cancel {
    /// Whose it is.
    pub scope: TenantScope,
    /// Who asks.
    pub actor: Actor,
    /// Which build.
    pub build: BuildId,
    /// The caller's idempotency key, if there is one.
    pub keyed: Option<Keyed<Cancelling>>,
}

/// The answer to a cancellation.
#[derive(Debug, Clone)]
pub struct Cancelling {
    /// The build: cancelled already if it was waiting, marked if it is being built.
    pub build: Build,
}

/// What a cancellation would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelPreview {
    /// The build's state right behind the call: one that is being built ends a little later.
    pub state: BuildState,
    /// The build as it would end if no more work were done.
    pub ended: Build,
}

/// Why a build was not called off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CancelError {
    /// The tenant has no such build.
    #[error("no such build")]
    Unknown,
    /// It has ended in another way.
    #[error(transparent)]
    Ended(#[from] InvalidTransition),
    /// The idempotency key belongs to another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
}

/// What a cancellation changes; stores save exactly this.
#[derive(Debug, Clone)]
pub enum CancelChange {
    /// Nothing: it was called off before.
    Nothing,
    /// The build is marked, and its worker will see it.
    Mark {
        /// The build, marked.
        build: Box<Build>,
        /// The event that says so.
        event: Event,
    },
    /// The build ends here and now.
    End(Box<EndChange>),
}

/// Decides what calling the build off changes.
pub fn cancel(
    facts: &EndFacts,
    cmd: &Cancel,
    rules: &Rules,
    now: Timestamp,
) -> Result<CancelChange, Failure<CancelError>> {
    let build = &facts.build;
    match build.status.state() {
        BuildState::Queued => {
            let ended = end(facts, &End::Cancelled, &cmd.actor, rules, now);
            let change = ended.map_err(|failure| failure.map_rejected(CancelError::Ended))?;
            Ok(CancelChange::End(Box::new(change)))
        }
        BuildState::Building if build.cancel_requested => Ok(CancelChange::Nothing),
        BuildState::Building => {
            let mut build = build.clone();
            build.cancel_requested = true;
            let event = append(&mut build, EventBody::CancelRequested, now);
            Ok(CancelChange::Mark { build: Box::new(build), event })
        }
        BuildState::Cancelled => Ok(CancelChange::Nothing),
        from @ (BuildState::Deployed | BuildState::Failed | BuildState::Expired) => {
            Err(Failure::Rejected(InvalidTransition { from, to: BuildState::Cancelled }.into()))
        }
    }
}

/// Decides what [`cancel`] would, for whoever only asks.
pub fn rehearse(
    facts: &EndFacts,
    cmd: &Cancel,
    rules: &Rules,
    now: Timestamp,
) -> Result<CancelPreview, Failure<CancelError>> {
    let before = facts.build.status.state();
    let state = match cancel(facts, cmd, rules, now)? {
        CancelChange::End(change) => change.build.status.state(),
        CancelChange::Mark { .. } | CancelChange::Nothing => before,
    };
    let ended = if before.is_terminal() {
        facts.build.clone()
    } else {
        let ended = end(facts, &End::Cancelled, &cmd.actor, rules, now);
        ended.map_err(|failure| failure.map_rejected(CancelError::Ended))?.build
    };
    Ok(CancelPreview { state, ended })
}
