//! Server-sent events, made as fast as the reader takes them.
//!
//! A stream holds at most one batch of events in memory: the next one is read when the last
//! one was sent. The stored history is the only source, so nothing is lost or doubled
//! whatever happens to hints, connections or this process.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures::Stream;
use keelway_access::Principal;
use keelway_builds::Event;
use keelway_kernel::{BuildId, StoreError, UserId};
use keelway_platform::Platform;
use keelway_platform::events::Feed;
use keelway_platform::permit::right::ViewBuildEvents;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::args::UseCases;
use crate::context::Shared;
use crate::events::EventView;
use crate::guard::AllowedOnBuild;
use crate::places::Place;
use crate::problem::{Code, Problem};
use crate::settings::Drain;

/// How many streams and waiting requests one person may have open in this process.
const STREAMS_PER_USER: usize = 10;
/// Seconds of silence after which a comment shows that the connection lives.
const PING_S: u32 = 15;
/// How long nobody looks whether the reader may still read while there is nothing to read.
const CHECKED_IDLE: Duration = Duration::from_mins(1);
/// How old the last look may be when something is sent.
const CHECKED_SENDING: Duration = Duration::from_secs(2);
/// How long a reader waits before it connects again, as a hint in milliseconds.
const RETRY: &[u8] = b"retry: 2000\n\n";
/// The same when this process is about to stop.
const RETRY_LATER: &[u8] = b": shutting down\nretry: 5000\n\n";

/// A place for a stream, or for a request that waits for news.
pub(crate) fn place(req: &HttpRequest, user: UserId) -> Result<Place<UserId>, Problem> {
    Shared::of(req).streams.open(user, STREAMS_PER_USER).ok_or_else(|| {
        let detail =
            format!("{STREAMS_PER_USER} streams or waiting requests are open already; close one");
        Problem::new(Code::TooManyStreams, detail).retry_after(PING_S)
    })
}

/// Opens a stream of what happened behind `after`.
pub(crate) fn open(
    permit: &AllowedOnBuild<ViewBuildEvents>,
    app: &UseCases,
    after: i64,
    req: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    let place = place(req, permit.user())?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // Proxies in front would otherwise hold events back.
        .insert_header(("x-accel-buffering", "no"));
    if req.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let followed = Followed {
        feed: app.follow(permit, permit.build(), after),
        platform: Platform::clone(app),
        principal: permit.principal().clone(),
        build: permit.build(),
        drain: app.settings().drain.clone(),
    };
    Ok(response.streaming(frames(followed, place)))
}

/// Where a stream's events come from.
trait Source {
    /// The next events; none once the last one was given. Safe to drop and call again.
    async fn next(&mut self) -> Result<Vec<Event>, StoreError>;
    /// Whether the reader may still read.
    async fn is_allowed(&self) -> Result<bool, StoreError>;
    /// Whether the process is about to stop.
    fn is_stopping(&self) -> bool;
}

struct Followed {
    feed: Feed,
    platform: Platform,
    principal: Principal,
    build: BuildId,
    drain: Drain,
}

impl Source for Followed {
    async fn next(&mut self) -> Result<Vec<Event>, StoreError> {
        self.feed.next().await
    }

    async fn is_allowed(&self) -> Result<bool, StoreError> {
        self.platform.may_still_follow(&self.principal, self.build).await
    }

    fn is_stopping(&self) -> bool {
        self.drain.has_begun()
    }
}

/// What one turn of a stream brought.
enum Turn {
    Events(Result<Vec<Event>, StoreError>),
    Second,
}

/// The stream's bytes. It ends with the build, with the right to read, with the process, or
/// when the store does not answer; a reader that has not seen the last event connects again.
fn frames<S: Source>(
    mut source: S,
    place: impl Sized,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    async_stream::stream! {
        let _place = place;
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        second.tick().await;
        let (mut silent_s, mut checked) = (0, Instant::now());
        yield Ok(Bytes::from_static(RETRY));
        loop {
            let turn = tokio::select! {
                biased;
                events = source.next() => Turn::Events(events),
                _ = second.tick() => Turn::Second,
            };
            match turn {
                Turn::Events(Ok(events)) => {
                    if events.is_empty() {
                        return;
                    }
                    silent_s = 0;
                    for event in events {
                        // A slow reader may take minutes for a batch.
                        if checked.elapsed() >= CHECKED_SENDING {
                            if !source.is_allowed().await.unwrap_or(false) {
                                return;
                            }
                            checked = Instant::now();
                        }
                        yield Ok(frame(event));
                    }
                }
                Turn::Events(Err(error)) => {
                    tracing::warn!(%error, "a stream ends: its events cannot be read");
                    return;
                }
                Turn::Second => {
                    silent_s += 1;
                    if source.is_stopping() {
                        yield Ok(Bytes::from_static(RETRY_LATER));
                        return;
                    }
                    if checked.elapsed() >= CHECKED_IDLE {
                        if !source.is_allowed().await.unwrap_or(false) {
                            return;
                        }
                        checked = Instant::now();
                    }
                    if silent_s >= PING_S {
                        silent_s = 0;
                        yield Ok(Bytes::from_static(b": ping\n\n"));
                    }
                }
            }
        }
    }
}

/// One event. JSON escapes every line break, so that data can never end its line.
fn frame(event: Event) -> Bytes {
    let mut frame = BytesMut::new();
    let (seq, kind) = (event.seq, event.body.kind());
    frame.put_slice(format!("id: {seq}\nevent: {kind}\ndata: ").as_bytes());
    frame.put_slice(&serde_json::to_vec(&EventView::of(event)).unwrap_or_default());
    frame.put_slice(b"\n\n");
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt as _;
    use keelway_builds::EventBody;
    use keelway_kernel::Timestamp;
    use std::cell::Cell;
    use std::collections::VecDeque;
    use tokio::time::sleep_until;

    /// Gives prepared batches, each in its second, then waits for ever.
    #[derive(Default)]
    struct Prepared {
        batches: VecDeque<(u64, Vec<Event>)>,
        is_over: bool,
        stops_after: Option<Duration>,
        checks_passed: Cell<u32>,
    }

    impl Source for (Prepared, Instant) {
        async fn next(&mut self) -> Result<Vec<Event>, StoreError> {
            if let Some((second, _)) = self.0.batches.front() {
                sleep_until(self.1 + Duration::from_secs(*second)).await;
            }
            match self.0.batches.pop_front() {
                Some((_, batch)) => Ok(batch),
                None if self.0.is_over => Ok(Vec::new()),
                None => std::future::pending().await,
            }
        }

        async fn is_allowed(&self) -> Result<bool, StoreError> {
            let left = self.0.checks_passed.get();
            self.0.checks_passed.set(left.saturating_sub(1));
            Ok(left > 0)
        }

        fn is_stopping(&self) -> bool {
            self.0.stops_after.is_some_and(|after| self.1.elapsed() >= after)
        }
    }

    fn event(seq: i64, body: EventBody) -> Event {
        Event {
            build: "bld_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
            seq,
            at: Timestamp::from_micros(0),
            request_id: "req_1".to_owned(),
            body,
        }
    }

    /// Everything the stream says, with the second at which it says it.
    async fn said(source: Prepared) -> Vec<(u64, String)> {
        let begun = Instant::now();
        let mut frames = Box::pin(frames((source, begun), ()));
        let mut said = Vec::new();
        while let Some(frame) = frames.next().await {
            let text = String::from_utf8(frame.unwrap().to_vec()).unwrap();
            said.push((begun.elapsed().as_secs(), text));
        }
        said
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_broken_every_fifteen_seconds_until_the_process_stops() {
        let source = Prepared {
            stops_after: Some(Duration::from_secs(40)),
            checks_passed: Cell::new(9),
            ..Prepared::default()
        };
        let said = said(source).await;
        let seconds: Vec<u64> = said.iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds, [0, 15, 30, 40]);
        assert_eq!(said[1].1, ": ping\n\n");
        assert_eq!(said[3].1.as_bytes(), RETRY_LATER);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_lost_the_right_is_cut_off_within_a_minute() {
        let said = said(Prepared { checks_passed: Cell::new(1), ..Prepared::default() }).await;
        assert_eq!(said.last().map(|(second, _)| *second), Some(105));
    }

    #[tokio::test(start_paused = true)]
    async fn the_stream_ends_with_the_history() {
        let batches = [
            (0, vec![event(1, EventBody::CancelRequested)]),
            (1, vec![event(2, EventBody::Expired)]),
        ];
        let source = Prepared { batches: batches.into(), is_over: true, ..Prepared::default() };
        let said = said(source).await;
        let ids: Vec<&str> = said.iter().filter_map(|(_, text)| text.lines().next()).collect();
        assert_eq!(ids, ["retry: 2000", "id: 1", "id: 2"]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_lost_the_right_a_moment_ago_is_sent_nothing_more() {
        for (checks_passed, expected) in [(0, &[1][..]), (1, &[1, 30]), (2, &[1, 30, 40])] {
            let batches = [1, 30, 31, 40].map(|second| {
                let seq = i64::try_from(second).unwrap();
                (second, vec![event(seq, EventBody::CancelRequested)])
            });
            let source = Prepared {
                batches: batches.into(),
                checks_passed: Cell::new(checks_passed),
                ..Prepared::default()
            };
            let said = said(source).await;
            let sent: Vec<u64> = said
                .iter()
                .filter(|(_, text)| text.starts_with("id: "))
                .map(|(second, _)| *second)
                .filter(|second| *second != 31)
                .collect();
            assert_eq!(sent, expected);
            let fresh = said.iter().any(|(_, text)| text.starts_with("id: 31\n"));
            assert_eq!(fresh, checks_passed > 0, "what comes a second after a look needs none");
        }
    }

    #[test]
    fn no_text_can_end_its_line() {
        let hostile = "a\r\nid: 9\n\ndata: x\u{0}\u{2028}\u{85}b";
        let body = EventBody::Engine { introduction: hostile.to_owned() };
        let frame = String::from_utf8(frame(event(7, body)).to_vec()).unwrap();
        let lines: Vec<&str> = frame.split(['\r', '\n']).collect();
        assert_eq!(lines.len(), 5, "{frame:?}");
        let data: serde_json::Value =
            serde_json::from_str(lines[2].strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(data["message"], hostile);
    }
}
