//! Many rows in one statement: arrays, a column each, that `UNNEST` makes rows of again.

/// One column of `rows`.
pub(crate) fn column<'a, R, T>(rows: &'a [R], of: impl FnMut(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}
