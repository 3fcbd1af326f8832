//! Those who follow a build to its end, through whatever happens to the servers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::world::{PATIENCE, World};
use crate::api::is_terminal;
use crate::dice::Dice;
use crate::sse::{Events, Frame};
use crate::{Answer, Api, LIMIT};

/// After how much silence a reader tries another server.
const SILENCE: Duration = Duration::from_secs(6);

/// Before a reader asks again who was not let in.
const PAUSE: Duration = Duration::from_millis(50);

/// What somebody was told of a build.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) build: String,
    pub(super) frames: Vec<Frame>,
    /// On how many streams it was told.
    pub(super) streams: u64,
    /// By which servers.
    pub(super) doors: BTreeSet<String>,
}

impl Told {
    /// Takes in the next event; says what is wrong with it.
    fn take(&mut self, frame: Frame) -> Result<(), String> {
        let place = i64::try_from(self.frames.len()).unwrap() + 1;
        let (seq, was_over) = (frame.seq(), self.is_over());
        self.frames.push(frame);
        if was_over {
            return Err(format!("{}: an event behind the last one", self.build));
        }
        if seq != place {
            return Err(format!("{}: event {seq} in the place of {place}", self.build));
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        let last = self.frames.last().and_then(|frame| frame.event.as_deref());
        last.is_some_and(is_terminal)
    }
}

/// Follows `build` until its last event was told, and the stream is over.
pub(super) async fn follow(world: Arc<World>, api: Api, build: String, mut dice: Dice) -> Told {
    let mut told = Told { build, ..Told::default() };
    let to_the_end = async {
        while !told.is_over() {
            let door = world.any_door(&mut dice).to_owned();
            let api = api.turned_to(&door);
            let Some(events) = open(&world, &api, &told).await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            told.streams += 1;
            told.doors.insert(door);
            // Some hang up by themselves.
            let most = if dice.below(4) == 0 { 1 + dice.below(6) } else { u64::MAX };
            listen(&world, &mut told, events, most).await;
        }
    };
    if tokio::time::timeout(LIMIT, to_the_end).await.is_err() {
        world.violated(format!("{}: not told of its end within {LIMIT:?}", told.build));
    }
    world.seen().reconnects += told.streams.saturating_sub(1);
    told
}

async fn open(world: &World, api: &Api, told: &Told) -> Option<Events> {
    let mut ask =
        api.ask(&reqwest::Method::GET, &format!("/v1/builds/{}/events/stream", told.build));
    if let Some(last) = told.frames.last() {
        ask = ask.header("last-event-id", &last.seq().to_string());
    }
    let since = Instant::now();
    let response = match tokio::time::timeout(PATIENCE, ask.open()).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            world.unanswered("stream", &error, since);
            return None;
        }
        Err(_) => return None,
    };
    let answer = Answer {
        asked: format!("the stream of {}", told.build),
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: Vec::new(),
    };
    match world.counted("stream", answer, since)? {
        Answer { status: 200, .. } => Some(Events::of(response)),
        // The server has not noticed yet that another stream was hung up.
        Answer { status: 429, .. } => None,
        answer => {
            world.violated(format!("a reader was refused: {answer}"));
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}

async fn listen(world: &World, told: &mut Told, mut events: Events, most: u64) {
    for _ in 0..most {
        let Ok(Some(frame)) = tokio::time::timeout(SILENCE, events.next()).await else { return };
        if let Err(wrong) = told.take(frame) {
            world.violated(format!("I7 {wrong}"));
        }
        if told.is_over() {
            // A stream that stays open is a server's that stands still: SILENCE ends it.
            if let Ok(Some(frame)) = tokio::time::timeout(SILENCE, events.next()).await {
                let wrong = told.take(frame).err().unwrap_or_default();
                world.violated(format!("I7 {wrong}"));
            }
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(seq: u32, event: &str) -> Frame {
        Frame { id: Some(seq.to_string()), event: Some(event.to_owned()), ..Frame::default() }
    }

    fn told(frames: &[(u32, &str)]) -> usize {
        let mut told = Told::default();
        frames.iter().filter(|(seq, event)| told.take(frame(*seq, event)).is_err()).count()
    }

    #[test]
    fn gaps_doubles_and_what_comes_behind_the_end_are_noticed() {
        let end = "build.completed";
        assert_eq!(told(&[(1, "a"), (2, "b"), (3, end)]), 0);
        assert_eq!(told(&[(2, "b")]), 1, "the first is missing");
        assert_eq!(told(&[(1, "a"), (3, "c")]), 1, "a gap");
        assert_eq!(told(&[(1, "a"), (1, "a")]), 1, "twice");
        assert_eq!(told(&[(1, end), (2, "b")]), 1, "behind the end");
    }
}
