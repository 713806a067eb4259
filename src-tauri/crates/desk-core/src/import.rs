//! Requests that others counted or logged: the artifact that the web panel copies, and request logs as JSON lines or CSV.
//!
//! Whatever cannot be read is returned with its line and the reason; nothing is dropped silently.

mod columns;
mod log;
mod panel;
#[cfg(test)]
mod tests;
mod values;

pub use columns::{ColumnError, ColumnMap, Columns, DurationUnit};
pub use log::{BadLine, LogFormat, LoggedRequest, RequestLog, columns_of, read_log};
pub use panel::{ArtifactError, Panel, left_out};

/// What a pasted or opened text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The web panel's artifact, or a desk's.
    Artifact,
    /// A request log.
    Log(LogFormat),
}

impl Kind {
    /// What a text looks like. Reading it may still fail.
    pub fn of(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if !text.starts_with('{') {
            return Self::Log(LogFormat::Csv);
        }
        // The first JSON value tells: an artifact spans lines, or is the only one.
        let first = serde_json::Deserializer::from_str(text)
            .into_iter::<serde_json::Value>()
            .next();
        match first {
            Some(Ok(value)) if value.get("rolloutPhase").is_some() => Self::Artifact,
            _ => Self::Log(LogFormat::JsonLines),
        }
    }
}
