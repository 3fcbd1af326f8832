//! One request, one answer, and whether two answers are the same.

use std::fmt::Write as _;

use serde_json::Value;

/// A request, to be sent to both servers.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) method: &'static str,
    /// With its query.
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<String>,
    /// Who asks, among those whom the script knows.
    pub(super) who: Option<usize>,
    /// The build whose events are streamed, and behind which `seq`.
    pub(super) stream: Option<(String, i64)>,
}

/// An answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// In alphabetical order.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What no two servers have in common: the clock of the machine, which the library under the
/// servers reads.
const NOT_COMPARED: [&str; 1] = ["date"];

impl Ask {
    /// The same without a stream that would stay open: a server looks again at the rights of its
    /// reader when the clock of the machine says so, and leaves traces of it.
    pub(super) fn closed(mut self) -> Self {
        if self.method == "GET" {
            self.method = "HEAD";
        } else {
            self.method = "GET";
            self.path = self.path.replace("/replay", "/events");
            self.headers.retain(|(name, _)| *name != "content-type");
            self.body = None;
        }
        self
    }

    pub(super) fn json(mut self, body: &Value) -> Self {
        self.headers.push(("content-type", "application/json".to_owned()));
        self.body = Some(body.to_string());
        self
    }

    /// Adds what a form carries to what stands there already.
    pub(super) fn form(mut self, fields: &[(&str, String)]) -> Self {
        let mut body = self.body.take().unwrap_or_default();
        for (name, value) in fields {
            let separator = if body.is_empty() { "" } else { "&" };
            let _ = write!(body, "{separator}{name}={}", encoded(value));
        }
        self.body = Some(body);
        self
    }

    pub(super) fn query(mut self, name: &str, value: &str) -> Self {
        let separator = if self.path.contains('?') { '&' } else { '?' };
        let _ = write!(self.path, "{separator}{name}={}", encoded(value));
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The key under which it is sent, if it has one.
    pub(super) fn key(&self) -> Option<&str> {
        let is_key = |(name, _): &&(&str, String)| *name == "idempotency-key";
        self.headers.iter().find(is_key).map(|(_, key)| key.as_str())
    }

    /// For whoever looks for the cause of a difference.
    pub(super) fn shown(&self) -> String {
        let mut text = format!("{} {}", self.method, self.path);
        for (name, value) in &self.headers {
            let _ = write!(text, "\n      {name}: {value}");
        }
        if let Some(body) = &self.body {
            let _ = write!(text, "\n      {}", body.chars().take(400).collect::<String>());
        }
        text
    }
}

impl Reply {
    pub(super) fn new(status: u16, headers: &reqwest::header::HeaderMap, body: Vec<u8>) -> Self {
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap().to_owned();
        let mut headers: Vec<_> = headers
            .iter()
            .filter(|(name, _)| !NOT_COMPARED.contains(&name.as_str()))
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        headers.sort();
        Self { status, headers, body }
    }

    /// Everything that was said, for whoever reads ids out of it.
    pub(super) fn said(&self) -> String {
        let mut said = String::from_utf8_lossy(&self.body).into_owned();
        for (_, value) in &self.headers {
            let _ = write!(said, "\n{value}");
        }
        said
    }

    /// Line by line: bodies of one line are broken where their members begin.
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.status.to_string()];
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        let body = String::from_utf8_lossy(&self.body).into_owned();
        match serde_json::from_str::<Value>(&body) {
            Ok(value) => {
                let pretty = serde_json::to_string_pretty(&value).unwrap();
                lines.extend(pretty.lines().map(str::to_owned));
            }
            Err(_) => lines.extend(body.lines().map(str::to_owned)),
        }
        lines
    }
}

/// Where two answers part.
pub(super) fn difference(sqlite: &Reply, postgres: &Reply) -> String {
    lines_that_differ(&sqlite.lines(), &postgres.lines())
}

/// The first lines that only one of two texts has.
pub(super) fn lines_that_differ(sqlite: &[String], postgres: &[String]) -> String {
    const MOST: usize = 12;
    let mut text = String::new();
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        let mut left = those.to_vec();
        let mut only = Vec::new();
        for line in these {
            match left.iter().position(|other| other == line) {
                Some(at) => drop(left.swap_remove(at)),
                None => only.push(line.clone()),
            }
        }
        only
    };
    for (name, lines) in
        [("SQLite", only(sqlite, postgres)), ("PostgreSQL", only(postgres, sqlite))]
    {
        for line in lines.iter().take(MOST) {
            let _ = writeln!(text, "    {name:>10}: {line}");
        }
    }
    if text.is_empty() {
        let both = sqlite.iter().zip(postgres).find(|(one, other)| one != other);
        let _ = writeln!(text, "    the same lines in another order, from {both:?}");
    }
    text
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
