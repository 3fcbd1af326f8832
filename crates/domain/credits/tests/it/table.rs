//! Every command on every state of a hold.

use crate::books::{Books, actor, build_id, grant_id, hold_id, key};
use keelway_credits::{
    AddGrant, Amount, Commit, Finality, GrantSource, HoldState, Lifetime, Purpose, Refund, Release,
    Renew, Reserve, Settle, Terms,
};
use keelway_kernel::Credits;
use std::fmt::{Debug, Display, Write};

fn reserve(amount: i64, purpose: Purpose) -> Reserve {
    Reserve {
        hold: hold_id(1),
        amount: Amount::try_from(amount).unwrap(),
        purpose,
        user: None,
        project: None,
        caps: None,
        actor: actor(),
    }
}

fn external() -> Purpose {
    Purpose::External { reference: "job".into(), lifetime: Lifetime::default() }
}

fn commit(name: u8, used: i64, finality: Finality) -> Commit {
    let used = Credits::new(used);
    Commit { key: key(name), hold: hold_id(1), used, finality, actor: actor() }
}

fn release(name: u8) -> Release {
    Release { key: key(name), hold: hold_id(1), actor: actor() }
}

fn settle(charge: i64) -> Settle {
    Settle { charge: Credits::new(charge), actor: actor() }
}

/// A wallet of 100 with a hold of 40, 10 of which are captured unless it is a build's, brought
/// into a state.
fn state(name: &str) -> Books {
    let mut books = Books::new(0);
    let amount = Amount::try_from(100).unwrap();
    let terms = Terms::unlimited(GrantSource::Purchase);
    books.grant(&AddGrant { grant: grant_id(1), amount, terms, actor: actor() }).unwrap();
    if name == "of a build" {
        books.reserve(&reserve(40, Purpose::Build(build_id(1)))).unwrap();
        return books;
    }
    books.reserve(&reserve(40, external())).unwrap();
    books.commit(&commit(1, 10, Finality::Partial)).unwrap();
    match name {
        "open" => {}
        "timed out" => books.now = books.now.plus_seconds(15 * 60),
        "expired" => {
            books.now = books.now.plus_seconds(15 * 60);
            books.sweep();
        }
        "captured" => drop(books.commit(&commit(2, 5, Finality::Final)).unwrap()),
        "released" => drop(books.release(&release(2)).unwrap()),
        _ => panic!("no state {name}"),
    }
    books
}

fn act(books: &mut Books, command: &str) -> Result<(), String> {
    fn say<T, E: Display + Debug>(result: Result<T, E>) -> Result<(), String> {
        result.map(drop).map_err(|refusal| refusal.to_string())
    }
    match command {
        "reserve again" => {
            let purpose = books.holds[&hold_id(1)].purpose.clone();
            say(books.reserve(&reserve(40, purpose)))
        }
        "reserve other" => say(books.reserve(&reserve(41, external()))),
        "renew" => say(books.renew(&Renew { hold: hold_id(1), actor: actor() })),
        "commit 7" => say(books.commit(&commit(9, 7, Finality::Partial))),
        "commit 7 final" => say(books.commit(&commit(9, 7, Finality::Final))),
        "commit 31" => say(books.commit(&commit(9, 31, Finality::Partial))),
        "release" => say(books.release(&release(9))),
        "settle 0" => say(books.settle(hold_id(1), &settle(0))),
        "settle 10" => say(books.settle(hold_id(1), &settle(10))),
        "settle 25" => say(books.settle(hold_id(1), &settle(25))),
        "refund 3" => {
            let amount = Amount::try_from(3).unwrap();
            let (grant, hold) = (grant_id(9), hold_id(1));
            say(books.refund(&Refund { grant, hold, amount, actor: actor() }))
        }
        "sweep" => {
            books.sweep();
            Ok(())
        }
        _ => panic!("no command {command}"),
    }
}

fn describe(books: &Books) -> String {
    let hold = &books.holds[&hold_id(1)];
    let word = match hold.state {
        HoldState::Open => "open",
        HoldState::Captured(_) => "captured",
        HoldState::Released(_) => "released",
        HoldState::Expired(_) => "expired",
    };
    let account = &books.account;
    format!("{word}, balance {}, held {}", account.balance, account.held)
}

const STATES: &str = "open,of a build,timed out,expired,captured,released";
const COMMANDS: &str = "reserve again,reserve other,renew,commit 7,commit 7 final,commit 31,\
    release,settle 0,settle 10,settle 25,refund 3,sweep";

fn table() -> String {
    let mut table = String::new();
    for name in STATES.split(',') {
        writeln!(table, "{name}: {}", describe(&state(name))).unwrap();
        for command in COMMANDS.split(',') {
            let mut books = state(name);
            let before = books.clone();
            let line = match act(&mut books, command) {
                Ok(()) if books == before => "the same".to_owned(),
                Ok(()) => describe(&books),
                Err(refusal) => refusal,
            };
            assert_eq!(books.violations(), []);
            writeln!(table, "  {command:14} {line}").unwrap();
        }
    }
    table.replace(&hold_id(1).to_string(), "H").replace(&build_id(1).to_string(), "B")
}

#[test]
fn every_command_on_every_state() {
    insta::assert_snapshot!(table(), @r"
    open: open, balance 90, held 30
      reserve again  the same
      reserve other  the hold id was used for another reservation
      renew          open, balance 90, held 30
      commit 7       open, balance 83, held 23
      commit 7 final captured, balance 83, held 0
      commit 31      31 credits were used and at most 30 can be charged
      release        released, balance 90, held 0
      settle 0       released, balance 100, held 0
      settle 10      captured, balance 90, held 0
      settle 25      captured, balance 75, held 0
      refund 3       open, balance 93, held 30
      sweep          the same
    of a build: open, balance 100, held 40
      reserve again  the same
      reserve other  the hold id was used for another reservation
      renew          a build's hold has no time to renew
      commit 7       hold H belongs to build B and ends with it
      commit 7 final hold H belongs to build B and ends with it
      commit 31      hold H belongs to build B and ends with it
      release        hold H belongs to build B and ends with it
      settle 0       released, balance 100, held 0
      settle 10      captured, balance 90, held 0
      settle 25      captured, balance 75, held 0
      refund 3       3 credits exceed the 0 that were charged
      sweep          the same
    timed out: open, balance 90, held 30
      reserve again  the same
      reserve other  the hold id was used for another reservation
      renew          hold H is not open
      commit 7       hold H is not open
      commit 7 final hold H is not open
      commit 31      hold H is not open
      release        hold H is not open
      settle 0       hold H is not open
      settle 10      the same
      settle 25      hold H is not open
      refund 3       open, balance 93, held 30
      sweep          expired, balance 90, held 0
    expired: expired, balance 90, held 0
      reserve again  the same
      reserve other  the hold id was used for another reservation
      renew          hold H is not open
      commit 7       hold H is not open
      commit 7 final hold H is not open
      commit 31      hold H is not open
      release        hold H is not open
      settle 0       hold H is not open
      settle 10      the same
      settle 25      hold H is not open
      refund 3       expired, balance 93, held 0
      sweep          the same
    captured: captured, balance 85, held 0
      reserve again  the same
      reserve other  the hold id was used for another reservation
      renew          hold H is not open
      commit 7       hold H is not open
      commit 7 final hold H is not open
      commit 31      hold H is not open
      release        hold H is not open
      settle 0       hold H is not open
      settle 10      hold H is not open
      settle 25      hold H is not open
      refund 3       captured, balance 88, held 0
      sweep          the same
    released: released, balance 90, held 0
      reserve again  the same
      reserve other  the hold id was used for another reservation
      renew          hold H is not open
      commit 7       hold H is not open
      commit 7 final hold H is not open
      commit 31      hold H is not open
      release        hold H is not open
      settle 0       hold H is not open
      settle 10      the same
      settle 25      hold H is not open
      refund 3       released, balance 93, held 0
      sweep          the same
    ");
}
