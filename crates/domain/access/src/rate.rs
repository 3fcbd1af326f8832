//! How often somebody may ask.

use keelway_kernel::Timestamp;
use std::num::NonZeroU32;

/// What is being asked for; each class is counted by its own keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RateClass {
    /// Requests parked without a session, by client address.
    Guest,
    /// Sign-ups and sign-ins, by client address.
    Auth,
    /// Builds started, by tenant.
    BuildSubmit,
    /// Everything else that changes something, by person or key.
    Write,
    /// Everything that only reads, by person, key or address.
    Read,
    /// Sessions and tickets looked up in vain, by client address: making them up costs nothing.
    UnknownToken,
}

impl RateClass {
    /// Every class.
    pub const ALL: [Self; 6] =
        [Self::Guest, Self::Auth, Self::BuildSubmit, Self::Write, Self::Read, Self::UnknownToken];

    /// The name in settings, keys and headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Auth => "auth",
            Self::BuildSubmit => "build_submit",
            Self::Write => "write",
            Self::Read => "read",
            Self::UnknownToken => "unknown_token",
        }
    }
}

/// So many in so long, evenly refilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// How many may come at once, and over the window.
    pub limit: NonZeroU32,
    /// Seconds in which all of them come back.
    pub window_s: NonZeroU32,
}

/// What became of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateDecision {
    /// The limit that was applied.
    pub limit: RateLimit,
    /// How many more would be admitted now.
    pub remaining: u32,
    /// Seconds until all are there again.
    pub reset_after_s: u32,
    /// Seconds until one would be admitted, at least 1; absent when this one was.
    pub retry_after_s: Option<u32>,
}

impl RateDecision {
    /// Whether the request may go on.
    pub const fn is_allowed(&self) -> bool {
        self.retry_after_s.is_none()
    }
}

impl RateLimit {
    const fn of(limit: u32, window_s: u32) -> Self {
        // A zero in the table below would mean "one", never "as many as you like".
        Self {
            limit: match NonZeroU32::new(limit) {
                Some(limit) => limit,
                None => NonZeroU32::MIN,
            },
            window_s: match NonZeroU32::new(window_s) {
                Some(window_s) => window_s,
                None => NonZeroU32::MIN,
            },
        }
    }

    /// Decides on one request at `now` by the generic cell rate algorithm.
    ///
    /// `full_at` is all there is to remember about a key: the moment at which everything will
    /// have come back, absent for a key not seen before. It is returned with the decision, to
    /// be stored; a key may be forgotten once that moment has passed.
    pub fn hit(self, full_at: Option<Timestamp>, now: Timestamp) -> (RateDecision, Timestamp) {
        let owed = self.owed(full_at, now);
        let (owed, decision) = match self.decision(owed) {
            seen if seen.is_allowed() => {
                let owed = owed + self.interval();
                (owed, RateDecision { retry_after_s: None, ..self.decision(owed) })
            }
            refused => (owed, refused),
        };
        (decision, Timestamp::from_micros(now.as_micros().saturating_add(owed)))
    }

    /// What [`RateLimit::hit`] would find, with nothing taken: `remaining` counts the request
    /// that may follow.
    pub fn peek(self, full_at: Option<Timestamp>, now: Timestamp) -> RateDecision {
        self.decision(self.owed(full_at, now))
    }

    fn decision(self, owed: i64) -> RateDecision {
        let (interval, capacity) = (self.interval(), self.capacity());
        let missing = owed + interval - capacity;
        RateDecision {
            limit: self,
            remaining: u32::try_from((capacity - owed) / interval).unwrap_or(0),
            reset_after_s: whole_seconds(owed),
            retry_after_s: (missing > 0).then(|| whole_seconds(missing).max(1)),
        }
    }

    /// Microseconds until everything a key took will have come back. More than the capacity
    /// can only come from a clock that was set back.
    fn owed(self, full_at: Option<Timestamp>, now: Timestamp) -> i64 {
        full_at
            .map_or(0, |full_at| full_at.as_micros().saturating_sub(now.as_micros()))
            .clamp(0, self.capacity())
    }

    /// Microseconds in which one comes back.
    fn interval(self) -> i64 {
        let window = i64::from(self.window_s.get()) * 1_000_000;
        (window / i64::from(self.limit.get())).max(1)
    }

    fn capacity(self) -> i64 {
        self.interval() * i64::from(self.limit.get())
    }
}

fn whole_seconds(micros: i64) -> u32 {
    u32::try_from((micros + 999_999) / 1_000_000).unwrap_or(u32::MAX)
}

/// The limit of every class; a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Of [`RateClass::Guest`].
    pub guest: RateLimit,
    /// Of [`RateClass::Auth`].
    pub auth: RateLimit,
    /// Of [`RateClass::BuildSubmit`].
    pub build_submit: RateLimit,
    /// Of [`RateClass::Write`].
    pub write: RateLimit,
    /// Of [`RateClass::Read`].
    pub read: RateLimit,
    /// Of [`RateClass::UnknownToken`].
    pub unknown_token: RateLimit,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            guest: RateLimit::of(10, 60 * 60),
            auth: RateLimit::of(20, 10 * 60),
            build_submit: RateLimit::of(100, 60 * 60),
            write: RateLimit::of(300, 60),
            read: RateLimit::of(1_200, 60),
            unknown_token: RateLimit::of(300, 60),
        }
    }
}

impl RateLimits {
    /// The limit of one class.
    pub const fn of(&self, class: RateClass) -> RateLimit {
        match class {
            RateClass::Guest => self.guest,
            RateClass::Auth => self.auth,
            RateClass::BuildSubmit => self.build_submit,
            RateClass::Write => self.write,
            RateClass::Read => self.read,
            RateClass::UnknownToken => self.unknown_token,
        }
    }
}
