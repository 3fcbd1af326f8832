//! What is wrong with a form, field by field.

use keelway_http::problem::FieldError;
use keelway_http::{Code, Problem};

/// The mistakes of a form that is shown again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mistakes(Vec<FieldError>);

impl Mistakes {
    /// Takes a refusal apart that the form can show; any other goes on as it is.
    pub(crate) fn of(problem: Problem) -> Result<Self, Problem> {
        match problem.code {
            Code::ValidationFailed | Code::NulCharacter => Ok(Self(problem.errors)),
            _ => Err(problem),
        }
    }

    /// One mistake, in one field.
    pub(crate) fn one(field: &str, message: impl Into<String>) -> Self {
        let pointer = format!("/{field}");
        Self(vec![FieldError { pointer, code: "REFUSED", message: message.into() }])
    }

    /// What is wrong with `field`, as a sentence.
    pub(crate) fn with(&self, field: &str) -> Option<String> {
        let found = self.0.iter().find(|error| error.pointer.strip_prefix('/') == Some(field))?;
        let mut letters = found.message.chars();
        let first = letters.next()?.to_uppercase();
        Some(format!("{first}{}.", letters.as_str().trim_end_matches('.')))
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
