mod bad;
mod entries;
mod held;
mod properties;
mod runs;

use super::{Field, Kind, Line, Outcome, Page, Sheet, Typed};
use chrono::{NaiveDate, NaiveDateTime};

/// The runbook's block, to the letter.
const TEMPLATE: &str = include_str!("tests/template.txt");

/// 25 November 2026, 16:00.
fn now() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 11, 25)
        .unwrap()
        .and_hms_opt(16, 0, 0)
        .unwrap()
}

fn sheet(fields: &[(Field, &str)]) -> Sheet {
    fields
        .iter()
        .map(|(field, text)| (*field, (*text).to_owned()))
        .collect()
}

/// An entry as it is written out, everything in it typed.
fn page(sheet: &Sheet) -> Page {
    Page {
        id: "0197-a".into(),
        label: "R-014".into(),
        kind: Kind::Live,
        environment: "studio".into(),
        outcome: Outcome::Done,
        withdrawn: None,
        lines: sheet
            .iter()
            .map(|(field, text)| Line {
                field: *field,
                fact: None,
                typed: Some(Typed {
                    text: text.clone(),
                    by: "staff_ana".into(),
                    at: "25 Nov 2026, 14:02:11 CET".into(),
                }),
            })
            .collect(),
    }
}
