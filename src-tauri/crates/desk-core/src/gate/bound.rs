//! What a count of failures says about the true rate: exact binomial bounds (Clopper–Pearson), one-sided, 95 %.

use statrs::function::beta::beta_reg;

/// How sure a bound is: it is wrong in at most 5 of 100 cases.
const DOUBT: f64 = 0.05;

/// More requests than anybody will make on purpose; where more would be needed, no number is given.
const OUT_OF_REACH: u64 = 1_000_000_000;

/// The highest true rate at which as few failures as these would still be seen in 5 of 100 cases. 1 without requests.
///
/// `failures` beyond `count` are taken as `count`.
pub fn highest_rate(failures: u64, count: u64) -> f64 {
    if failures >= count {
        return 1.0;
    }
    let clean = count - failures;
    // Of count requests at rate p, at most `failures` fail with probability I(1 - p; clean, failures + 1).
    solve(|rate| beta_reg(float(clean), float(failures) + 1.0, 1.0 - rate) > DOUBT)
}

/// The lowest true rate at which as many failures as these would still be seen in 5 of 100 cases. 0 without failures.
///
/// `failures` beyond `count` are taken as `count`.
pub fn lowest_rate(failures: u64, count: u64) -> f64 {
    let failures = failures.min(count);
    if failures == 0 {
        return 0.0;
    }
    let clean = count - failures;
    // Of count requests at rate p, at least `failures` fail with probability I(p; failures, clean + 1).
    solve(|rate| beta_reg(float(failures), float(clean) + 1.0, rate) < DOUBT)
}

/// How many more requests, all of them clean, would show that the true rate is under `threshold`: 0 if these do already,
/// none if they are out of reach.
pub fn clean_needed(failures: u64, count: u64, threshold: f64) -> Option<u64> {
    let shows = |more: u64| highest_rate(failures, count + more) < threshold;
    if shows(0) {
        return Some(0);
    }
    let mut too_few = 0;
    let mut enough = 1;
    while !shows(enough) {
        too_few = enough;
        enough *= 2;
        if enough > OUT_OF_REACH {
            return None;
        }
    }
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        if shows(middle) {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    Some(enough)
}

/// The rate up to which `below` holds, to the last bit that bisection can tell apart.
fn solve(below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return high;
        }
        if below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 requests are out of reach")]
const fn float(count: u64) -> f64 {
    count as f64
}
