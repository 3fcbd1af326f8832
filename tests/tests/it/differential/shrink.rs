//! A long history that ends in a difference, made short.

use std::fmt::Write as _;

use super::database::Database;
use super::known::Known;
use super::pair::Pair;
use super::script::{Step, Tally, at_rest, take};

/// How often a history is tried again: enough for a script.
const TRIES: usize = 60;

/// Steps that end in a difference, and the difference.
struct Failing {
    steps: Vec<Step>,
    difference: String,
}

/// Where a difference showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    /// In what was answered.
    InAnswers,
    /// In the rows, which are compared once a script is over.
    InRows,
}

/// A report of the difference that `steps` end in, with as few of them as can be found.
pub(super) async fn report(
    database: &Database,
    steps: Vec<Step>,
    difference: String,
    shows: Shows,
) -> String {
    let last = steps.last().map(|step| step.script);
    let alone = steps.iter().copied().filter(|step| Some(step.script) == last).collect();
    let mut shortest = match replay(database, alone, shows).await {
        Some(failing) => failing,
        // It takes strangers, who are not sought out.
        None => Failing { steps, difference },
    };
    let (mut tries, mut size) = (TRIES, shortest.steps.len().div_ceil(2));
    if shortest.steps.iter().any(|step| Some(step.script) != last) {
        tries = 0;
    }
    while tries > 0 {
        let (mut at, before) = (0, shortest.steps.len());
        while at < shortest.steps.len() && tries > 0 {
            let end = (at + size).min(shortest.steps.len());
            let mut fewer = shortest.steps.clone();
            fewer.drain(at..end);
            tries -= 1;
            match replay(database, fewer, shows).await {
                Some(failing) => shortest = failing,
                None => at = end,
            }
        }
        if size == 1 && shortest.steps.len() == before {
            break;
        }
        size = size.div_ceil(2).max(1);
    }
    let mut text = format!("the stores differ after {} steps:\n", shortest.steps.len());
    for step in &shortest.steps {
        let _ = writeln!(text, "  {step:?}");
    }
    text + &shortest.difference
}

/// The history anew, on new stores, up to the first difference.
async fn replay(database: &Database, steps: Vec<Step>, shows: Shows) -> Option<Failing> {
    let (mut known, mut tally) = (Known::default(), Tally::default());
    let pair = Pair::on(database).await;
    let mut failing = None;
    for (at, step) in steps.iter().enumerate() {
        let mut taken = take(*step, &pair, &mut known, &mut tally).await;
        if taken.is_ok() && shows == Shows::InRows {
            taken = at_rest(&pair).await.map(drop);
        }
        if let Err(difference) = taken {
            failing = Some(Failing { steps: steps[..=at].to_vec(), difference });
            break;
        }
    }
    pair.close().await;
    failing
}
