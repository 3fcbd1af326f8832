//! The log: one place that decides its form.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::exit::cannot_begin;
use crate::settings::{Environment, LogFormat, LogSettings};

/// Calls every malformed request an error, which it is not here; whoever names it in
/// `log.level` hears it.
const LOUD: &str = "actix_http";

/// Would write the descriptions that people give into the log, whatever `log.level` says.
const INDISCREET: [&str; 2] = ["html5ever=warn", "html5ever::tokenizer=warn"];

/// The lines that are let through where `level` is asked for.
fn filter(level: &str) -> anyhow::Result<EnvFilter> {
    let unusable = |why: String| cannot_begin(format!("`log.level`: {why}"));
    // To the filter any other word is a target, and what is not named by one is silent.
    for word in level.split(',').map(str::trim).filter(|word| !word.contains(['=', '['])) {
        if word.is_empty() || word.parse::<LevelFilter>().is_err() {
            return Err(unusable(format!(
                "{word:?} is no level: write error, warn, info, debug, trace or off, and a level \
                 of one target as in `info,keelway_http=debug`"
            )));
        }
    }
    let mut filter = EnvFilter::try_new(level).map_err(|error| unusable(error.to_string()))?;
    if !level.contains(LOUD) {
        filter = filter.add_directive(format!("{LOUD}=off").parse()?);
    }
    for directive in INDISCREET {
        filter = filter.add_directive(directive.parse()?);
    }
    Ok(filter)
}

/// Whether the log could begin with these settings.
pub(crate) fn check(settings: &LogSettings) -> anyhow::Result<()> {
    filter(&settings.level).map(drop)
}

/// Sends log lines to standard error, and panics to the log.
pub(crate) fn begin(settings: &LogSettings, environment: &Environment) -> anyhow::Result<()> {
    let filter = filter(&settings.level)?;
    let terminal = std::io::stderr().is_terminal();
    let pretty = match settings.format {
        LogFormat::Auto => terminal,
        LogFormat::Json => false,
        LogFormat::Pretty => true,
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let begun = if pretty {
        let colours = terminal && environment.get("NO_COLOR").is_none();
        lines.with_ansi(colours).with_target(false).try_init()
    } else {
        lines.json().flatten_event(true).try_init()
    };
    begun.map_err(|error| anyhow::anyhow!(error).context("the log cannot begin"))?;
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("(no message)");
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(at, message, "panicked");
    }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::{Level, enabled};

    /// Which of some lines pass where `level` is asked for.
    fn passing(level: &str) -> Vec<&'static str> {
        let lines = tracing_subscriber::fmt().with_env_filter(filter(level).unwrap()).finish();
        tracing::subscriber::with_default(lines, || {
            let lines = [
                (enabled!(target: "keelway_http::access", Level::INFO), "own info"),
                (enabled!(target: "actix_http::h1::dispatcher", Level::ERROR), "actix_http error"),
                (enabled!(target: "html5ever", Level::WARN), "html5ever warn"),
                (enabled!(target: "html5ever::tokenizer", Level::DEBUG), "tokenizer debug"),
                (enabled!(target: "html5ever::tree_builder", Level::TRACE), "builder trace"),
            ];
            lines.into_iter().filter_map(|(passes, line)| passes.then_some(line)).collect()
        })
    }

    #[test]
    fn malformed_requests_are_no_errors_and_descriptions_never_reach_the_log() {
        let default = crate::settings::Settings::default().log.level;
        for level in [default.as_str(), "info", "trace", "trace,html5ever=trace"] {
            assert_eq!(passing(level), ["own info", "html5ever warn"], "{level}");
        }
        assert_eq!(passing("html5ever::tokenizer=trace"), ["html5ever warn"]);
        assert_eq!(passing("warn,actix_http=error"), ["actix_http error", "html5ever warn"]);
        for level in ["keelway=loud", "foo=bar=baz", "loud", "info,loud", ""] {
            assert!(filter(level).is_err(), "{level}");
        }
    }
}
