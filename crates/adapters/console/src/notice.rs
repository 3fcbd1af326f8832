//! What a page says of what was just done.
//!
//! A command answers with 303 to a page with `?done=<key>`; the key stands for a fixed text, so
//! that no link can put words into the console's mouth.

use actix_web::HttpRequest;

/// One sentence over a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Notice {
    /// `good`, `info`, `warn` or `bad`.
    pub(crate) tone: &'static str,
    /// The sentence.
    pub(crate) text: &'static str,
}

/// Every key there is.
const NOTICES: [(&str, &str, &str); 13] = [
    ("signed-out", "good", "You are signed out."),
    ("cancelled", "good", "The build is being cancelled."),
    ("saved", "good", "Saved."),
    ("flag-set", "good", "The flag is set; every process follows within a second."),
    ("password", "good", "Your password is changed. All other sessions are signed out."),
    ("session-ended", "good", "That session is signed out."),
    ("sessions-ended", "good", "You are signed out everywhere else."),
    ("role-changed", "good", "The role is changed, from their next request on."),
    ("removed", "good", "The member is removed from this workspace."),
    ("withdrawn", "good", "The invitation is withdrawn. Its link no longer works."),
    ("left", "good", "You have left the workspace."),
    ("joined", "good", "You are a member of this workspace now."),
    (
        "owner",
        "good",
        "You are an owner of this platform now. Administration is in the menu under your initials.",
    ),
];

/// The notice that the request's query asks for.
pub(crate) fn notice(req: &HttpRequest) -> Option<Notice> {
    let mut pairs = form_urlencoded::parse(req.query_string().as_bytes());
    let (_, key) = pairs.find(|(name, _)| name == "done")?;
    let (_, tone, text) = NOTICES.into_iter().find(|(known, ..)| *known == key)?;
    Some(Notice { tone, text })
}
