//! When changes to an environment are usual: `Mon-Fri 09:00-17:00; Sat 10:00-12:00`, in the team's time.

use chrono::{Datelike, NaiveDateTime, NaiveTime, Timelike, Weekday};

/// The hours in which changes are usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeWindow(Vec<Hours>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Hours {
    first: Weekday,
    last: Weekday,
    from: NaiveTime,
    /// The first moment after; midnight is the end of the day.
    to: NaiveTime,
}

/// Why a text is no change window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{part}\" is not a time of the week; write it like Mon-Fri 09:00-17:00")]
pub struct InvalidWindow {
    /// What cannot be read.
    pub part: String,
}

impl ChangeWindow {
    /// Reads a window: days and hours, several parted by `;`.
    ///
    /// # Errors
    /// [`InvalidWindow`] with the part that cannot be read.
    pub fn parse(text: &str) -> Result<Self, InvalidWindow> {
        let parts = text.split(';').map(str::trim);
        let hours = parts.map(|part| {
            hours(part).ok_or_else(|| InvalidWindow {
                part: part.to_owned(),
            })
        });
        hours.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a moment, in the team's time, lies in it.
    pub fn contains(&self, at: NaiveDateTime) -> bool {
        let time = at.time().with_nanosecond(0).unwrap_or_else(|| at.time());
        self.0.iter().any(|hours| {
            let days = hours.first.days_since(Weekday::Mon)..=hours.last.days_since(Weekday::Mon);
            let until_midnight = hours.to == NaiveTime::MIN;
            days.contains(&at.weekday().days_since(Weekday::Mon))
                && time >= hours.from
                && (until_midnight || time < hours.to)
        })
    }
}

fn hours(text: &str) -> Option<Hours> {
    let (days, times) = text.split_once(' ')?;
    let (first, last) = days.split_once('-').unwrap_or((days, days));
    let (from, to) = times.trim().split_once('-')?;
    let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
    let to = match to.trim() {
        "24:00" => NaiveTime::MIN,
        to => time(to)?,
    };
    let hours = Hours {
        first: first.trim().parse().ok()?,
        last: last.trim().parse().ok()?,
        from: time(from)?,
        to,
    };
    let in_order = hours.first.days_since(Weekday::Mon) <= hours.last.days_since(Weekday::Mon);
    let lasts = hours.to == NaiveTime::MIN || hours.from < hours.to;
    (in_order && lasts).then_some(hours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn at(day: u32, hour: u32, minute: u32) -> NaiveDateTime {
        // 23 November 2026 is a Monday.
        NaiveDate::from_ymd_opt(2026, 11, day)
            .and_then(|date| date.and_hms_opt(hour, minute, 59))
            .unwrap()
    }

    #[test]
    fn a_moment_lies_in_it_or_not() {
        let window = ChangeWindow::parse("Mon-Fri 09:00-17:00; Sat 22:00-24:00").unwrap();
        for (moment, inside) in [
            (at(23, 9, 0), true),
            (at(23, 8, 59), false),
            (at(27, 16, 59), true),
            (at(27, 17, 0), false),
            (at(28, 21, 59), false),
            (at(28, 22, 0), true),
            (at(28, 23, 59), true),
            (at(29, 10, 0), false),
        ] {
            assert_eq!(window.contains(moment), inside, "{moment}");
        }
        assert!(
            ChangeWindow::parse("sunday 00:00-24:00")
                .unwrap()
                .contains(at(29, 0, 0))
        );
    }

    #[test]
    fn what_is_no_window_is_named() {
        for bad in [
            "",
            "Mon",
            "Mon 9-17",
            "Fri-Mon 09:00-17:00",
            "Mon 17:00-09:00",
            "Mon 09:00-09:00",
            "Mon-Fri 09:00-25:00",
            "Noday 09:00-17:00",
            "Mon-Fri 09:00-17:00;",
        ] {
            let error = ChangeWindow::parse(bad).unwrap_err();
            assert!(bad.contains(&error.part), "{bad}: {error}");
        }
    }
}
