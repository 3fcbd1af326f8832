//! The line that commands wait in: first come, first served.

use std::collections::VecDeque;

use super::command::Command;

/// The most commands that share a transaction. What a commit costs is spread thin well before
/// that, and the first of a batch waits for the last.
pub(super) const BATCH: usize = 64;

/// Names a command while it waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// What a command that has come into line does beside waiting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// It brings a leader, who takes a batch out of the line as soon as the writer is free.
    Leads,
    /// A leader for it is already on the way.
    Follows,
}

#[derive(Default)]
pub(super) struct Line {
    waiting: VecDeque<(Ticket, Box<dyn Command>)>,
    tickets: u64,
    closed: bool,
}

impl Line {
    /// One in every [`BATCH`] leads, so that leaders are never too few for those who wait;
    /// where some gave up there are too many, and the last finds nobody.
    ///
    /// Nobody comes into a line that is closed.
    pub(super) fn enter(&mut self, command: Box<dyn Command>) -> Option<(Ticket, Place)> {
        if self.closed {
            return None;
        }
        let leads = self.waiting.len().is_multiple_of(BATCH);
        let ticket = Ticket(self.tickets);
        self.tickets += 1;
        self.waiting.push_back((ticket, command));
        Some((ticket, if leads { Place::Leads } else { Place::Follows }))
    }

    /// Who waits is still served.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// Gives up waiting; none if the command's turn has come.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<Box<dyn Command>> {
        let at = self.waiting.iter().position(|(waiting, _)| *waiting == ticket)?;
        self.waiting.remove(at).map(|(_, command)| command)
    }

    /// The turn of the first so many has come.
    pub(super) fn take(&mut self, most: usize) -> Vec<Box<dyn Command>> {
        let taken = most.min(self.waiting.len());
        self.waiting.drain(..taken).map(|(_, command)| command).collect()
    }
}
