//! Whose log a statement is in.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use futures::future::join_all;
use keelway_contract::{Fixture, ManualClock, SeededEntropy};
use keelway_postgres::{PostgresSettings, Time};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::subscriber::set_default;
use tracing::{Event, Instrument as _, Subscriber, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use crate::database::Database;

/// Statements.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Said>>>);

/// A statement, and the caller in whose span it was sent.
#[derive(Debug, Default)]
struct Said {
    caller: Option<u64>,
    text: String,
}

impl Visit for Said {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "caller" {
            self.caller = Some(value);
        }
    }

    fn record_str(&mut self, _: &Field, value: &str) {
        self.text.push_str(value);
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// Who called, kept with a span.
struct Called(u64);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut said = Said::default();
        attributes.record(&mut said);
        if let (Some(caller), Some(span)) = (said.caller, context.span(id)) {
            span.extensions_mut().insert(Called(caller));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            let mut said = Said::default();
            event.record(&mut said);
            let mut spans = context.event_scope(event).into_iter().flatten();
            said.caller = spans.find_map(|span| span.extensions().get::<Called>().map(|by| by.0));
            self.0.lock().unwrap().push(said);
        }
    }
}

#[tokio::test]
async fn a_statement_is_in_the_log_of_whoever_it_is_for_whoever_shares_its_transaction() {
    let database = Arc::new(Database::fresh().await);
    let mut settings = PostgresSettings::new(database.url());
    // One transaction at a time.
    settings.connections = 4;
    let (clock, entropy) = (Arc::new(ManualClock::default()), Arc::new(SeededEntropy::new(3)));
    let time = Time::Given(clock.clone());
    let store = Arc::new(Database::store_of(&settings, time, entropy.clone()));
    let fx = Fixture { clock, entropy, store: crate::ports(store, database) };
    let mut tenants = vec![];
    for _ in 0..3 {
        tenants.push(fx.tenant().await.scope);
    }

    let log = Log::default();
    let heard = set_default(tracing_subscriber::registry().with(log.clone()));
    let grant = |(caller, of)| {
        let span = info_span!("call", caller);
        fx.store.ledger.grant(of, fx.grant(10)).instrument(span)
    };
    let granted = join_all((1_u64..).zip(tenants).map(grant)).await;
    assert!(granted.iter().all(Result::is_ok));
    drop(heard);

    let log = std::mem::take(&mut *log.0.lock().unwrap());
    let callers_of = |text: &str| {
        let of = log.iter().filter(|said| said.text.contains(text)).map(|said| said.caller);
        let mut callers: Vec<_> = of.collect();
        callers.sort_unstable();
        callers
    };
    assert_eq!(callers_of("INSERT INTO credit_grants"), [Some(1), Some(2), Some(3)], "{log:#?}");
    assert_eq!(callers_of("COMMIT"), [None], "{log:#?}");
}
