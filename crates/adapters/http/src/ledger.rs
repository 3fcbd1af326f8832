//! The ledger as a table for spreadsheets, page by page.

use std::io;

use bytes::Bytes;
use futures::Stream;
use keelway_kernel::{Cursor, PageRequest};
use keelway_platform::permit::right::ViewCredits;
use keelway_platform::{Permit, Platform};

use crate::credits::EntryView;

const HEADER: &str = "seq,time,reason,amount,counter_account,balance_after,hold_id,grant_id,\
                      user_id,request_id\r\n";

/// All lines from `after` on, newest first. A store that fails breaks the table off, so that
/// nobody takes part of it for the whole.
pub(crate) fn csv(
    platform: Platform,
    permit: Permit<ViewCredits>,
    after: Option<Cursor>,
) -> impl Stream<Item = io::Result<Bytes>> {
    async_stream::try_stream! {
        let mut next = PageRequest::new(PageRequest::MAX_LIMIT, after);
        yield Bytes::from_static(HEADER.as_bytes());
        loop {
            let page = platform.ledger(&permit, next).await.map_err(|error| {
                tracing::error!(%error, "a ledger's export breaks off");
                io::Error::other(error)
            })?;
            let lines: String = page.items.into_iter().map(EntryView::of).map(|e| line(&e)).collect();
            yield Bytes::from(lines);
            let Some(cursor) = page.next else { return };
            next = PageRequest::new(PageRequest::MAX_LIMIT, Some(cursor));
        }
    }
}

fn line(entry: &EntryView) -> String {
    let shown = |id: Option<String>| id.unwrap_or_default();
    let cells = [
        entry.seq.to_string(),
        entry.time.to_string(),
        entry.reason.to_owned(),
        entry.amount.to_string(),
        entry.counter_account.to_owned(),
        entry.balance_after.to_string(),
        shown(entry.hold_id.map(|id| id.to_string())),
        shown(entry.grant_id.map(|id| id.to_string())),
        shown(entry.user_id.map(|id| id.to_string())),
        entry.request_id.clone(),
    ];
    cells.map(|text| cell(&text)).join(",") + "\r\n"
}

/// One cell, as RFC 4180 has it, that no spreadsheet takes for a formula: an apostrophe goes
/// before what begins like one and is no whole number.
fn cell(text: &str) -> String {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !is_number;
    let guarded = if is_formula { format!("'{text}") } else { text.to_owned() };
    if guarded.contains(['"', ',', '\r', '\n', '\'', '\t']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_never_formulas_and_numbers_stay_numbers() {
        for (text, expected) in [
            ("req_1", "req_1"),
            ("-75", "-75"),
            ("-", "\"'-\""),
            ("-1+1", "\"'-1+1\""),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("+1", "\"'+1\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }
}
