//! A wallet through one build: granted, held, settled.

use keelway_credits::{
    Account, AddGrant, Amount, Bill, Decided, Ending, GrantSource, Purpose, Reserve, ReserveFacts,
    Settle, Spent, Terms, charge, decide,
};
use keelway_kernel::{Actor, BuildId, Credits, GrantId, HoldId, MicroUsd, TenantId, Timestamp};
use std::error::Error;
use std::num::NonZeroU32;
use uuid::Uuid;

/// What a store does with a decision: save it, once.
fn save<T>(account: Account, decided: Decided<T>) -> (Account, Option<keelway_credits::Hold>) {
    match decided {
        Decided::Now { change, .. } => (account.apply(&change), change.holds.into_iter().last()),
        Decided::Already(_) => (account, None),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let now = Timestamp::from_micros(1_768_473_000_000_000);
    let actor = Actor { user: None, request_id: "req_1".into() };
    let account = Account::new(TenantId::from_uuid(Uuid::from_u128(1)));

    let gift = AddGrant {
        grant: GrantId::from_uuid(Uuid::from_u128(2)),
        amount: Amount::new(Credits::new(300))?,
        terms: Terms::unlimited(GrantSource::Promotion),
        actor: actor.clone(),
    };
    let (account, _) = save(account.clone(), decide::grant(&account, None, &gift, now)?);
    println!("granted:   {} available", account.available(now));

    let reserve = Reserve {
        hold: HoldId::from_uuid(Uuid::from_u128(3)),
        amount: Amount::new(Credits::new(75))?,
        purpose: Purpose::Build(BuildId::from_uuid(Uuid::from_u128(4))),
        user: None,
        project: None,
        caps: None,
        actor: actor.clone(),
    };
    let facts =
        ReserveFacts { account: &account, earlier: None, due: &[], spent: Spent::default() };
    let (account, hold) = save(account.clone(), decide::reserve(&facts, &reserve, now)?);
    let hold = hold.ok_or("a new hold is always saved")?;
    println!("held:      {} available, {} held", account.available(now), account.held);

    let bill = Bill {
        used: MicroUsd::new(412_345),
        provider_charged: MicroUsd::new(412_345),
        ceiling: hold.amount.credits(),
        micro_usd_per_credit: NonZeroU32::new(10_000).ok_or("not zero")?,
    };
    let settle = Settle { charge: charge(Ending::Delivered, &bill), actor };
    let (account, _) = save(account.clone(), decide::settle(&account, &hold, &settle, now)?);
    println!("delivered: {} charged, {} balance", settle.charge, account.balance);
    Ok(())
}
