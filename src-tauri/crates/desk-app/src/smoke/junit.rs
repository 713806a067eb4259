//! A run as `JUnit` XML, as CI servers read it: a suite a check, a case a step.

use super::view::{SmokeReport, SmokeStepState, SmokeStepView};
use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use std::fmt::Write as _;

impl SmokeReport {
    /// The run as `JUnit` XML. A blocked step counts as skipped, as does a question that nobody has answered.
    pub fn junit(&self) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let seconds = self.wall_ms.map(seconds).unwrap_or_default();
        let skipped = self.counts.skipped + self.counts.blocked + self.counts.open;
        let _ = writeln!(
            xml,
            "<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{skipped}\" time=\"{seconds}\">",
            escape(&format!("smoke {} {}", self.environment, self.phase)),
            self.counts.all,
            self.counts.fail,
        );
        for check in &self.checks {
            let count = |state: &[SmokeStepState]| {
                check
                    .steps
                    .iter()
                    .filter(|step| state.contains(&step.state))
                    .count()
            };
            let time: u64 = check.steps.iter().filter_map(|step| step.duration_ms).sum();
            let _ = writeln!(
                xml,
                "  <testsuite name=\"{}\" timestamp=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\">",
                escape(&check.id),
                timestamp(self.started_at_ms),
                check.steps.len(),
                count(&[SmokeStepState::Fail]),
                count(&[
                    SmokeStepState::Skipped,
                    SmokeStepState::Blocked,
                    SmokeStepState::Waiting,
                    SmokeStepState::Running
                ]),
                self::seconds(time),
            );
            self.properties(&mut xml);
            for step in &check.steps {
                case(&mut xml, &check.id, step);
            }
            xml.push_str("  </testsuite>\n");
        }
        xml.push_str("</testsuites>\n");
        xml
    }

    /// What every suite was run under. `JUnit` knows properties of suites only.
    fn properties(&self, xml: &mut String) {
        if self.overrides.is_empty() {
            return;
        }
        xml.push_str("    <properties>\n");
        for made in &self.overrides {
            let words = escape(&made.words(Tz::UTC));
            let _ = writeln!(xml, "      <property name=\"override\" value=\"{words}\"/>");
        }
        xml.push_str("    </properties>\n");
    }
}

fn case(xml: &mut String, check: &str, step: &SmokeStepView) {
    let _ = write!(
        xml,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
        escape(check),
        escape(&format!("{}: {}", step.account, step.action)),
        seconds(step.duration_ms.unwrap_or_default()),
    );
    let found = escape(&step.found);
    match step.state {
        SmokeStepState::Pass | SmokeStepState::Attested => xml.push_str("/>\n"),
        SmokeStepState::Fail => {
            let ids = [
                ("request id", &step.request_id),
                ("support code", &step.support_code),
            ];
            let ids: Vec<String> = ids
                .iter()
                .filter_map(|(what, id)| Some(format!("{what} {}", id.as_ref()?)))
                .collect();
            let _ = writeln!(
                xml,
                "><failure type=\"{}\" message=\"{found}\">{}</failure></testcase>",
                escape(step.label.as_deref().unwrap_or("app")),
                escape(&format!(
                    "{} {}",
                    step.meaning.as_deref().unwrap_or_default(),
                    ids.join(", ")
                )),
            );
        }
        SmokeStepState::Blocked
        | SmokeStepState::Skipped
        | SmokeStepState::Waiting
        | SmokeStepState::Running => {
            let _ = writeln!(
                xml,
                "><skipped message=\"{}: {found}\"/></testcase>",
                step.state.word()
            );
        }
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

fn timestamp(at_ms: i64) -> String {
    DateTime::from_timestamp_millis(at_ms)
        .map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
        .unwrap_or_default()
}

/// A text as XML 1.0 takes it in attributes and elements; characters that it cannot hold become U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
