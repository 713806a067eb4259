//! Numbers as people read them.

/// A share as a percentage: one decimal, or as many as keep a small one from reading as none, and one next to a limit
/// from reading as the limit.
pub(super) fn percent(share: f64, limit: Option<f64>) -> String {
    let written = |share: f64, decimals: usize| format!("{:.decimals$}", share * 100.0);
    let misleading = |decimals: usize| {
        let shown = written(share, decimals);
        let reads_as_none = share > 0.0 && shown == written(0.0, decimals);
        let reads_as_limit = limit
            .is_some_and(|limit| (share - limit).abs() > f64::EPSILON && shown == written(limit, decimals));
        reads_as_none || reads_as_limit
    };
    let decimals = (1..6).find(|decimals| !misleading(*decimals)).unwrap_or(6);
    format!("{} %", written(share, decimals))
}

/// A limit as the runbook's author thinks of it: `2 %`, `0.5 %`.
pub(super) fn limit(share: f64) -> String {
    let written = format!("{:.4}", share * 100.0);
    format!("{} %", written.trim_end_matches('0').trim_end_matches('.'))
}

/// `1 failure`, `2 failures`.
pub(super) fn counted(count: u64, one: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {one}s")
    }
}

/// A span of time, rounded down: `12 s`, `6 min`, `3 h 20 min`.
pub(super) fn span(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
