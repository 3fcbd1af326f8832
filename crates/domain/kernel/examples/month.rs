//! Where a tenant's month begins and ends, and a page's cursor.

use keelway_kernel::{Cursor, Period, TimeZoneName, Timestamp};

fn main() {
    let zone: TimeZoneName = "Pacific/Auckland".parse().unwrap_or_default();
    let now = Timestamp::from_micros(1_790_000_000_000_000);
    let month = Period::month_containing(now, &zone);
    println!("{now} lies between {} and {}", month.start(), month.end());

    let cursor = Cursor { key: now.as_micros(), id: uuid::Uuid::nil() };
    println!("{} reads back as {:?}", cursor.encode(), Cursor::decode(&cursor.encode()));
}
