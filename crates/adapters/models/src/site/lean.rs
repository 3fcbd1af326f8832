//! Makes a style sheet no longer than its pages need.

use std::collections::BTreeSet;

/// Classes that only the script sets.
const SCRIPTED: &[&str] = &["calendar", "lightbox", "open", "toggle", "unseen"];

/// The values of all `class` attributes in `pages`.
pub(super) fn classes<'a>(pages: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let values = pages.flat_map(|page| page.split(" class=\"").skip(1));
    let values = values.filter_map(|rest| rest.split('"').next());
    values.flat_map(str::split_whitespace).chain(SCRIPTED.iter().copied()).collect()
}

/// `css` without selectors that ask for other classes than `used`, and without comments and spaces
/// that mean nothing.
pub(super) fn lean(css: &str, used: &BTreeSet<&str>) -> String {
    let needless = [
        ("; }", "}"),
        (" {", "{"),
        ("{ ", "{"),
        ("; ", ";"),
        (": ", ":"),
        (", ", ","),
        (" > ", ">"),
        ("\n  ", "\n"),
    ];
    needless.into_iter().fold(worn(&said(css), used), |css, (long, short)| css.replace(long, short))
}

/// `css` without comments.
fn said(css: &str) -> String {
    let mut pieces = css.split("/*");
    let first = pieces.next().unwrap_or_default();
    let rest = pieces.filter_map(|piece| piece.split_once("*/")).map(|(_, after)| after);
    std::iter::once(first).chain(rest).collect()
}

fn worn(css: &str, used: &BTreeSet<&str>) -> String {
    let mut out = String::new();
    let mut rest = css;
    while let Some((head, body)) = rest.split_once('{') {
        let end = end(body);
        let (inner, after) = (&body[..end], body.get(end + 1..).unwrap_or_default());
        let inner = if head.trim_start().starts_with("@media") {
            worn(inner, used)
        } else {
            inner.to_owned()
        };
        let heads: Vec<&str> = parts(head).into_iter().filter(|head| fits(head, used)).collect();
        if !heads.is_empty() && !inner.trim().is_empty() {
            out.push('\n');
            out.push_str(&heads.join(","));
            out.push('{');
            out.push_str(inner.trim().trim_end_matches(';'));
            out.push('}');
        }
        rest = after;
    }
    out
}

/// Where the block that `body` begins in closes.
fn end(body: &str) -> usize {
    let mut depth = 0_usize;
    body.char_indices()
        .find(|(_, c)| match c {
            '{' => {
                depth += 1;
                false
            }
            '}' if depth == 0 => true,
            '}' => {
                depth -= 1;
                false
            }
            _ => false,
        })
        .map_or(body.len(), |(at, _)| at)
}

/// The selectors of a list; commas in parentheses part nothing.
fn parts(head: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let split = head.split(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    split.map(str::trim).collect()
}

/// Whether pages have what `selector` asks for; what it says in parentheses asks for nothing.
fn fits(selector: &str, used: &BTreeSet<&str>) -> bool {
    let mut depth = 0_i32;
    let plain: String = selector
        .chars()
        .filter(|c| {
            depth += i32::from(*c == '(') - i32::from(*c == ')');
            depth == 0
        })
        .collect();
    plain.split('.').skip(1).all(|rest| {
        let name = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        used.contains(&rest[..name.unwrap_or(rest.len())])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_for_what_is_not_there_are_left_out() {
        let used = classes(["<p class=\"a b\">", "<i class=\"c\">"].into_iter());
        let css = "/* A {b}. */ .a:not(.x), .y .a { color: red; }\n.z { top: 0; } p { left: 0; }\n\
                   @media print { .y { top: 0; } }\n\
                   @media screen { .b .c { top: 0; } .y { top: 0; } }";
        assert_eq!(
            lean(css, &used),
            "\n.a:not(.x){color:red}\np{left:0}\n@media screen{.b .c{top:0}}"
        );
    }
}
