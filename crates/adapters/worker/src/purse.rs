//! What each agent may spend of what is held for a build.

use std::num::NonZeroU32;

use keelway_kernel::{Credits, MicroUsd};

/// What is left of a build's credits, and what running agents were promised of it.
///
/// Promises never exceed what is left, so agents that run side by side cannot together spend
/// more than is held.
#[derive(Debug)]
pub(crate) struct Purse {
    left: i64,
    promised: i64,
    /// An even share; an agent starts beside others only if that much is left for it.
    fair: i64,
}

/// Whether an agent may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Draw {
    /// It may spend this much.
    Budget(MicroUsd),
    /// Not before another one has ended.
    Wait,
    /// Everything is spent.
    Empty,
}

impl Purse {
    /// What `held` credits buy at `price` less what was used, for a plan of `agents`.
    pub(crate) fn new(held: Credits, price: NonZeroU32, used: MicroUsd, agents: usize) -> Self {
        let total = held.get().saturating_mul(i64::from(price.get()));
        let agents = i64::try_from(agents).unwrap_or(i64::MAX).max(1);
        Self { left: total.saturating_sub(used.get()), promised: 0, fair: (total / agents).max(1) }
    }

    /// Promises a budget to an agent that would run beside `running` others, and could be
    /// followed at once by more, `open` with itself.
    pub(crate) fn draw(&mut self, running: usize, open: usize) -> Draw {
        let free = self.left - self.promised;
        match (free, running) {
            (..=0, 0) => return Draw::Empty,
            (..=0, _) => return Draw::Wait,
            (free, 1..) if free < self.fair => return Draw::Wait,
            _ => {}
        }
        let most = i64::try_from(open).unwrap_or(i64::MAX).max(1);
        let share = free / (free / self.fair).clamp(1, most);
        self.promised += share;
        Draw::Budget(MicroUsd::new(share))
    }

    /// Takes a promise back and what was spent of it, or beyond it, out.
    pub(crate) fn settle(&mut self, budget: MicroUsd, spent: MicroUsd) {
        self.promised -= budget.get();
        self.left = self.left.saturating_sub(spent.get().max(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10 credits at 100 micro-USD, 200 of them used, 10 agents: a fair share is 100.
    fn purse() -> Purse {
        let price = NonZeroU32::new(100).unwrap();
        Purse::new(Credits::new(10), price, MicroUsd::new(200), 10)
    }

    fn budget(micro_usd: i64) -> Draw {
        Draw::Budget(MicroUsd::new(micro_usd))
    }

    #[test]
    fn an_agent_alone_may_spend_all_that_is_left() {
        let mut purse = purse();
        assert_eq!(purse.draw(0, 1), budget(800));
        purse.settle(MicroUsd::new(800), MicroUsd::new(50));
        assert_eq!(purse.draw(0, 1), budget(750));
    }

    #[test]
    fn agents_side_by_side_share_what_is_left() {
        let mut purse = purse();
        let draws = [0, 1, 2, 3].map(|running| purse.draw(running, 4 - running));
        assert_eq!(draws, [budget(200); 4]);
        assert_eq!(purse.draw(4, 1), Draw::Wait);
        purse.settle(MicroUsd::new(200), MicroUsd::new(30));
        assert_eq!(purse.draw(3, 1), budget(170));
    }

    #[test]
    fn fewer_run_side_by_side_when_less_than_fair_shares_are_left() {
        let mut purse = purse();
        purse.settle(MicroUsd::ZERO, MicroUsd::new(550));
        assert_eq!([0, 1, 2].map(|n| purse.draw(n, 4 - n)), [budget(125), budget(125), Draw::Wait]);
    }

    #[test]
    fn nothing_starts_once_everything_is_spent() {
        let mut purse = purse();
        assert_eq!(purse.draw(0, 1), budget(800));
        purse.settle(MicroUsd::new(800), MicroUsd::new(799));
        assert_eq!(purse.draw(0, 3), budget(1));
        purse.settle(MicroUsd::new(1), MicroUsd::new(5));
        assert_eq!(purse.draw(0, 1), Draw::Empty);
    }
}
