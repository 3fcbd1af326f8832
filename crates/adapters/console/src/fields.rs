//! What is wrong with a form, field by field.

use keelway_http::problem::FieldError;
use keelway_http::{Code, Problem};

/// The mistakes of a form that is shown again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mistakes(Vec<FieldError>);

impl Mistakes {
    /// Takes a refusal apart that the form can show; any other goes on as it is.
    pub(crate) fn from(problem: Problem) -> Result<Self, Problem> {
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

    /// What is wrong with `field`, as a sentence; empty if nothing is.
    pub(crate) fn of(&self, field: &str) -> String {
        let wrong = |error: &&FieldError| error.pointer.strip_prefix('/') == Some(field);
        let message = self.0.iter().find(wrong).map(|error| error.message.as_str());
        message.map(sentence).unwrap_or_default()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A fragment as a sentence.
pub(crate) fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if fragment.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
