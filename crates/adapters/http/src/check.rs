//! Checking a request's fields so that all mistakes are named at once.

use std::fmt::Display;

use keelway_access::{NameError, PasswordError};
use keelway_builds::DescriptionError;
use keelway_kernel::{IdError, TierError};

use crate::problem::{FieldError, Problem};

/// A domain's reason for refusing a text, as a word for programs.
pub trait FieldCode: Display {
    /// The word.
    fn code(&self) -> &'static str;
}

impl FieldCode for NameError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "EMPTY",
            Self::TooLong { .. } => "TOO_LONG",
            Self::Control => "CONTROL_CHARACTER",
            Self::Invisible => "INVISIBLE",
            Self::NotAnEmail => "NOT_AN_EMAIL",
            Self::NotASlug => "NOT_A_SLUG",
        }
    }
}

impl FieldCode for PasswordError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "TOO_SHORT",
            Self::TooLong { .. } => "TOO_LONG",
            Self::Common => "TOO_COMMON",
            Self::SameAsEmail => "SAME_AS_EMAIL",
            Self::Nul => "NUL",
        }
    }
}

impl FieldCode for DescriptionError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "TOO_SHORT",
            Self::TooLong { .. } => "TOO_LONG",
            Self::Nul => "NUL",
        }
    }
}

impl FieldCode for IdError {
    fn code(&self) -> &'static str {
        "NOT_AN_ID"
    }
}

impl FieldCode for TierError {
    fn code(&self) -> &'static str {
        "UNKNOWN_TIER"
    }
}

/// Collects what is wrong with a request.
///
/// ```
/// # use keelway_access::{DisplayName, Email};
/// # use keelway_http::check::Check;
/// let mut check = Check::default();
/// let email = check.field("/email", Email::parse("ada@example.com"));
/// let name = check.optional("/name", None, DisplayName::parse);
/// let (email, name) = check.all((email, name)).unwrap();
/// # assert_eq!((email.as_str(), name), ("ada@example.com", None));
/// ```
#[derive(Debug, Default)]
pub struct Check(Vec<FieldError>);

impl Check {
    /// Keeps the value, or notes why there is none.
    pub fn field<T, E: FieldCode>(&mut self, pointer: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.note(pointer, error.code(), error.to_string())).ok()
    }

    /// The same for a field that may be absent: outside, whether it could be read; inside,
    /// whether it was there.
    pub fn optional<T, E: FieldCode>(
        &mut self,
        pointer: &str,
        text: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match text {
            None => Some(None),
            Some(text) => self.field(pointer, parse(text)).map(Some),
        }
    }

    /// Notes a mistake that no domain type describes.
    pub fn note(&mut self, pointer: &str, code: &'static str, message: impl Into<String>) {
        self.0.push(FieldError { pointer: pointer.to_owned(), code, message: message.into() });
    }

    /// All values, or all that is wrong.
    pub fn all<T: Fields>(self, fields: T) -> Result<T::Values, Problem> {
        match fields.values() {
            Some(values) if self.0.is_empty() => Ok(values),
            _ => Err(Problem::invalid(self.0)),
        }
    }
}

/// A tuple of what was read.
pub trait Fields {
    /// The same without doubt.
    type Values;
    /// All of them, if all are there.
    fn values(self) -> Option<Self::Values>;
}

macro_rules! fields {
    ($($T:ident $value:ident),+) => {
        impl<$($T),+> Fields for ($(Option<$T>,)+) {
            type Values = ($($T,)+);
            fn values(self) -> Option<Self::Values> {
                let ($($value,)+) = self;
                Some(($($value?,)+))
            }
        }
    };
}

fields!(A a);
fields!(A a, B b);
fields!(A a, B b, C c);
fields!(A a, B b, C c, D d);
fields!(A a, B b, C c, D d, E e);
fields!(A a, B b, C c, D d, E e, F f);
fields!(A a, B b, C c, D d, E e, F f, G g);
fields!(A a, B b, C c, D d, E e, F f, G g, H h);
