//! Answers as they were given once, for the document. A test holds each against the answer that
//! is given today.

use serde_json::Value;

macro_rules! examples {
    ($($operation:literal $status:literal,)+) => {
        const EXAMPLES: &[(&str, &str, &str)] = &[$((
            $operation,
            $status,
            include_str!(concat!("examples/", $operation, ".", $status, ".json")),
        ),)+];
    };
}

examples! {
    "cancel_build" "200",
    "cancel_build" "202",
    "claim_build" "202",
    "create_project" "201",
    "estimate" "200",
    "get_build" "200",
    "get_build_costs" "200",
    "get_credits" "200",
    "get_project" "200",
    "issue_viewer_token" "200",
    "list_builds" "200",
    "list_events" "200",
    "list_files" "200",
    "list_ledger" "200",
    "list_projects" "200",
    "list_snapshots" "200",
    "submit_build" "200",
    "submit_build" "202",
}

/// What an operation answers with this status, if an answer was kept.
pub(crate) fn answers(operation: &str) -> impl Iterator<Item = (&'static str, Value)> {
    EXAMPLES
        .iter()
        .filter(move |(of, ..)| *of == operation)
        .filter_map(|(_, status, text)| Some((*status, serde_json::from_str(text).ok()?)))
}
