//! The script and the domain decide alike.

use std::num::NonZeroU32;

use deadpool_redis::redis::{self, Client, Connection, Script};
use keelway_access::RateLimit;
use keelway_kernel::Timestamp;
use proptest::prelude::*;

use crate::house::namespace;
use crate::server::shared;

/// The script as it runs, but with a clock of ours: keys never run out by the server's, and how
/// long they would be kept is told.
fn rule() -> Script {
    let told = "local kept\nlocal function keep(_, key, value, px, millis)\n  assert(px == 'PX')\n  \
                kept = millis\n  return redis.call('SET', key, value)\nend\n";
    let replace = |text: String, what: &str, with: &str| {
        assert_eq!(text.matches(what).count(), 1, "{what}");
        text.replace(what, with)
    };
    let text = replace(
        include_str!("../../src/rate.lua").to_owned(),
        "redis.call('TIME')",
        "{ ARGV[4], ARGV[5] }",
    );
    let text = replace(text, "redis.call('SET',", "keep('SET',");
    let text = replace(text, "full_at }", "full_at, kept or -1 }");
    Script::new(&format!("{told}{text}"))
}

struct Bench {
    connection: Connection,
    rule: Script,
    interval: i64,
    capacity: i64,
}

impl Bench {
    fn new(limit: RateLimit) -> Self {
        let connection = Client::open(shared()).unwrap().get_connection().unwrap();
        let interval =
            (i64::from(limit.window_s.get()) * 1_000_000 / i64::from(limit.limit.get())).max(1);
        let capacity = interval * i64::from(limit.limit.get());
        Self { connection, rule: rule(), interval, capacity }
    }

    /// The instant stored before and after, and for how long the latter is kept.
    fn hit(&mut self, key: &str, now: i64) -> (i64, i64, i64) {
        let (call, told, before, after, kept_ms): (String, i64, i64, i64, i64) = self
            .rule
            .key(key)
            .arg(self.interval)
            .arg(self.capacity)
            .arg("call 7")
            .arg(now / 1_000_000)
            .arg(now % 1_000_000)
            .invoke(&mut self.connection)
            .unwrap();
        assert_eq!((call.as_str(), told), ("call 7", now));
        (before, after, kept_ms)
    }
}

fn limits() -> impl Strategy<Value = RateLimit> {
    let number = |most| (1..=most).prop_map(|n| NonZeroU32::new(n).unwrap());
    let any = prop_oneof![number(5), number(2_000), number(u32::MAX)];
    let window = prop_oneof![number(3), number(100_000), number(u32::MAX)];
    (any, window).prop_map(|(limit, window_s)| RateLimit { limit, window_s })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lua_and_rust_decide_alike(
        limit in limits(),
        start in 1_700_000_000_000_000_i64..1_900_000_000_000_000,
        // In tenths of the time for one request; clocks are sometimes set back.
        steps in prop::collection::vec(prop_oneof![4 => 0..30_i64, 2 => 0..3_i64, 1 => -50..0_i64], 1..40),
    ) {
        let mut bench = Bench::new(limit);
        let key = namespace();
        let (mut now, mut known) = (start, None);
        for step in steps {
            now += (bench.interval / 10).min(1_000_000_000_000) * step + step.signum();
            let (decision, full_at) = limit.hit(known, Timestamp::from_micros(now));
            let (before, after, kept_ms) = bench.hit(&key, now);
            prop_assert_eq!(before, known.map_or(-1, Timestamp::as_micros));
            prop_assert_eq!(after, full_at.as_micros(), "{:?}", decision);
            // Kept until all has come back, and not written again where nothing was taken.
            let expected = if known == Some(full_at) { -1 } else { (after - now + 999) / 1_000 };
            prop_assert_eq!(kept_ms, expected);
            known = Some(full_at);
        }
        redis::cmd("DEL").arg(&key).exec(&mut bench.connection).unwrap();
    }
}
