//! Each fault makes the right step fail, with the right label.

use super::*;
use desk_practice::{Options, fault_catalogue};
use std::time::Duration;

/// A fault, the phase, the step that must fail with its label, and one that must be blocked by it.
struct Case {
    fault: &'static str,
    phase: Phase,
    step: &'static str,
    label: &'static str,
    blocked: Option<&'static str>,
}

const CASES: [Case; 12] = [
    Case {
        fault: "error-500=100%@library.items.list",
        phase: Phase::ReadOnly,
        step: "phase1-catalog/list",
        label: "app",
        blocked: Some("phase1-catalog/detail"),
    },
    Case {
        fault: "malformed@library.discovery.get",
        phase: Phase::ReadOnly,
        step: "phase1-catalog/discovery",
        label: "app",
        blocked: None,
    },
    Case {
        fault: "truncated@library.discovery.get",
        phase: Phase::ReadOnly,
        step: "phase1-catalog/discovery",
        label: "network",
        blocked: None,
    },
    Case {
        fault: "html@library.items.get",
        phase: Phase::ReadOnly,
        step: "phase1-catalog/detail",
        label: "network",
        blocked: None,
    },
    Case {
        fault: "drop@library.discovery.get",
        phase: Phase::ReadOnly,
        step: "phase1-catalog/discovery",
        label: "network",
        blocked: None,
    },
    Case {
        fault: "timeout-before@library.loans.listMine",
        phase: Phase::MemberWrites,
        step: "phase2-borrow-return/list-mine",
        label: "network",
        blocked: None,
    },
    Case {
        fault: "timeout-after@library.loans.checkIn*1",
        phase: Phase::MemberWrites,
        step: "phase2-borrow-return/return",
        label: "network",
        blocked: None,
    },
    Case {
        fault: "drop-after@library.readingStatus.upsert",
        phase: Phase::MemberWrites,
        step: "phase2-feedback/reading-status",
        label: "network",
        blocked: None,
    },
    Case {
        fault: "error-500=100%@library.tags.merge",
        phase: Phase::AdminFull,
        step: "phase3-moderation/staff-smoke/merge",
        label: "app",
        blocked: None,
    },
    Case {
        fault: "drop-after@library.loans.markLost",
        phase: Phase::AdminFull,
        step: "phase3-lost-fee/admin-smoke/lost",
        label: "network",
        blocked: Some("phase3-lost-fee/admin-smoke/fee"),
    },
    Case {
        fault: "expired-token=member-smoke",
        phase: Phase::MemberWrites,
        step: "portal-phase/member-smoke/before",
        label: "identity",
        blocked: Some("phase2-borrow-return/borrow"),
    },
    Case {
        fault: "timeout-before@library.rollout.get",
        phase: Phase::AdminFull,
        step: "portal-phase/staff-smoke/before",
        label: "network",
        blocked: Some("phase3-items/staff-smoke/create"),
    },
];

#[tokio::test]
async fn each_fault_fails_the_right_step_with_the_right_label() {
    let bench = Bench::start().await.impatient();
    let desk = on_portal(&bench, EnvironmentKindView::Staging, Phase::ReadOnly).await;
    for case in CASES {
        bench.faults(&[]);
        bench.somebody_sets("staff-smoke", case.phase, None).await;
        bench.faults(&[case.fault]);
        let report = run(&desk, case.phase).await;
        assert!(!report.proven, "{}", case.fault);
        let failed: Vec<_> = report
            .steps()
            .filter(|step| step.state == SmokeStepState::Fail)
            .collect();
        // A check-in that may be either of two is whichever came first.
        let found = if case.fault.ends_with("*1") {
            failed.first().copied().unwrap()
        } else {
            step(&report, case.step)
        };
        assert_eq!(
            (found.state, found.label.as_deref()),
            (SmokeStepState::Fail, Some(case.label)),
            "{}: {}",
            case.fault,
            found.found
        );
        assert!(found.meaning.is_some());
        assert!(found.support_code.is_some());
        assert!(
            failed
                .iter()
                .all(|step| step.label.as_deref() == Some(case.label)),
            "{}: {:?}",
            case.fault,
            unpassed(&report)
        );
        if let Some(blocked) = case.blocked {
            assert_eq!(
                step(&report, blocked).state,
                SmokeStepState::Blocked,
                "{}",
                case.fault
            );
        }
    }
}

#[test]
fn no_kind_of_fault_is_forgotten() {
    // These fail no step, or describe the portal: each has a test of its own below.
    let mut tried = vec!["latency", "rate-limited", "revoked-staff", "outdated-instance"];
    tried.extend(CASES.iter().map(|case| {
        let end = case.fault.find(['=', '@', '*']).unwrap_or(case.fault.len());
        &case.fault[..end]
    }));
    for kind in fault_catalogue() {
        assert!(tried.contains(&kind.kind), "{}", kind.kind);
    }
}

#[tokio::test]
async fn slow_answers_fail_nothing() {
    let bench = Bench::start().await;
    let desk = on_portal(&bench, EnvironmentKindView::Staging, Phase::AdminFull).await;
    bench.faults(&["latency=40"]);
    let report = run(&desk, Phase::AdminFull).await;
    assert!(report.proven, "{:?}", unpassed(&report));
}

#[tokio::test]
async fn a_rate_limit_is_waited_for_and_fails_nothing() {
    let bench = Bench::start().await;
    let desk = on_portal(&bench, EnvironmentKindView::Staging, Phase::MemberWrites).await;
    bench.faults(&["rate-limited@library.loans.checkout*1"]);
    let report = run(&desk, Phase::MemberWrites).await;
    assert!(unpassed(&report).is_empty(), "{:?}", unpassed(&report));
}

#[tokio::test]
async fn staff_who_lost_their_claim_are_found() {
    let bench = Bench::start().await;
    let desk = on_portal(&bench, EnvironmentKindView::Staging, Phase::ReadOnly).await;
    drop(desk);
    bench.nobody_is_there().await;
    bench.faults(&["revoked-staff=staff-smoke"]);
    let desk = bench.open().await;
    let report = run(&desk, Phase::ReadOnly).await;
    let hello = step(&report, "phase1-staff-reads/hello");
    assert_eq!(
        (hello.state, hello.label.as_deref()),
        (SmokeStepState::Fail, Some("access"))
    );
}

#[tokio::test]
async fn an_outdated_server_is_noticed_whichever_way_it_is_behind() {
    for (before, after) in [
        (Phase::ReadOnly, Phase::MemberWrites),
        (Phase::MemberWrites, Phase::ReadOnly),
        (Phase::MemberWrites, Phase::AdminFull),
    ] {
        let options = Options {
            instances: 2,
            phase_cache: Duration::ZERO,
            ..Options::default()
        };
        let bench = Bench::start_with(options).await;
        let desk = on_portal(&bench, EnvironmentKindView::Staging, before).await;
        // Both have read the phase; the second will never read it again.
        for _ in 0..2 {
            bench.read_as("operator").await;
        }
        bench.faults(&["outdated-instance=1"]);
        bench.somebody_sets("operator", after, None).await;
        let report = run(&desk, after).await;
        assert!(report.disagreeing > 0);
        assert!(!report.proven);
        assert!(
            report.sentence.contains("told another phase"),
            "{}",
            report.sentence
        );
        let failed: Vec<_> = report
            .steps()
            .filter(|step| step.state == SmokeStepState::Fail)
            .collect();
        assert!(!failed.is_empty());
        for step in failed {
            assert_eq!(
                step.label.as_deref(),
                Some("access"),
                "{}: {}",
                step.id,
                step.found
            );
        }
    }
}
