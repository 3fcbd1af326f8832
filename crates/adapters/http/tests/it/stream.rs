//! A reader of server-sent events.

use std::collections::VecDeque;

use serde_json::Value;

/// One event, or one comment, as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Frame {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) data: String,
    pub(crate) retry: Option<String>,
}

impl Frame {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

/// Reads frame by frame.
pub(crate) struct Reader {
    response: reqwest::Response,
    text: String,
    frames: VecDeque<Frame>,
}

impl Reader {
    pub(crate) fn of(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new(), frames: VecDeque::new() }
    }

    /// The next frame, or nothing once the server has closed the stream.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some(frame);
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            while let Some((frame, rest)) = self.text.split_once("\n\n") {
                self.frames.push_back(parse(frame));
                self.text = self.text.split_off(self.text.len() - rest.len());
            }
        }
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Option<Frame> {
        while let Some(frame) = self.next().await {
            if !frame.event.is_empty() {
                return Some(frame);
            }
        }
        None
    }

    /// All events to the end of the stream.
    pub(crate) async fn rest(mut self) -> Vec<Frame> {
        let mut events = Vec::new();
        while let Some(event) = self.event().await {
            events.push(event);
        }
        events
    }
}

fn parse(text: &str) -> Frame {
    let mut frame = Frame::default();
    for line in text.lines() {
        match line.split_once(": ") {
            Some(("id", value)) => value.clone_into(&mut frame.id),
            Some(("event", value)) => value.clone_into(&mut frame.event),
            Some(("data", value)) => frame.data.push_str(value),
            Some(("retry", value)) => frame.retry = Some(value.to_owned()),
            _ => assert!(line.starts_with(':'), "not a line of an event stream: {line:?}"),
        }
    }
    frame
}
