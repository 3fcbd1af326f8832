//! Counts from what a test runner prints.

use std::fmt;
use std::ops::AddAssign;

/// How many tests ended which way.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    /// Ignored, or kept out by a filter.
    pub(crate) skipped: usize,
}

impl Tally {
    /// The counts of one line: libtest's `test result:`, nextest's `Summary`, or one of those
    /// with which Playwright ends.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        let line = without_colour(line);
        if let Some(count) = line.strip_prefix("  ")
            && !count.starts_with(' ')
        {
            return Self::of_playwright(count);
        }
        // What nextest repeats of a test that failed is indented, and has been counted.
        let (_, counts) = if line.starts_with("test result: ") {
            line.split_once(". ")?
        } else if line.trim_start().starts_with("Summary [") {
            line.split_once("run: ")?
        } else {
            return None;
        };
        let mut tally = Self::default();
        for count in counts.split([',', ';']) {
            let mut words = count.split_whitespace();
            let Some(n) = words.next().and_then(|word| word.parse::<usize>().ok()) else {
                continue;
            };
            match words.next() {
                Some("passed") => tally.passed += n,
                Some("failed" | "timed" | "exec") => tally.failed += n,
                Some("skipped" | "ignored" | "filtered") => tally.skipped += n,
                _ => {}
            }
        }
        Some(tally)
    }

    /// A line such as `12 passed (3.4s)`: one for each way to end.
    fn of_playwright(line: &str) -> Option<Self> {
        let (count, how) = line.trim_end().split_once(' ')?;
        let count = count.parse().ok()?;
        let how = how.split_once(" (").map_or(how, |(how, _)| how);
        let mut tally = Self::default();
        match how {
            "passed" => tally.passed = count,
            "failed" | "flaky" | "interrupted" | "did not run" => tally.failed = count,
            "skipped" => tally.skipped = count,
            _ => return None,
        }
        Some(tally)
    }
}

fn without_colour(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, text)| text));
    }
    plain
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runners_closing_lines_are_read() {
        for (line, (passed, failed, skipped)) in [
            (
                "test result: FAILED. 7 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; \
                 finished in 0.02s",
                (7, 2, 4),
            ),
            ("     Summary [   0.012s] 12 tests run: 12 passed, 0 skipped", (12, 0, 0)),
            (
                "     Summary [  61.0s] 9/12 tests run: 5 passed (1 slow), 2 failed, 1 timed out, \
                 1 exec failed, 3 skipped",
                (5, 4, 3),
            ),
            (
                "\u{1b}[32;1m     Summary\u{1b}[0m [ 0.1s] \u{1b}[1m4\u{1b}[0m tests run: \
                 \u{1b}[1m4\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, \u{1b}[1m1\u{1b}[0m skipped",
                (4, 0, 1),
            ),
            ("  \u{1b}[32m12 passed\u{1b}[39m (3.4s)", (12, 0, 0)),
            ("  1 did not run", (0, 1, 0)),
        ] {
            assert_eq!(Tally::of_line(line), Some(Tally { passed, failed, skipped }), "{line}");
        }
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in [
            "",
            "running 3 tests",
            "test a::b ... ok",
            "        PASS [   0.005s] x y",
            "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 9 filtered out",
            "  2 flew",
        ] {
            assert_eq!(Tally::of_line(line), None, "{line}");
        }
    }
}
