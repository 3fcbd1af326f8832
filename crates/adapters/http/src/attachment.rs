//! Names of files in `Content-Disposition`, as RFC 6266 has it.

use std::fmt::Write as _;

/// Saves the body under `name`, whatever characters that has.
pub(crate) fn attachment(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut header = format!("attachment; filename=\"{plain}\"");
    if plain != name {
        header.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                header.push(char::from(byte));
            } else {
                let _ = write!(header, "%{byte:02X}");
            }
        }
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_readers_get_a_plain_name_and_new_ones_the_real_one() {
        for (name, header) in [
            ("corner-bakery.zip", r#"attachment; filename="corner-bakery.zip""#),
            (
                "café \"x\"\r\n.html",
                "attachment; filename=\"caf_ _x___.html\"; \
                 filename*=UTF-8''caf%C3%A9%20%22x%22%0D%0A.html",
            ),
        ] {
            assert_eq!(attachment(name), header);
        }
    }
}
