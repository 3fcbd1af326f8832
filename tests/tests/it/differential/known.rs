//! What a script has learned: everything that is asked for by name was answered before, or is
//! nobody's, or is somebody else's.

use std::collections::BTreeMap;

use keelway_access::SessionToken;
use serde_json::{Value, json};

use super::ask::Ask;
use super::hands::Held;
use crate::harness::dice::Dice;

/// What one person, or somebody without a session, was told.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Their session, unless they have none.
    pub(super) token: Option<String>,
    /// Whether the session was refused.
    pub(super) is_over: bool,
    /// By kind, such as `bld`, in the order in which they were told.
    pub(super) words: BTreeMap<String, Vec<String>>,
}

/// Everything that a script's next step may begin with.
#[derive(Default)]
pub(super) struct Known {
    /// Which script it is, in the addresses of its people.
    pub(super) script: u64,
    pub(super) seen: Vec<Seen>,
    /// What the scripts before it were told.
    strangers: Seen,
    /// What was sent under a key.
    pub(super) sent: Vec<Ask>,
    /// Builds in a worker's hands.
    pub(super) held: Vec<Held>,
}

/// The password of everybody.
pub(super) const PASSWORD: &str = "a long and quiet river";

/// Kinds of words beside the prefixes of ids and tokens.
pub(super) const SLUG: &str = "slug";
pub(super) const CURSOR: &str = "cursor";
pub(super) const LABEL: &str = "label";
pub(super) const VIEWER: &str = "viewer";

impl Seen {
    pub(super) fn learn(&mut self, said: &str) {
        for word in said.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            if let Some((kind, rest)) = word.split_once('_')
                && kind.len() == 3
                && rest.len() >= 26
                && kind.bytes().all(|byte| byte.is_ascii_lowercase())
            {
                self.add(kind, word);
            }
        }
        self.between(said, "/w/", SLUG);
        self.between(said, "cursor=", CURSOR);
        for site in said.split("http://").skip(1) {
            if let Some((label, _)) = site.split_once(".sites.test") {
                self.add(LABEL, label);
            }
        }
        if let Ok(value) = serde_json::from_str::<Value>(said.lines().next().unwrap_or_default()) {
            self.members(&value);
        }
    }

    fn between(&mut self, said: &str, before: &str, kind: &str) {
        for rest in said.split(before).skip(1) {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_%.".contains(c));
            self.add(kind, &rest[..end.unwrap_or(rest.len())]);
        }
    }

    fn members(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.members(item)),
            Value::Object(map) => {
                for (name, kind) in [("next_cursor", CURSOR), ("token", VIEWER)] {
                    if let Some(text) = map.get(name).and_then(Value::as_str) {
                        self.add(kind, text);
                    }
                }
                if let (Some(slug), true) = (map.get("slug"), map.contains_key("time_zone")) {
                    self.add(SLUG, slug.as_str().unwrap_or_default());
                }
                map.values().for_each(|item| self.members(item));
            }
            _ => {}
        }
    }

    fn add(&mut self, kind: &str, word: &str) {
        let words = self.words.entry(kind.to_owned()).or_default();
        if !word.is_empty() && !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }

    fn of(&self, kind: &str) -> &[String] {
        self.words.get(kind).map_or(&[], Vec::as_slice)
    }
}

impl Known {
    /// What is left for the next script: everybody in it is a stranger.
    pub(super) fn next(&mut self, script: u64) {
        for seen in std::mem::take(&mut self.seen) {
            for (kind, words) in seen.words {
                let known = self.strangers.words.entry(kind).or_default();
                known.extend(words);
                // The latest are the most likely to be found.
                let surplus = known.len().saturating_sub(20);
                known.drain(..surplus);
            }
        }
        self.script = script;
        self.sent.clear();
        self.held.clear();
    }

    /// Takes in what was said to somebody; a session that nobody has is somebody's from now on.
    pub(super) fn learn(&mut self, who: Option<usize>, said: &str) {
        let mut fresh = Seen::default();
        fresh.learn(said);
        let is_known = |token: &String| self.seen.iter().any(|s| s.token.as_ref() == Some(token));
        let tokens: Vec<String> =
            fresh.of("kws").iter().filter(|token| !is_known(token)).cloned().collect();
        let tokens: Vec<String> =
            tokens.into_iter().filter(|token| SessionToken::parse(token).is_ok()).collect();
        fresh.words.remove("kws");
        if tokens.is_empty() {
            let at = who.unwrap_or_else(|| self.nobody());
            self.seen[at].learn(said);
            self.seen[at].words.remove("kws");
            return;
        }
        for token in tokens {
            // The same person as before, if they said who they are.
            let user = fresh.of("usr").first();
            let before = self.seen.iter().find(|seen| {
                seen.token.is_some() && user.is_some() && seen.of("usr").first() == user
            });
            let mut seen = before.cloned().unwrap_or_default();
            seen.learn(said);
            seen.words.remove("kws");
            seen.token = Some(token);
            seen.is_over = false;
            self.seen.push(seen);
        }
    }

    /// Takes in what was done for whom it may concern: everybody who knows its tenant.
    pub(super) fn overhear(&mut self, said: &str) {
        let mut fresh = Seen::default();
        fresh.learn(said);
        for seen in &mut self.seen {
            if fresh.of("ten").iter().any(|tenant| seen.of("ten").contains(tenant)) {
                seen.learn(said);
                seen.words.remove("kws");
            }
        }
        self.learn(None, said);
    }

    /// How many sessions were made.
    pub(super) fn sessions(&self) -> usize {
        self.seen.iter().filter(|seen| seen.token.is_some()).count()
    }

    /// Whoever asks without a session.
    fn nobody(&mut self) -> usize {
        if let Some(at) = self.seen.iter().position(|seen| seen.token.is_none()) {
            return at;
        }
        self.seen.push(Seen::default());
        self.seen.len() - 1
    }

    pub(super) fn refused(&mut self, who: usize) {
        self.seen[who].is_over = true;
    }
}

/// The making of one step: what is known, and dice.
#[derive(Clone)]
pub(super) struct Roll<'a> {
    pub(super) dice: Dice,
    pub(super) known: &'a Known,
    who: Option<usize>,
}

impl<'a> Roll<'a> {
    pub(super) fn new(known: &'a Known, seed: u64) -> Self {
        let mut roll = Self { dice: Dice::of(seed), known, who: None };
        let living: Vec<usize> = (0..known.seen.len())
            .filter(|at| known.seen[*at].token.is_some() && !known.seen[*at].is_over)
            .collect();
        let all: Vec<usize> =
            (0..known.seen.len()).filter(|at| known.seen[*at].token.is_some()).collect();
        roll.who = match roll.dice.below(100) {
            // Most is done by one person, or little would come of it.
            0..=59 if !living.is_empty() => living.first().copied(),
            0..=91 if !living.is_empty() => Some(*roll.dice.pick(&living)),
            92..=94 if !all.is_empty() => Some(*roll.dice.pick(&all)),
            _ => None,
        };
        roll
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.dice.below(100) < percent
    }

    pub(super) fn pick(&mut self, items: &[&str]) -> String {
        (*self.dice.pick(items)).to_owned()
    }

    /// One of a kind: most often the asker's own, at times another's or nobody's.
    pub(super) fn word(&mut self, kind: &str) -> String {
        let own = self.who.map_or(&[][..], |who| self.known.seen[who].of(kind));
        let any: Vec<&String> = self.known.seen.iter().flat_map(|seen| seen.of(kind)).collect();
        let strange = self.known.strangers.of(kind);
        match self.dice.below(100) {
            0..=84 if !own.is_empty() => self.dice.pick(own).clone(),
            0..=93 if !any.is_empty() => (*self.dice.pick(&any)).clone(),
            94..=96 if !strange.is_empty() => self.dice.pick(strange).clone(),
            97 => "%00".to_owned(),
            98 => format!("{kind}_"),
            _ => format!("{kind}_01h455vb4pex5vsknk084sn02q"),
        }
    }

    /// One that the asker was told, or else anybody.
    pub(super) fn own(&mut self, kind: &str) -> Option<String> {
        match self.who.map_or(&[][..], |who| self.known.seen[who].of(kind)) {
            [] => self.told(kind),
            own => Some(self.dice.pick(own).clone()),
        }
    }

    /// One that somebody of this script was told, if there is one.
    pub(super) fn told(&mut self, kind: &str) -> Option<String> {
        let any: Vec<&String> = self.known.seen.iter().flat_map(|seen| seen.of(kind)).collect();
        (!any.is_empty()).then(|| (*self.dice.pick(&any)).clone())
    }

    pub(super) fn email(&mut self) -> String {
        let person = self.dice.below(5);
        self.email_of(usize::try_from(person).unwrap())
    }

    pub(super) fn email_of(&mut self, person: usize) -> String {
        format!("P{person}.{}@example.com", self.known.script)
    }

    pub(super) fn password(&mut self) -> String {
        if self.chance(90) { PASSWORD.to_owned() } else { "another river than that".to_owned() }
    }

    pub(super) fn description(&mut self) -> String {
        self.pick(&[
            "A landing page for a bakery",
            "A landing page for a bakery",
            "A web shop for bread with login, payments, search and an admin dashboard",
            "Ein Café in Zürich: Öffnungszeiten, Speisekarte, Kontaktformular",
            "A chat with file upload, notifications, analytics and a REST API for mobile apps",
            "日本語のパン屋のためのウェブサイトを作ってください",
            "A blog, ünïcödé \u{1f980} and \"quotes\" <b>and</b> 'more' \\ of %25 that",
            "too short",
        ])
    }

    pub(super) fn name(&mut self) -> String {
        self.pick(&[
            "Corner Bakery",
            "corner bakery",
            "Bäckerei",
            "bÄCKEREI",
            "Zürich % _ café",
            "a-b",
            "a b",
            "",
            "\u{1f980}",
            "O'Brien \\ Söhne",
        ])
    }

    /// A request to the API, as the asker sends it.
    pub(super) fn api(&mut self, method: &'static str, path: impl Into<String>) -> Ask {
        let mut ask = self.bare(method, path);
        let Some(who) = self.who else {
            if self.chance(20) {
                ask = ask.header("authorization", "Bearer kws_nobody");
            }
            return ask;
        };
        let token = self.known.seen[who].token.clone().unwrap_or_default();
        if self.chance(80) {
            ask = ask.header("authorization", format!("Bearer {token}"));
        } else {
            ask = ask.header("cookie", format!("keelway_session={token}"));
            if method != "GET" {
                ask = ask.header("sec-fetch-site", "same-origin");
                ask = ask.header("x-csrf-token", csrf(&token));
            }
        }
        let tenants = self.known.seen[who].of("ten").len();
        let percent = if tenants > 1 { 90 } else { 10 };
        if self.chance(percent) {
            let tenant = self.word("ten");
            ask = ask.header("x-tenant", tenant);
        }
        ask
    }

    /// A request for a page, or of a form, as the asker's browser sends it.
    pub(super) fn page(&mut self, method: &'static str, path: impl Into<String>) -> Ask {
        let mut ask = self.bare(method, path);
        let token = self.who.and_then(|who| self.known.seen[who].token.clone());
        if let Some(token) = &token {
            ask = ask.header("cookie", format!("keelway_session={token}"));
        }
        if method != "GET" {
            let fields: Vec<_> = token.iter().map(|token| ("csrf", csrf(token))).collect();
            ask = ask
                .header("sec-fetch-site", "same-origin")
                .header("content-type", "application/x-www-form-urlencoded")
                .form(&fields);
        } else if self.chance(20) {
            ask = ask.header("x-fragment", "1");
        }
        ask
    }

    /// A request that says nothing of who asks.
    pub(super) fn bare(&mut self, method: &'static str, path: impl Into<String>) -> Ask {
        let (path, headers) = (path.into(), Vec::new());
        Ask { method, path, headers, body: None, who: self.who, stream: None }
    }

    /// A page of the asker's workspace.
    pub(super) fn inside(&mut self, method: &'static str, rest: &str) -> Ask {
        let slug = self.word(SLUG);
        self.page(method, format!("/w/{slug}{rest}"))
    }

    /// Adds an idempotency key: most often a new one.
    pub(super) fn keyed(&mut self, ask: Ask) -> Ask {
        if self.chance(50) {
            return ask;
        }
        let key = self.key();
        ask.header("idempotency-key", key)
    }

    pub(super) fn key(&mut self) -> String {
        let keys: Vec<String> =
            self.known.sent.iter().filter_map(|ask| ask.key().map(str::to_owned)).collect();
        match self.dice.below(10) {
            0 | 1 if !keys.is_empty() => self.dice.pick(&keys).clone(),
            2 => self.pick(&["", "\"quoted\"", "with space"]),
            _ => format!("key-{:x}", self.dice.next()),
        }
    }

    /// Adds where a list begins and how long its page is.
    pub(super) fn paged(&mut self, mut ask: Ask) -> Ask {
        if self.chance(60) {
            let limit = self.pick(&["1", "1", "2", "3", "100", "0", "101", "x"]);
            ask = ask.query("limit", &limit);
        }
        if self.chance(40) {
            let cursor = self.word(CURSOR);
            ask = ask.query("cursor", &cursor);
        }
        ask
    }

    /// Puts something wrong in the place of a member now and then.
    pub(super) fn spoiled(&mut self, mut body: Value) -> Value {
        if self.chance(88) {
            return body;
        }
        let Some(members) = body.as_object_mut() else { return body };
        let names: Vec<String> = members.keys().cloned().collect();
        let name = self.dice.pick(&names).clone();
        let wrong = [
            Value::Null,
            json!(7),
            json!(-1),
            json!(9_223_372_036_854_775_807_i64),
            json!(""),
            json!("   "),
            json!("x".repeat(300)),
            json!("\u{0}"),
            json!("a\u{202e}b"),
            json!([1]),
            json!({ "a": 1 }),
            json!("bld_01h455vb4pex5vsknk084sn02q"),
        ];
        match self.dice.below(10) {
            0 => drop(members.remove(&name)),
            1 => drop(members.insert("unknown".to_owned(), json!(1))),
            _ => drop(members.insert(name, self.dice.pick(&wrong).clone())),
        }
        body
    }
}

fn csrf(token: &str) -> String {
    SessionToken::parse(token).unwrap().csrf_token()
}
