//! Queue order: tier first, then fair between tenants, then age.
//!
//! A build gets its *tag* when it is enqueued (self-clocked fair queueing):
//!
//! ```text
//! tag = max(V, the tenant's last tag) + cost
//! ```
//!
//! where the cost is the build's agents (all tenants of a band weigh the same) and `V`, the virtual time of a band, is the tag of the build taken last from it. Taking
//! the lowest tag is then fair, and is one index look-up whatever waits. Only as many of a
//! tenant's builds as it may run at once stand in the ready set; ending one promotes the
//! tenant's next. So a tenant with 10,000 waiting builds delays nobody by more than its
//! concurrency.

use keelway_kernel::{Millis, Timestamp};

/// Where a waiting build stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// The next worker may take it.
    Ready,
    /// In its tenant's backlog: as many others as may be are ready or running.
    Parked,
    /// It failed and waits for its next attempt; it keeps its place in the ready set.
    Delayed,
    /// A worker has it.
    Leased,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 4] = [Self::Ready, Self::Parked, Self::Delayed, Self::Leased];

    /// The name used in stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Parked => "parked",
            Self::Delayed => "delayed",
            Self::Leased => "leased",
        }
    }

    /// Reads what [`Standing::as_str`] wrote.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == name)
    }
}

/// The band that builds of a priority stand in: higher priorities are taken first, so theirs
/// sort lower.
pub const fn band(priority: u8) -> i64 {
    u8::MAX as i64 - priority as i64
}

/// The priority that stands in `band`; the nearest one for a band that there is none of.
pub const fn priority(band: i64) -> u8 {
    match u8::MAX as i64 - band {
        ..=0 => 0,
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
        priority @ 1..=254 => priority as u8,
        255.. => u8::MAX,
    }
}

/// How far a tag is counted in a sort key: no queue ever gets there.
const TAGS: i64 = 1 << 55;

/// Band and tag as one number that sorts as the pair does, for cursors.
pub const fn sort_key(band: i64, tag: i64) -> i64 {
    let tag = if tag < 0 { 0 } else { tag };
    band.saturating_mul(TAGS).saturating_add(if tag < TAGS { tag } else { TAGS - 1 })
}

/// Band and tag behind a sort key.
pub const fn from_sort_key(key: i64) -> (i64, i64) {
    (key.div_euclid(TAGS), key.rem_euclid(TAGS))
}

/// What a store knows of the queue around one tenant in one band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    /// The band.
    pub band: i64,
    /// The tag of the build taken last from the band; 0 if none ever was.
    pub virtual_time: i64,
    /// The tag given last to this tenant in this band; 0 if none ever was.
    pub last_tag: i64,
    /// How many of the tenant's builds are ready, delayed or leased, in any band.
    pub occupied: u32,
    /// How many of the tenant's builds may be.
    pub limit: u32,
}

/// Where a build is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// The band.
    pub band: i64,
    /// Its place inside the band; also the tenant's new last tag.
    pub tag: i64,
    /// Whether it may be taken at once.
    pub standing: Standing,
}

/// Decides where a new build of `cost` agents stands.
pub fn place(lane: &Lane, cost: u32) -> Placement {
    let start = lane.virtual_time.max(lane.last_tag);
    let tag = start.saturating_add(i64::from(cost.max(1)));
    let standing = if lane.occupied < lane.limit { Standing::Ready } else { Standing::Parked };
    Placement { band: lane.band, tag, standing }
}

/// The virtual time of a band after a build with `tag` was taken from it.
pub fn advance(virtual_time: i64, tag: i64) -> i64 {
    virtual_time.max(tag)
}

/// How many parked builds of a tenant join the ready set when `occupied` others are in it.
pub const fn promotable(occupied: u32, limit: u32) -> u32 {
    limit.saturating_sub(occupied)
}

/// How far from being taken a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// 1 is next.
    pub place: u64,
    /// When it will likely start, by the pace of recent builds.
    pub estimated_start: Timestamp,
}

/// What a store counts to tell a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// Waiting builds that will be taken before it.
    pub waiting: u64,
    /// Builds being built now.
    pub running: u64,
    /// The smoothed time a build takes.
    pub pace_ms: Millis,
}

/// Tells the position of a waiting build.
pub fn position(ahead: &Ahead, now: Timestamp) -> Position {
    let workers = ahead.running.max(1);
    let rounds = i64::try_from(ahead.waiting / workers).unwrap_or(i64::MAX);
    let busy = i64::from(ahead.running > 0);
    let wait = ahead.pace_ms.saturating_mul(rounds.saturating_add(busy));
    Position { place: ahead.waiting.saturating_add(1), estimated_start: now.plus_millis(wait) }
}

/// The pace before any build has finished.
pub const FIRST_PACE_MS: Millis = 5_000;

/// The pace after a build that took `took_ms`: one eighth new, seven eighths old.
pub fn smooth_pace(pace_ms: Millis, took_ms: Millis) -> Millis {
    (pace_ms.saturating_mul(7).saturating_add(took_ms.max(0))) / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(virtual_time: i64, last_tag: i64, occupied: u32) -> Lane {
        Lane { band: 4, virtual_time, last_tag, occupied, limit: 1 }
    }

    #[test]
    fn a_newcomer_starts_at_the_virtual_time_not_behind_another_tenants_backlog() {
        assert_eq!(place(&lane(0, 50_000, 1), 5).tag, 50_005);
        assert_eq!(place(&lane(7, 0, 0), 5).tag, 12);
    }

    #[test]
    fn only_what_may_run_at_once_is_ready() {
        assert_eq!(place(&lane(0, 0, 0), 5).standing, Standing::Ready);
        assert_eq!(place(&lane(0, 0, 1), 5).standing, Standing::Parked);
        assert_eq!((promotable(0, 1), promotable(1, 1), promotable(5, 3)), (1, 0, 0));
    }

    #[test]
    fn a_sort_key_sorts_as_band_and_tag_do_and_leads_back_to_them() {
        let pairs = [(0, 0), (0, TAGS - 1), (1, 0), (200, 7), (255, 0), (255, TAGS - 1)];
        let keys = pairs.map(|(band, tag)| sort_key(band, tag));
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(keys.map(from_sort_key), pairs);
        for of in [0, 1, 77, 254, 255] {
            assert_eq!(priority(band(of)), of);
        }
    }

    #[test]
    fn position_counts_from_one_and_waits_for_the_running() {
        let now = Timestamp::from_micros(0);
        let ahead = |waiting, running| Ahead { waiting, running, pace_ms: 1_000 };
        assert_eq!(position(&ahead(0, 0), now), Position { place: 1, estimated_start: now });
        assert_eq!(position(&ahead(4, 2), now).estimated_start, now.plus_seconds(3));
        assert_eq!(position(&ahead(u64::MAX, 1), now).place, u64::MAX);
    }
}
