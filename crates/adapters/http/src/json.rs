//! Request bodies, read so that no two readers could disagree on them.
//!
//! Refused with a pointer to the place: duplicate names, nesting deeper than 64, arrays of
//! more than 10,000, U+0000, unknown fields, wrong types. Malformed text is refused with line
//! and column.

use std::cell::RefCell;
use std::fmt;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use serde::de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use crate::problem::{Code, FieldError, Problem};

const DEEPEST: usize = 64;
const LONGEST: usize = 10_000;

/// Refuses a body that does not say it is plain JSON.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let media_type = text(CONTENT_TYPE).and_then(|text| text.split(';').next()).unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case("application/json") {
        return Err(unsupported("the body has to be application/json"));
    }
    match text(CONTENT_ENCODING) {
        None | Some("identity") => Ok(()),
        Some(_) => Err(unsupported("the body must not be compressed")),
    }
}

fn unsupported(detail: &str) -> Problem {
    Problem::new(Code::UnsupportedMediaType, detail)
}

/// What every text with U+0000 is answered with, wherever it stood.
pub(crate) fn nul(pointer: &str) -> Problem {
    let message = "must not contain U+0000".to_owned();
    let error = FieldError { pointer: pointer.to_owned(), code: "NUL", message };
    Problem { errors: vec![error], ..Problem::new(Code::NulCharacter, "a text contains U+0000") }
}

/// Reads a body into `T`.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let value = strict(body)?;
    // serde would also take a struct's fields from an array, in order.
    if !value.is_object() {
        return Err(Problem::invalid_field("", "INVALID", "must be an object"));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = error.path().iter().map(segment).collect::<String>();
        refusal(&pointer, error.into_inner().to_string())
    })
}

/// What a value that is no `T` is answered with.
pub(crate) fn refusal(pointer: &str, message: String) -> Problem {
    match message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        Some(name) => {
            let pointer = format!("{pointer}/{}", escape(name));
            Problem::invalid_field(pointer, "MISSING", "is missing")
        }
        None if message.starts_with("unknown field") => {
            Problem::invalid_field(pointer, "UNKNOWN_FIELD", message)
        }
        None => Problem::invalid_field(pointer, "INVALID", message),
    }
}

fn segment(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escape(key)),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    }
}

/// As RFC 6901 has it.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn strict(body: &[u8]) -> Result<Value, Problem> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Problem::new(Code::MalformedJson, "the body is not UTF-8"))?;
    let place = Place::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Strict(&place).deserialize(&mut deserializer);
    let read = read.and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match place.fault.take() {
            Some(Fault::Nul(pointer)) => nul(&pointer),
            Some(Fault::Shape(pointer, code, message)) => Problem {
                errors: vec![FieldError { pointer, code, message: message.to_owned() }],
                ..Problem::new(Code::MalformedJson, format!("the body {message}"))
            },
            None => Problem::new(
                Code::MalformedJson,
                format!("the body is not JSON at line {line}, column {column}"),
            )
            .with(serde_json::json!({ "line": line, "column": column })),
        }
    })
}

/// Where reading is, and what was found wrong there.
#[derive(Default)]
struct Place {
    path: RefCell<Vec<String>>,
    fault: RefCell<Option<Fault>>,
}

enum Fault {
    Nul(String),
    Shape(String, &'static str, &'static str),
}

impl Place {
    fn pointer(&self) -> String {
        self.path.borrow().iter().flat_map(|key| ["/".to_owned(), escape(key)]).collect()
    }

    fn refuse<E: serde::de::Error>(&self, fault: Fault) -> E {
        self.fault.replace(Some(fault));
        E::custom("refused")
    }

    fn shape<E: serde::de::Error>(&self, code: &'static str, message: &'static str) -> E {
        self.refuse(Fault::Shape(self.pointer(), code, message))
    }

    fn within<T, E: serde::de::Error>(
        &self,
        key: String,
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.path.borrow_mut().push(key);
        if self.path.borrow().len() > DEEPEST {
            return Err(self.shape("TOO_DEEP", "is nested more than 64 levels deep"));
        }
        let value = read()?;
        self.path.borrow_mut().pop();
        Ok(value)
    }
}

#[derive(Clone, Copy)]
struct Strict<'a>(&'a Place);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        if text.contains('\0') {
            return Err(self.0.refuse(Fault::Nul(self.0.pointer())));
        }
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let key = items.len().to_string();
            let Some(item) = self.0.within(key, || from.next_element_seed(self))? else {
                return Ok(items.into());
            };
            if items.len() == LONGEST {
                return Err(self.0.shape("TOO_LONG", "has an array of more than 10,000 items"));
            }
            items.push(item);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = from.next_key::<String>()? {
            let (pointer, known) = (key.replace('\0', ""), map.contains_key(&key));
            let value = self.0.within(pointer, || {
                if key.contains('\0') {
                    return Err(self.0.refuse(Fault::Nul(self.0.pointer())));
                }
                if known {
                    return Err(self.0.shape("DUPLICATE", "names a field twice"));
                }
                from.next_value_seed(self)
            })?;
            map.insert(key, value);
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        #[expect(dead_code, reason = "only that it can be read is tested")]
        name: String,
        #[serde(default)]
        #[expect(dead_code, reason = "only that it can be read is tested")]
        counts: Vec<u8>,
    }

    fn refusal(body: &[u8]) -> String {
        let problem = read::<Wish>(body).unwrap_err();
        let pointers: Vec<_> =
            problem.errors.iter().map(|e| format!("{} {}", e.pointer, e.code)).collect();
        format!("{} {} | {}", problem.code.as_str(), pointers.join(","), problem.detail)
    }

    #[test]
    fn every_refusal_names_its_place() {
        let deep = format!("{{\"name\":{}1{}}}", "[".repeat(64), "]".repeat(64));
        let long = format!("{{\"name\":\"x\",\"counts\":[{}0]}}", "0,".repeat(10_000));
        let cases: [&[u8]; 14] = [
            b"",
            b"{\n  \"name\": oops}",
            b"{\"name\":\"x\"} x",
            b"\"\xff\"",
            b"{\"name\":\"a\",\"name\":\"b\"}",
            b"{\"name\":\"a\\u0000\"}",
            b"{\"na\\u0000me\":\"a\"}",
            b"{\"name\":1}",
            b"{\"name\":\"x\",\"counts\":[1,256]}",
            b"{\"name\":\"x\",\"other\":1}",
            b"{}",
            b"[\"x\", []]",
            deep.as_bytes(),
            long.as_bytes(),
        ];
        let table: Vec<String> = cases.iter().map(|body| refusal(body)).collect();
        insta::assert_snapshot!(table.join("\n"));
    }

    #[test]
    fn what_is_just_within_the_limits_is_read() {
        let deep = format!("{}1{}", "[".repeat(64), "]".repeat(64));
        assert!(strict(deep.as_bytes()).is_ok());
        let long = format!("[{}0]", "0,".repeat(LONGEST - 1));
        assert!(strict(long.as_bytes()).is_ok());
        assert!(read::<Wish>(br#"{"name":"x","counts":[1,255]}"#).is_ok());
    }
}
