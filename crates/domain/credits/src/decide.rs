//! The rules of the ledger: one function per command.
//!
//! Every function reads facts and returns what to save, or a typed refusal. In each: first
//! the answer to a repeated command, then the refusals, then the change. `Draft`
//! (in `draft.rs`) does the arithmetic and keeps the sums true.
//!
//! | hold is | reserve | renew | commit | release | settle | refund | time-out |
//! |---|---|---|---|---|---|---|---|
//! | unknown | open | - | - | - | - | - | - |
//! | open | same answer | open | open, or captured if final | released | captured, or released at 0 | open | expired |
//! | open, a build's | same answer | - | - | - | captured, or released at 0 | open | - |
//! | ended | same answer | - | - | - | same answer if same charge | as it was | - |
//!
//! `-` is a refusal.

use crate::draft::{Draft, Gift};
use crate::{
    Account, AddGrant, Amount, CapScope, Change, Commit, CommitError, Decided, Finality, Grant,
    GrantError, GrantSource, Granted, Hold, HoldState, Operation, Receipt, Refund, RefundError,
    Release, ReleaseError, Renew, RenewError, Renewed, Reserve, ReserveError, Reserved, Settle,
    SettleError, Settled, Spent, Terms,
};
use keelway_kernel::{Actor, Credits, GrantId, MoneyError, Timestamp};

/// Gives credits. `earlier` is the grant of the same id, if there is one.
///
/// A debt left by the overdraft is paid from the grant at once.
pub fn grant(
    account: &Account,
    earlier: Option<&Grant>,
    cmd: &AddGrant,
    now: Timestamp,
) -> Result<Decided<Granted>, GrantError> {
    match earlier {
        Some(same) if same.was_made_by(cmd) => return Ok(Decided::Already(same.granted())),
        Some(_) => return Err(GrantError::KeyReused),
        None => {}
    }
    if let Some(at) = cmd.terms.expires_at.filter(|at| *at <= now) {
        return Err(GrantError::Expired { at });
    }

    let mut draft = Draft::begin(account, &[], &cmd.actor, now)?;
    let gift = Gift { id: cmd.grant, amount: cmd.amount, terms: cmd.terms, refunds: None };
    let outcome = draft.add(gift)?;
    Ok(Decided::Now { change: draft.finish(None), outcome })
}

/// What [`reserve`] decides on.
#[derive(Debug, Clone, Copy)]
pub struct ReserveFacts<'a> {
    /// The account, locked.
    pub account: &'a Account,
    /// The hold of the same id, if there is one.
    pub earlier: Option<&'a Hold>,
    /// Open holds of the account that are past their time: what they keep can be held anew.
    pub due: &'a [Hold],
    /// What was spent today, for the caps that the command carries.
    pub spent: Spent,
}

/// Sets credits aside: never more than is available, never more in a day than its caps.
pub fn reserve(
    facts: &ReserveFacts<'_>,
    cmd: &Reserve,
    now: Timestamp,
) -> Result<Decided<Reserved>, ReserveError> {
    match facts.earlier {
        Some(same) if same.was_made_by(cmd) => return Ok(Decided::Already(same.reserved())),
        Some(_) => return Err(ReserveError::KeyReused),
        None => {}
    }
    within_daily_caps(cmd, &facts.spent)?;
    let mut draft = Draft::begin(facts.account, facts.due, &cmd.actor, now)?;
    let (available, needed) = (draft.account.available(now), cmd.amount.credits());
    if needed > available {
        return Err(ReserveError::Insufficient { available, needed });
    }

    let hold = Hold {
        id: cmd.hold,
        amount: cmd.amount,
        captured: Credits::ZERO,
        refunded: Credits::ZERO,
        state: HoldState::Open,
        expires_at: cmd.purpose.expiry(now),
        purpose: cmd.purpose.clone(),
        user: cmd.user,
        project: cmd.project,
        opened_at: now,
    };
    let outcome = hold.reserved();
    draft.open(hold)?;
    Ok(Decided::Now { change: draft.finish(None), outcome })
}

fn within_daily_caps(cmd: &Reserve, spent: &Spent) -> Result<(), ReserveError> {
    let Some(caps) = cmd.caps else { return Ok(()) };
    let (needed, resets_at) = (cmd.amount.credits(), caps.resets_at);
    let of_user = caps.user.filter(|_| cmd.user.is_some());
    let of_project = caps.project.filter(|_| cmd.project.is_some());
    for (scope, cap, spent) in [
        (CapScope::Tenant, caps.tenant, spent.tenant),
        (CapScope::User, of_user, spent.user),
        (CapScope::Project, of_project, spent.project),
    ] {
        if let Some(cap) = cap
            && spent.plus(needed)? > cap
        {
            return Err(ReserveError::DailyCap { scope, cap, spent, needed, resets_at });
        }
    }
    Ok(())
}

/// Moves an external hold's time-out to one lifetime from now; never shortens it.
pub fn renew(
    account: &Account,
    hold: &Hold,
    cmd: &Renew,
    now: Timestamp,
) -> Result<Decided<Renewed>, RenewError> {
    hold.must_be_open(now)?;
    let Some(expires_at) = hold.purpose.expiry(now).max(hold.expires_at) else {
        return Err(RenewError::Untimed);
    };

    let mut draft = Draft::begin(account, &[], &cmd.actor, now)?;
    let renewed = Hold { expires_at: Some(expires_at), ..hold.clone() };
    draft.save(hold, renewed)?;
    let outcome = Renewed { hold: hold.id, expires_at };
    Ok(Decided::Now { change: draft.finish(None), outcome })
}

/// What [`commit`] and [`release`] decide on.
#[derive(Debug, Clone, Copy)]
pub struct HoldFacts<'a> {
    /// The account, locked.
    pub account: &'a Account,
    /// The hold that the command names.
    pub hold: &'a Hold,
    /// The record of the command's key, if there is one.
    pub earlier: Option<&'a Operation>,
}

/// Charges use of a hold: never more than was held and the overdraft allows, and never a build's.
pub fn commit(
    facts: &HoldFacts<'_>,
    cmd: &Commit,
    now: Timestamp,
) -> Result<Decided<Receipt>, CommitError> {
    if let Some(earlier) = facts.earlier {
        let receipt = earlier.answer(&cmd.request()).ok_or(CommitError::KeyReused)?;
        return Ok(Decided::Already(receipt));
    }
    let hold = facts.hold;
    hold.must_be_no_builds()?;
    hold.must_be_open(now)?;
    if cmd.used < Credits::ZERO {
        return Err(CommitError::Negative);
    }
    let mut draft = Draft::begin(facts.account, &[], &cmd.actor, now)?;
    let most = most_chargeable(&draft.account, hold)?;
    if cmd.used > most {
        return Err(CommitError::OverHold { used: cmd.used, most });
    }

    let charged = capture(&mut draft, hold, cmd.used)?;
    let after = match cmd.finality {
        Finality::Partial => charged,
        Finality::Final => charged.ended(HoldState::Captured, now),
    };
    Ok(draft.conclude(hold, after, &cmd.key, cmd.request())?)
}

/// The rest of the hold, and beyond it the overdraft: as far as it goes for this hold, and as
/// far as it goes for the whole account.
fn most_chargeable(account: &Account, hold: &Hold) -> Result<Credits, MoneyError> {
    let (kept, overdraft) = (hold.outstanding(), account.overdraft);
    let left_of_hold = hold.amount.credits().plus(overdraft)?.minus(hold.captured)?;
    let left_of_account = account.free().plus(kept)?.plus(overdraft)?;
    Ok(left_of_hold.min(left_of_account).max(kept))
}

fn capture(draft: &mut Draft<'_>, hold: &Hold, used: Credits) -> Result<Hold, MoneyError> {
    draft.burn(used, hold.id)?;
    Ok(Hold { captured: hold.captured.plus(used)?, ..hold.clone() })
}

/// Lets go what a hold still keeps, unless it is a build's; what partial commits took stays taken.
pub fn release(
    facts: &HoldFacts<'_>,
    cmd: &Release,
    now: Timestamp,
) -> Result<Decided<Receipt>, ReleaseError> {
    if let Some(earlier) = facts.earlier {
        let receipt = earlier.answer(&cmd.request()).ok_or(ReleaseError::KeyReused)?;
        return Ok(Decided::Already(receipt));
    }
    facts.hold.must_be_no_builds()?;
    facts.hold.must_be_open(now)?;

    let draft = Draft::begin(facts.account, &[], &cmd.actor, now)?;
    let after = facts.hold.ended(HoldState::Released, now);
    Ok(draft.conclude(facts.hold, after, &cmd.key, cmd.request())?)
}

/// What [`refund`] decides on.
#[derive(Debug, Clone, Copy)]
pub struct RefundFacts<'a> {
    /// The account, locked.
    pub account: &'a Account,
    /// The hold that the command names.
    pub hold: &'a Hold,
    /// The grant of the command's grant id, if there is one.
    pub earlier: Option<&'a Grant>,
}

/// Gives charged credits back, as a grant that never expires.
pub fn refund(
    facts: &RefundFacts<'_>,
    cmd: &Refund,
    now: Timestamp,
) -> Result<Decided<Granted>, RefundError> {
    match facts.earlier {
        Some(same) if same.was_refunded_by(cmd) => return Ok(Decided::Already(same.granted())),
        Some(_) => return Err(RefundError::KeyReused),
        None => {}
    }
    let (asked, charged) = (cmd.amount.credits(), facts.hold.charged());
    if asked > charged {
        return Err(RefundError::OverCharge { asked, charged });
    }

    let mut draft = Draft::begin(facts.account, &[], &cmd.actor, now)?;
    let (outcome, after) = give_back(&mut draft, facts.hold, cmd.grant, cmd.amount)?;
    draft.save(facts.hold, after)?;
    Ok(Decided::Now { change: draft.finish(None), outcome })
}

fn give_back(
    draft: &mut Draft<'_>,
    hold: &Hold,
    grant: GrantId,
    amount: Amount,
) -> Result<(Granted, Hold), MoneyError> {
    let terms = Terms::unlimited(GrantSource::Refund);
    let granted = draft.add(Gift { id: grant, amount, terms, refunds: Some(hold.id) })?;
    let refunded = hold.refunded.plus(amount.credits())?;
    Ok((granted, Hold { refunded, ..hold.clone() }))
}

/// Ends a hold so that the tenant paid exactly `cmd.charge` for it: charges what is missing,
/// gives back what was committed beyond, releases the rest. So a build's hold ends, and no other
/// way.
///
/// What it gives back is a grant with the hold's UUID: a hold ends once, so it is given once.
pub fn settle(
    account: &Account,
    hold: &Hold,
    cmd: &Settle,
    now: Timestamp,
) -> Result<Decided<Settled>, SettleError> {
    let charge = cmd.charge;
    let settled = |at| Settled { hold: hold.id, charged: charge, at };
    match hold.state_at(now).ended() {
        Some(same) if same.charged == charge => return Ok(Decided::Already(settled(same.at))),
        _ => hold.must_be_open(now)?,
    }
    if charge < Credits::ZERO {
        return Err(SettleError::Negative);
    }
    let mut draft = Draft::begin(account, &[], &cmd.actor, now)?;
    let most = most_chargeable(&draft.account, hold)?.plus(hold.charged())?;
    if charge > most {
        return Err(SettleError::OverHold { charge, most });
    }

    let exact = match Amount::new(hold.charged().minus(charge)?) {
        Ok(excess) => {
            let grant = GrantId::from_uuid(hold.id.as_uuid());
            give_back(&mut draft, hold, grant, excess)?.1
        }
        Err(_) => capture(&mut draft, hold, charge.minus(hold.charged())?)?,
    };
    let how = if charge.is_zero() { HoldState::Released } else { HoldState::Captured };
    draft.save(hold, exact.ended(how, now))?;
    Ok(Decided::Now { change: draft.finish(None), outcome: settled(now) })
}

/// Ends the holds in `due` that are past their time and takes lapsed credits out.
///
/// `None` if there is nothing to do. A build's hold is never past its time.
pub fn expire(
    account: &Account,
    due: &[Hold],
    actor: &Actor,
    now: Timestamp,
) -> Result<Option<Change>, MoneyError> {
    let draft = Draft::begin(account, due, actor, now)?;
    Ok((!draft.is_empty()).then(|| draft.finish(None)))
}
