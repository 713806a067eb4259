use super::*;
use chrono_tz::{America, Asia, Australia, Europe};
use moment::{MomentError, read, typed, written};

#[test]
fn a_moment_reads_the_same_everywhere_and_back() {
    let winter = 1_795_611_751_250; // 25 Nov 2026, 13:02:31.250 UTC
    let summer = 1_782_997_320_000; // 2 Jul 2026, 13:02 UTC
    for (at_ms, zone, text) in [
        (winter, Europe::Vienna, "25 Nov 2026, 14:02 CET (Europe/Vienna)"),
        (summer, Europe::Vienna, "2 Jul 2026, 15:02 CEST (Europe/Vienna)"),
        (
            winter,
            America::New_York,
            "25 Nov 2026, 08:02 EST (America/New_York)",
        ),
        (winter, Asia::Kolkata, "25 Nov 2026, 18:32 IST (Asia/Kolkata)"),
        (
            winter,
            Australia::Lord_Howe,
            "26 Nov 2026, 00:02 UTC+11 (Australia/Lord_Howe)",
        ),
        (
            winter,
            America::Sao_Paulo,
            "25 Nov 2026, 10:02 UTC-03 (America/Sao_Paulo)",
        ),
        (winter, chrono_tz::UTC, "25 Nov 2026, 13:02 UTC (UTC)"),
    ] {
        assert_eq!(written(at_ms, zone).as_deref(), Some(text));
        assert_eq!(read(text), Some(at_ms - at_ms.rem_euclid(60_000)), "{text}");
    }
    assert_eq!(written(i64::MAX, Europe::Vienna), None);
    assert_eq!(written(i64::MIN, Europe::Vienna), None);
}

#[test]
fn the_hour_that_comes_twice_is_told_apart_and_the_one_that_is_skipped_is_no_time() {
    let first = 1_792_888_200_000; // 25 Oct 2026, 00:30 UTC
    let hour = 3_600_000;
    let vienna = |at_ms| written(at_ms, VIENNA).unwrap();
    assert_eq!(vienna(first), "25 Oct 2026, 02:30 CEST (Europe/Vienna)");
    assert_eq!(vienna(first + hour), "25 Oct 2026, 02:30 CET (Europe/Vienna)");
    for at_ms in [first, first + hour] {
        assert_eq!(read(&vienna(at_ms)), Some(at_ms));
        assert_eq!(typed(&vienna(at_ms), Asia::Kolkata), Ok(at_ms));
    }
    assert_eq!(typed("2026-10-25 02:30", VIENNA), Err(MomentError::Twice));
    assert_eq!(typed("2026-03-29 02:30", VIENNA), Err(MomentError::Skipped));
    assert_eq!(typed(" 2026-10-25T03:30 ", VIENNA), Ok(first + 2 * hour));
    for text in ["", "soon", "14:02", "25.10.2026 02:30", "2026-13-01 10:00"] {
        assert_eq!(typed(text, VIENNA), Err(MomentError::Unreadable), "{text:?}");
    }
    for text in [
        "29 Mar 2026, 02:30 CET (Europe/Vienna)",
        "25 Nov 2026, 14:02 CEST (Europe/Vienna)",
        "25 nov 2026, 14:02 CET (Europe/Vienna)",
        "025 Nov 2026, 14:02 CET (Europe/Vienna)",
        "25 Nov 2026, 14:02 CET (Europe/Wien)",
        "25 Nov 2026, 14:02 CET",
        ":",
        "é:é",
    ] {
        assert_eq!(read(text), None, "{text:?}");
    }
}

#[test]
fn the_first_moment_of_a_text_is_found_where_it_stands() {
    let text = "In May we say: é `1 May 2026, 09:00 CEST (Europe/Vienna)`, then 2 May 2026, 09:00 CEST (Europe/Vienna)";
    let (range, at_ms) = moment::first_in(text).unwrap();
    assert_eq!(&text[range], "1 May 2026, 09:00 CEST (Europe/Vienna)");
    assert_eq!(at_ms, at("2026-05-01 09:00", VIENNA));
    assert_eq!(moment::first_in(" May )"), None);
}
