//! The log: one place that decides its form.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::exit::cannot_begin;
use crate::settings::{Environment, LogFormat, LogSettings};

/// Sends log lines to standard error, and panics to the log.
pub(crate) fn begin(settings: &LogSettings, environment: &Environment) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.level)
        .map_err(|error| cannot_begin(format!("`log.level`: {error}")))?;
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
