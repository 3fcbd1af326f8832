//! Reading a stream of server-sent events, as the standard says.

use reqwest::Response;
use serde_json::Value;

/// One event, or what else came between two blank lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// Where to go on behind it.
    pub id: Option<String>,
    /// Its type.
    pub event: Option<String>,
    /// Its body.
    pub data: String,
    /// How many milliseconds to wait before connecting again.
    pub retry: Option<u64>,
}

impl Frame {
    /// The event's place in the build's history.
    pub fn seq(&self) -> i64 {
        self.id.as_deref().unwrap().parse().unwrap()
    }

    /// Its body as JSON, which it must be.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

/// An open stream.
pub struct Events {
    response: Response,
    unread: Vec<u8>,
    /// The last hint how long to wait before connecting again.
    pub retry: Option<u64>,
}

impl Events {
    /// Reads what `response` brings.
    pub fn of(response: Response) -> Self {
        Self { response, unread: Vec::new(), retry: None }
    }

    /// The next event; none at the end of the stream, however it ended.
    ///
    /// Hints and comments are taken in on the way.
    pub async fn next(&mut self) -> Option<Frame> {
        let mut frame = Frame::default();
        loop {
            let line = self.line().await?;
            let Some((field, value)) = line.split_once(':') else {
                if frame.id.is_some() || frame.event.is_some() || !frame.data.is_empty() {
                    return Some(frame);
                }
                frame = Frame::default();
                continue;
            };
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" => {}
                "id" => frame.id = Some(value.to_owned()),
                "event" => frame.event = Some(value.to_owned()),
                "data" => frame.data.push_str(value),
                "retry" => {
                    self.retry = value.parse().ok();
                    frame.retry = self.retry;
                }
                other => panic!("a field {other:?} in a stream of events"),
            }
        }
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                return Some(String::from_utf8(line).unwrap().trim_end().to_owned());
            }
            match self.response.chunk().await {
                Ok(Some(chunk)) => self.unread.extend_from_slice(&chunk),
                Ok(None) | Err(_) => return None,
            }
        }
    }
}
