//! A script: steps drawn from a seed, each a value that does not hang on the steps before it, so
//! that any of them can be left out.

use std::collections::BTreeMap;
use std::fmt;

use keelway_builds::ports::Inspection;
use serde_json::json;

use super::api;
use super::ask::{Ask, difference, lines_that_differ};
use super::hands::Hand;
use super::known::{Known, Roll};
use super::pages;
use super::pair::{Pair, Side};
use crate::harness::dice::Dice;

/// Something that a step can be.
pub(super) struct Doing {
    /// The route, or what is done without one.
    pub(super) name: &'static str,
    /// How often it is done, beside the others.
    weight: u64,
    how: How,
}

enum How {
    Ask(fn(&mut Roll<'_>) -> Ask),
    /// Asks again what was asked under a key: by the same person or by another, as it was or with
    /// another body.
    Again,
    Hand(Hand),
    /// Lets time pass for both.
    Pass,
}

pub(super) const fn asks(name: &'static str, weight: u64, make: fn(&mut Roll<'_>) -> Ask) -> Doing {
    Doing { name, weight, how: How::Ask(make) }
}

const fn hand(name: &'static str, weight: u64, hand: Hand) -> Doing {
    Doing { name, weight, how: How::Hand(hand) }
}

const OTHERS: &[Doing] = &[
    Doing { name: "the same again", weight: 16, how: How::Again },
    Doing { name: "time passes", weight: 26, how: How::Pass },
    asks("a first build", 10, |roll| {
        let body = json!({ "description": "A landing page for a bakery" });
        roll.api("POST", "/v1/builds").json(&body)
    }),
    hand("somebody signs up", 4, Hand::SignUp),
    hand("somebody signs in", 8, Hand::SignIn),
    hand("a link for an owner", 3, Hand::OwnerLink),
    hand("a worker takes a build", 14, Hand::Take),
    hand("a worker records", 16, Hand::Work),
    hand("a worker ends an attempt", 12, Hand::Finish),
    hand("a worker does all of a build", 26, Hand::WholeBuild),
    hand("a worker renews", 4, Hand::RenewLease),
    hand("housekeeping", 24, Hand::Sweep),
    hand("credits are granted", 6, Hand::Grant),
    hand("credits are reserved", 12, Hand::Reserve),
    hand("credits are charged", 14, Hand::Charge),
    hand("credits are released", 6, Hand::Release),
    hand("a hold is renewed", 4, Hand::RenewHold),
    hand("credits are refunded", 12, Hand::Refund),
    hand("the books are read", 4, Hand::Books),
    hand("a nonce is used", 3, Hand::Nonce),
    hand("a site is served", 4, Hand::Site),
];

/// Everything that a step can be.
pub(super) fn doings() -> impl Iterator<Item = &'static Doing> {
    api::ALL.iter().chain(pages::ALL).chain(OTHERS)
}

fn doing(name: &str) -> &'static Doing {
    doings().find(|doing| doing.name == name).unwrap()
}

/// One step of a script.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// The script it is of.
    pub(super) script: u64,
    doing: &'static Doing,
    seed: u64,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:#x}, {:#x})", self.doing.name, self.script, self.seed)
    }
}

/// The steps of the script that belongs to a seed.
pub(super) fn script(seed: u64) -> Vec<Step> {
    const STEPS: usize = 25;
    let mut dice = Dice::of(seed);
    let mut step = |doing| Step { script: seed, doing, seed: dice.next() };
    let mut steps: Vec<Step> = (0..3).map(|_| step(doing("somebody signs up"))).collect();
    steps.push(step(doing("a first build")));
    steps.push(step(doing("a worker does all of a build")));
    // What comes about by chance too seldom.
    let prelude: &[&str] = match seed % 4 {
        0 => &["a link for an owner", "GET /welcome/{token}", "POST /welcome/{token}"],
        1 => &[
            "credits are granted",
            "credits are reserved",
            "a hold is renewed",
            "credits are charged",
            "credits are refunded",
            "credits are released",
        ],
        2 => &["POST /w/{workspace}/settings/members", "GET /join/{token}", "POST /join/{token}"],
        _ => &["POST /start", "POST /v1/builds/claim"],
    };
    steps.extend(prelude.iter().map(|name| step(doing(name))));
    let all: u64 = doings().map(|doing| doing.weight).sum();
    for _ in 0..STEPS {
        let Step { seed, .. } = step(doing("time passes"));
        let mut left = seed % all;
        let chosen = doings().find(|doing| {
            let found = left < doing.weight;
            left = left.saturating_sub(doing.weight);
            found
        });
        steps.push(step(chosen.unwrap()));
    }
    steps
}

/// How often each thing was done, and how often it was not refused.
#[derive(Debug, Default)]
pub(super) struct Tally(pub(super) BTreeMap<&'static str, (u32, u32)>);

impl Tally {
    fn count(&mut self, name: &'static str, is_done: bool) {
        let (tried, done) = self.0.entry(name).or_default();
        *tried += 1;
        *done += u32::from(is_done);
    }

    /// How many steps there were.
    pub(super) fn steps(&self) -> u32 {
        self.0.values().map(|(tried, _)| tried).sum()
    }
}

/// Takes a step on both sides.
pub(super) async fn take(
    step: Step,
    pair: &Pair,
    known: &mut Known,
    tally: &mut Tally,
) -> Result<(), String> {
    if known.script != step.script {
        known.next(step.script);
    }
    pair.begin(step.seed);
    match &step.doing.how {
        How::Ask(make) => {
            let ask = make(&mut Roll::new(known, step.seed));
            asked(step, ask, pair, known, tally).await
        }
        How::Again => match again(&mut Roll::new(known, step.seed)) {
            Some(ask) => asked(step, ask, pair, known, tally).await,
            None => Ok(()),
        },
        How::Pass => {
            let times = [1, 1, 29, 30, 31, 61, 600, 601, 3_600, 3_600, 86_400, 32 * 86_400];
            pair.clock.advance(*Dice::of(step.seed).pick(&times));
            tally.count(step.doing.name, true);
            Ok(())
        }
        How::Hand(hand) => {
            let roll = Roll::new(known, step.seed);
            let both =
                tokio::join!(hand.run(&pair.sqlite, roll.clone()), hand.run(&pair.postgres, roll));
            let (sqlite, postgres) = both;
            let shown = |text: &str| text.replace(", ", ",\n").lines().map(str::to_owned).collect();
            if sqlite.said != postgres.said {
                let (one, other): (Vec<_>, Vec<_>) = (shown(&sqlite.said), shown(&postgres.said));
                return Err(lines_that_differ(&one, &other));
            }
            let broke = ["Store(", "Unavailable", "Contended", "Corrupt"];
            if broke.iter().any(|word| sqlite.said.contains(word)) {
                return Err(format!("    both stores failed: {}", sqlite.said));
            }
            tally.count(step.doing.name, !sqlite.said.contains("Rejected("));
            known.overhear(&sqlite.said);
            known.held = sqlite.held;
            Ok(())
        }
    }
}

async fn asked(
    step: Step,
    ask: Ask,
    pair: &Pair,
    known: &mut Known,
    tally: &mut Tally,
) -> Result<(), String> {
    let ask = match &ask.stream {
        Some((build, after)) if pair.goes_on(build, *after).await => ask.closed(),
        _ => ask,
    };
    let (sqlite, postgres) = pair.ask(&ask).await;
    if sqlite != postgres {
        return Err(format!("    {}\n{}", ask.shown(), difference(&sqlite, &postgres)));
    }
    if sqlite.status >= 500 {
        return Err(format!("    {}\n    both answered {}", ask.shown(), sqlite.status));
    }
    tally.count(step.doing.name, sqlite.status < 400);
    known.learn(ask.who, &sqlite.said());
    if let (401, Some(who)) = (sqlite.status, ask.who) {
        known.refused(who);
    }
    if ask.key().is_some() || ask.body.as_ref().is_some_and(|b| b.contains("idempotency_key")) {
        known.sent.push(ask);
    }
    Ok(())
}

fn again(roll: &mut Roll<'_>) -> Option<Ask> {
    let sent = &roll.known.sent;
    let mut ask = (!sent.is_empty()).then(|| roll.dice.pick(sent).clone())?;
    match roll.dice.below(4) {
        0 => {
            let ask_as = roll.api("POST", "");
            ask.headers.retain(|(name, _)| *name != "authorization" && *name != "cookie");
            let is_credential = |(name, _): &(&str, String)| {
                ["authorization", "cookie", "sec-fetch-site", "x-csrf-token"].contains(name)
            };
            ask.headers.extend(ask_as.headers.into_iter().filter(is_credential));
            ask.who = ask_as.who;
        }
        1 => ask.body = ask.body.map(|body| body.replace("akery", "rewery")),
        _ => {}
    }
    Some(ask)
}

/// Whether both stores hold the same rows, and no promise is broken on either once what time has
/// overtaken is mended.
pub(super) async fn at_rest(pair: &Pair) -> Result<usize, String> {
    loop {
        let both = tokio::join!(pair.sqlite.queue.sweep(7), pair.postgres.queue.sweep(7));
        let (sqlite, postgres) = (both.0.unwrap(), both.1.unwrap());
        if sqlite != postgres {
            return Err(format!("  a sweep touched {sqlite} rows, and {postgres} on PostgreSQL"));
        }
        if sqlite == 0 {
            break;
        }
    }
    let rows = pair.rows.compare().await?;
    let (sqlite, postgres) = tokio::join!(inspect(&pair.sqlite), inspect(&pair.postgres));
    if sqlite != postgres {
        return Err(format!("  inspections differ:\n    {sqlite:?}\n    {postgres:?}"));
    }
    if !sqlite.violations.is_empty() {
        return Err(format!("  promises are broken on both: {:?}", sqlite.violations));
    }
    Ok(rows)
}

async fn inspect(side: &Side) -> Inspection {
    let mut found = side.platform.ports().inspector.inspect().await.unwrap();
    // How the database itself is made, which is checked besides the promises.
    found.checked.retain(|(what, _)| !["file", "database"].contains(what));
    found
}
