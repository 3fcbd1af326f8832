//! Cursor pages: stable under inserts, and page 10,000 costs what page 1 costs.

/// Where a page starts: after the row whose sort key this is.
///
/// A newest-first list continues with rows before the key, an oldest-first one with rows
/// after it; either way the row itself was on the page before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The sort key's number: a time in microseconds or a sequence number.
    pub key: i64,
    /// Breaks ties between equal keys.
    pub id: uuid::Uuid,
}

impl Cursor {
    /// The opaque text given to callers.
    pub fn encode(&self) -> String {
        format!("{:x}.{}", self.key.cast_unsigned(), self.id.simple())
    }

    /// Reads back what [`Cursor::encode`] wrote; anything else is `None`.
    pub fn decode(text: &str) -> Option<Self> {
        let (key, id) = text.split_once('.')?;
        let key = u64::from_str_radix(key, 16).ok()?.cast_signed();
        let cursor = Self { key, id: uuid::Uuid::try_parse(id).ok()? };
        (cursor.encode() == text).then_some(cursor)
    }
}

/// How much of a list, from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    limit: u32,
    /// Continue after this row; from the start if absent.
    pub after: Option<Cursor>,
}

impl PageRequest {
    /// Rows on a page when the caller does not say.
    pub const DEFAULT_LIMIT: u32 = 20;
    /// The most rows a page may have.
    pub const MAX_LIMIT: u32 = 100;

    /// A page of `limit` rows, brought into 1 to [`PageRequest::MAX_LIMIT`].
    pub fn new(limit: u32, after: Option<Cursor>) -> Self {
        Self { limit: limit.clamp(1, Self::MAX_LIMIT), after }
    }

    /// Rows wanted, 1 to 100.
    pub const fn limit(&self) -> u32 {
        self.limit
    }
}

/// Some rows of a list and where the next ones begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in the list's order.
    pub items: Vec<T>,
    /// Present exactly when there are more.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page from up to `limit + 1` rows: the extra one only tells that there is more.
    pub fn from_rows(
        mut rows: Vec<T>,
        request: &PageRequest,
        cursor: impl Fn(&T) -> Cursor,
    ) -> Self {
        let limit = request.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = more.then(|| rows.last().map(&cursor)).flatten();
        Self { items: rows, next }
    }

    /// The same page of something else.
    pub fn map<U>(self, translate: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(translate).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip_and_refuse_anything_else() {
        for key in [i64::MIN, -1, 0, i64::MAX] {
            let cursor = Cursor { key, id: uuid::Uuid::from_u128(7) };
            assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }
        for text in ["", ".", "1", "zz.00", "01.00000000000000000000000000000007"] {
            assert_eq!(Cursor::decode(text), None, "{text}");
        }
    }

    #[test]
    fn the_extra_row_only_tells_that_there_is_more() {
        let request = PageRequest::new(2, None);
        let cursor = |n: &i64| Cursor { key: *n, id: uuid::Uuid::nil() };
        let full = Page::from_rows(vec![1, 2, 3], &request, cursor);
        assert_eq!((full.items, full.next.map(|c| c.key)), (vec![1, 2], Some(2)));
        let last = Page::from_rows(vec![1, 2], &request, cursor);
        assert_eq!((last.items, last.next), (vec![1, 2], None));
    }
}
