//! What is wrong with a form, field by field.

use keelway_http::problem::FieldError;
use keelway_http::{Code, Problem};

use crate::text::grouped;

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

    /// The first of them, as a sentence; empty if there is none.
    pub(crate) fn first(&self) -> String {
        self.0.first().map(|error| sentence(&error.message)).unwrap_or_default()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A fragment as a sentence, its long numbers in groups.
pub(crate) fn sentence(fragment: &str) -> String {
    let fragment: Vec<String> = fragment.split(' ').map(legible).collect();
    let fragment = fragment.join(" ");
    let mut letters = fragment.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if fragment.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// A word that is a number of five digits or more is written in groups: "10001;" as "10,001;".
fn legible(word: &str) -> String {
    let number = word.trim_end_matches([',', ';', '.']);
    match number.parse::<u64>() {
        Ok(value) if number.len() > 4 => format!("{}{}", grouped(value), &word[number.len()..]),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn a_sentence_has_a_capital_an_end_and_numbers_in_groups() {
        assert_eq!(sentence("has 10001 characters"), "Has 10,001 characters.");
        assert_eq!(
            sentence("since 2026; 50000, or ten_12345"),
            "Since 2026; 50,000, or ten_12345."
        );
        assert_eq!(sentence("why?"), "Why?");
    }
}
