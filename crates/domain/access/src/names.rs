//! Text that people typed, checked once.

use crate::lockout::AttemptKey;
use crate::secret::sha256;
use keelway_kernel::TenantId;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Why a text is not the name it was given as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is left after trimming.
    #[error("must not be empty")]
    Empty,
    /// More characters than there is room for.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The most that fit.
        max: usize,
    },
    /// Control characters, or marks that reorder the text around them.
    #[error("must not contain control characters")]
    Control,
    /// Nothing of it can be seen.
    #[error("must have a character that can be seen")]
    Invisible,
    /// Not of the form that HTML's e-mail field accepts.
    #[error("must be an e-mail address")]
    NotAnEmail,
    /// Something else than lower-case words joined by single hyphens.
    #[error("must be lower-case letters, digits and single hyphens between them")]
    NotASlug,
}

/// Control characters, and the marks with which a name can disguise the text beside it.
fn is_disruptive(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character shows nothing by itself: white space, controls, and what Unicode has
/// displays ignore, such as joiners, which belong between others.
fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
                | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
                | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
        )
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $max:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// The most characters it can have.
            pub const MAX: usize = $max;

            /// Trims `text` and checks what is left.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                let name = Self::stored(text)?;
                if name.0.chars().all(is_invisible) {
                    return Err(NameError::Invisible);
                }
                Ok(name)
            }

            /// A name that was kept, perhaps since before names had to be visible.
            pub fn stored(text: &str) -> Result<Self, NameError> {
                let text = text.trim();
                if text.is_empty() {
                    return Err(NameError::Empty);
                }
                if text.chars().count() > Self::MAX {
                    return Err(NameError::TooLong { max: Self::MAX });
                }
                if text.contains(is_disruptive) {
                    return Err(NameError::Control);
                }
                Ok(Self(text.to_owned()))
            }

            /// The trimmed text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )+};
}

names! {
    /// What a person is called: 1 to 120 characters of any script.
    DisplayName, 120;
    /// What a tenant is called: 1 to 80 characters of any script.
    WorkspaceName, 80;
}

/// An e-mail address as it was typed; two that differ only in case are equal.
///
/// The syntax is that of HTML's e-mail field, so a form and the API never disagree: ASCII
/// only, which also leaves no two addresses that merely look alike.
#[derive(Clone)]
pub struct Email(String);

impl Email {
    /// The most bytes an address can have on its way through SMTP.
    pub const MAX: usize = 254;

    /// Trims `text` and checks its syntax, not whether anybody reads mail there.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.chars().count() > Self::MAX {
            return Err(NameError::TooLong { max: Self::MAX });
        }
        let (local, domain) = text.split_once('@').ok_or(NameError::NotAnEmail)?;
        let is_local = (1..=64).contains(&local.len())
            && local.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
            });
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if is_local && domain.split('.').all(is_label) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::NotAnEmail)
        }
    }

    /// The address as typed, for showing and for sending.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in lower case: unique among users.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// Under which sign-in attempts for this address are counted, whether or not it is known.
    pub fn attempt_key(&self) -> AttemptKey {
        AttemptKey::from_bytes(sha256(self.key().as_bytes()))
    }

    pub(crate) fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Email {}

impl Hash for Email {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The first character and the domain: enough to recognise, too little to harvest from a log.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, domain) = self.0.split_once('@').unwrap_or_default();
        write!(f, "Email({}***@{domain})", &local[..local.len().min(1)])
    }
}

/// A tenant's name in URLs: lower-case words joined by hyphens, unique among tenants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

impl Slug {
    /// The most characters: those of one DNS label.
    pub const MAX: usize = 63;
    /// Room left for the suffix that tells apart two tenants of the same name.
    const STEM_MAX: usize = 40;

    /// Checks a slug that was chosen or stored.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.chars().count() > Self::MAX {
            return Err(NameError::TooLong { max: Self::MAX });
        }
        let is_word = |word: &str| {
            !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if text.split('-').all(is_word) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::NotASlug)
        }
    }

    /// The slug that goes with a name; `workspace` if the name has no ASCII letter or digit.
    pub fn from_name(name: &WorkspaceName) -> Self {
        let lower = name.as_str().to_ascii_lowercase();
        let mut slug = String::new();
        for word in lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()) {
            if !slug.is_empty() {
                slug.push('-');
            }
            slug.push_str(word);
        }
        slug.truncate(Self::STEM_MAX);
        let stem = slug.trim_end_matches('-');
        Self(if stem.is_empty() { "workspace" } else { stem }.to_owned())
    }

    /// The slug a tenant gets instead when this one is taken: ends with random digits of its id.
    pub fn disambiguated(&self, tenant: TenantId) -> Self {
        let id = tenant.to_string();
        let stem = &self.0[..self.0.len().min(Self::STEM_MAX)];
        Self(format!("{}-{}", stem.trim_end_matches('-'), &id[id.len() - 8..]))
    }

    /// The slug as it stands in a URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
