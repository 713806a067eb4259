//! Everything that can go wrong, at every step: what the portal ends in, what the journal says, what the exit status is.
//!
//! A cell is a step and a fault. Whatever the cell, the portal ends in the phase asked for, or the desk says that it does
//! not.

use super::*;
use crate::support::until;
use desk_app::{Code, rollback::view::RollbackEnd};
use desk_core::PhaseState;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// A fault of the practice portal, once, on the step's own route.
    Once(&'static str),
    /// The setter's next token is refused, and the one after holds no staff claim.
    StaffClaimGone,
    /// Nothing comes through for twenty seconds.
    Down,
    /// Somebody else saves another phase.
    Moved,
    /// The program is killed, and the desk is started again.
    Killed,
    /// The clock of the machine is set forward by an hour.
    ClockJump,
}

const FAULTS: [Fault; 12] = [
    Fault::Once("timeout-before"),
    Fault::Once("timeout-after"),
    Fault::Once("error-500=100%"),
    Fault::Once("drop"),
    Fault::Once("malformed"),
    Fault::Once("rate-limited"),
    Fault::Once("expired-token=operator"),
    Fault::StaffClaimGone,
    Fault::Down,
    Fault::Moved,
    Fault::Killed,
    Fault::ClockJump,
];

/// Where a fault of the portal bites at a step; none where the step asks nothing of the portal.
fn route(step: Step) -> Option<&'static str> {
    match step {
        Step::SetPhase | Step::Restore => Some("library.rollout.set"),
        Step::Snapshot => Some("library.rollout.get"),
        Step::Verify => Some("library.loans.checkout"),
        _ => None,
    }
}

/// What must come of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Must {
    /// It goes through by itself.
    GoThrough,
    /// The account may not: another is offered, and with that it goes through.
    AskForAnotherAccount,
    /// Somebody else's save is shown and stands until a person says otherwise.
    ShowTheMove,
}

fn must(step: Step, fault: Fault) -> Must {
    match (step, fault) {
        (Step::SetPhase, Fault::StaffClaimGone) => Must::AskForAnotherAccount,
        // Once it is proven and settled, nobody is asked any more.
        (Step::Announce | Step::Record, _) => Must::GoThrough,
        (_, Fault::Moved) => Must::ShowTheMove,
        _ => Must::GoThrough,
    }
}

/// A cell while it is played.
struct Cell {
    bench: Bench,
    desk: Desk,
    step: Step,
    fault: Fault,
    theirs: Option<PhaseState>,
    time: Option<Running>,
}

impl Cell {
    async fn new(step: Step, fault: Fault) -> Self {
        let bench = if (step, fault) == (Step::Restore, Fault::Moved) {
            patient_portal(1).await
        } else {
            portal(1).await
        };
        let desk = desk_in(&bench, Phase::AdminFull).await;
        Self {
            bench,
            desk,
            step,
            fault,
            theirs: None,
            time: None,
        }
    }

    fn words(&self) -> String {
        format!("{:?} at {}", self.fault, self.step.id())
    }

    /// Whether it is switched on before the step begins: what bites at the step's own request, or at the very first.
    fn is_laid_before(&self) -> bool {
        match self.fault {
            Fault::Once(_) => route(self.step).is_some(),
            _ => self.step == Step::SetPhase,
        }
    }

    /// Switches on what the portal does wrong.
    fn lay(&self) {
        let route = route(self.step).map_or_else(String::new, |route| format!("@{route}"));
        match self.fault {
            Fault::Once(fault) => self.bench.faults(&[&format!("{fault}{route}*1")]),
            Fault::StaffClaimGone => self
                .bench
                .faults(&["revoked-staff=operator", "expired-token=operator*1"]),
            Fault::Down => self.bench.faults(&["drop"]),
            Fault::Moved | Fault::Killed | Fault::ClockJump => {}
        }
    }

    /// Does what happens beside the portal's answers, and lets the time pass that it lasts.
    async fn strike(&mut self) {
        match self.fault {
            Fault::Once(_) | Fault::StaffClaimGone => {}
            Fault::Down => {
                let until_ms = self.desk.now_ms() + 20_000;
                while self.desk.now_ms() < until_ms {
                    self.bench.pass(Duration::from_secs(1));
                    self.desk.ask_now();
                    tokio::task::yield_now().await;
                }
                self.bench.faults(&[]);
            }
            Fault::Moved => {
                self.bench.pass(Duration::from_secs(4));
                let theirs = self
                    .bench
                    .somebody_sets("staff-smoke", Phase::AdminFull, Some("theirs"))
                    .await;
                self.theirs = Some(theirs);
            }
            Fault::Killed => self.start_again().await,
            Fault::ClockJump => self.bench.set_clock_by(3_600_000),
        }
    }

    /// Carries it on, through a kill where that is the fault, until a person is needed.
    async fn carry_on(&mut self) -> RollbackView {
        if self.is_laid_before() {
            self.lay();
        }
        if (self.step, self.fault) == (Step::SetPhase, Fault::Moved) {
            // Theirs comes between the decision and the reading before the save.
            self.strike().await;
            self.hurry();
            return self.desk.carry_on_rollback().await.unwrap();
        }
        let carrying = self.desk.clone();
        let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
        until_begun(&self.desk, self.step).await;
        if self.fault == Fault::Killed {
            carrying.abort();
            assert!(carrying.await.is_err() || self.step == Step::Note);
            self.start_again().await;
            self.hurry();
            return self.desk.carry_on_rollback().await.unwrap();
        }
        if !self.is_laid_before() {
            self.lay();
        }
        self.strike().await;
        self.hurry();
        carrying.await.unwrap().unwrap()
    }

    /// A desk on what the one that was killed left.
    async fn start_again(&mut self) {
        self.time = None;
        // Another bench's desk for the moment in which there is none.
        let elsewhere = tempfile::tempdir().unwrap();
        let none = Desk::open(desk_app::DeskOptions {
            data_dir: elsewhere.path().to_owned(),
            ..self.bench.options()
        });
        drop(std::mem::replace(&mut self.desk, none.await.unwrap()));
        self.bench.nobody_is_there().await;
        self.desk = self.bench.open().await;
    }

    fn hurry(&mut self) {
        self.time = Some(second_by_second(&self.bench, &self.desk));
    }
}

/// Plays a cell, and says what came of it.
async fn play(step: Step, fault: Fault) {
    let mut cell = Cell::new(step, fault).await;
    let words = cell.words();
    // Where a cell hangs, the test's output ends with it.
    println!("{words}");
    if step == Step::Trigger {
        cell.lay();
    }
    cell.desk.open_rollback(&wanted()).await.unwrap();
    let view = match step {
        Step::Trigger => {
            cell.strike().await;
            cell.bench.faults(&[]);
            cell.hurry();
            cell.desk.carry_on_rollback().await.unwrap()
        }
        Step::Announce | Step::Record => {
            cell.hurry();
            let view = cell.desk.carry_on_rollback().await.unwrap();
            assert_eq!(progress(&view, "announce"), RollbackProgress::Person, "{words}");
            cell.time = None;
            if step == Step::Record {
                announced(&cell.desk).await;
            }
            cell.lay();
            cell.strike().await;
            cell.desk.carry_on_rollback().await.unwrap()
        }
        _ => cell.carry_on().await,
    };
    // What did not bite must not bite those who look.
    if !matches!(fault, Fault::StaffClaimGone) {
        cell.bench.faults(&[]);
    }

    match must(step, fault) {
        Must::GoThrough => {}
        Must::AskForAnotherAccount => {
            let failed = view.steps.iter().find(|one| one.id == "set-phase").unwrap();
            assert_eq!(failed.progress, RollbackProgress::Failed, "{words}");
            assert!(failed.found.contains("operator"), "{words}: {}", failed.found);
            assert_eq!(view.other_accounts, ["staff-smoke", "admin-smoke"], "{words}");
            assert_eq!(view.end(), RollbackEnd::No, "{words}");
            assert_eq!(
                cell.bench.read_as("staff-smoke").await.phase,
                Phase::AdminFull,
                "{words}"
            );
            let choice = RollbackChoice::UseAccount {
                role: "staff-smoke".to_owned(),
            };
            cell.desk.decide_rollback(&choice).await.unwrap();
            cell.desk.carry_on_rollback().await.unwrap();
        }
        Must::ShowTheMove => {
            let theirs = cell.theirs.as_ref().unwrap();
            assert_eq!(
                cell.bench.read_as("operator").await,
                *theirs,
                "{words}: theirs stands"
            );
            let moved = view
                .moved
                .as_ref()
                .unwrap_or_else(|| panic!("{words}: {view:#?}"));
            assert_eq!(moved.note, theirs.note, "{words}");
            assert_eq!(view.end(), RollbackEnd::No, "{words}");
            cell.desk.decide_rollback(&RollbackChoice::GoOn).await.unwrap();
            cell.desk.carry_on_rollback().await.unwrap();
        }
    }
    let view = cell.desk.rollback_view().await.unwrap();
    if view.closed_at_ms.is_none() {
        announced(&cell.desk).await;
        cell.desk.carry_on_rollback().await.unwrap();
    }
    let view = cell.desk.rollback_view().await.unwrap();
    assert!(view.closed_at_ms.is_some(), "{words}: {view:#?}");
    assert_eq!(view.end(), RollbackEnd::Yes, "{words}: {view:#?}");

    if cell.theirs.is_none() || must(step, fault) == Must::ShowTheMove {
        assert_eq!(
            cell.bench.read_as("staff-smoke").await.phase,
            Phase::MemberWrites,
            "{words}"
        );
    }
    let told = told(&cell.bench.journal().await);
    let sent = told.iter().filter(|one| one.starts_with("sending")).count();
    assert!(
        place(&told, "> set-phase") < place(&told, "sending 1 as operator"),
        "{words}: {told:#?}"
    );
    assert!(place(&told, "verified") < place(&told, "settled"), "{words}");
    // However the clock was set meanwhile.
    let between = |from, to| {
        taken(&view, to)
            .zip(taken(&view, from))
            .map(|(to, from)| to - from)
    };
    let proof_took = between(RollbackSplit::Verified, RollbackSplit::Settled).unwrap();
    assert!(proof_took >= 5_000, "{words}: settled after {proof_took} ms");
    assert_eq!(
        told.last().map(String::as_str),
        Some("closed"),
        "{words}: {told:#?}"
    );
    let once = match (step, fault) {
        // Found to have arrived although no answer came, or never needed a second time.
        (Step::SetPhase, Fault::Once("timeout-after" | "malformed" | "expired-token=operator")) => Some(1),
        (Step::SetPhase, Fault::Once(_)) => Some(2),
        (Step::SetPhase, _) | (_, Fault::Moved | Fault::Down) => None,
        _ => Some(1),
    };
    if let Some(once) = once {
        assert_eq!(sent, once, "{words}: {told:#?}");
    }
    if fault == Fault::ClockJump && step != Step::Trigger {
        assert!(told.contains(&"clock 3600000".to_owned()), "{words}: {told:#?}");
    }
}

macro_rules! steps {
    ($($name:ident: $step:expr,)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                for fault in FAULTS {
                    play($step, fault).await;
                }
            }
        )*
    };
}

steps! {
    at_the_trigger: Step::Trigger,
    at_setting_the_phase: Step::SetPhase,
    at_the_note: Step::Note,
    at_the_snapshot: Step::Snapshot,
    at_the_proof: Step::Verify,
    at_the_announcement: Step::Announce,
    at_the_record: Step::Record,
}

#[tokio::test]
async fn at_putting_back_after_a_drill() {
    for fault in FAULTS {
        let mut cell = Cell::new(Step::Restore, fault).await;
        let words = cell.words();
        let request = DrillRequest {
            until_verified: true,
            ..drill()
        };
        cell.desk.open_drill(&request).await.unwrap();
        let carrying = cell.desk.clone();
        let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
        until_begun(&cell.desk, Step::Verify).await;
        if fault == Fault::Moved {
            // Theirs comes while the proof that it is back takes its time.
            cell.bench.faults(&["latency=3000@library.items.list"]);
            until_begun(&cell.desk, Step::Restore).await;
            while cell.bench.read_as("staff-smoke").await.phase != Phase::AdminFull {}
        } else {
            cell.lay();
        }
        if fault == Fault::Killed {
            until_begun(&cell.desk, Step::Restore).await;
            carrying.abort();
            drop(carrying.await);
            cell.start_again().await;
            cell.hurry();
            cell.desk.finish_cut_off_drill().await.unwrap().unwrap();
        } else {
            cell.strike().await;
            if fault == Fault::Moved {
                cell.bench.faults(&[]);
            }
            cell.hurry();
            carrying.await.unwrap().unwrap();
        }
        let report = cell.desk.drill_report().await.unwrap();
        let left = cell.bench.read_as("staff-smoke").await;
        if fault == Fault::Moved {
            assert_eq!(&left, cell.theirs.as_ref().unwrap(), "{words}: theirs stands");
        } else if fault == Fault::StaffClaimGone && left.phase != Phase::AdminFull {
            // The operator may no longer put it back: the desk says so.
            assert_ne!(report.status, "passed", "{words}");
            assert!(report.message.contains("NOT back"), "{words}: {}", report.message);
        } else {
            assert_eq!(
                (left.phase, left.note.as_deref()),
                (Phase::AdminFull, Some("as it was found")),
                "{words}: {report:#?}"
            );
            assert_eq!(
                report.restored_phase.as_deref(),
                Some(Phase::AdminFull.wire()),
                "{words}"
            );
        }
    }
}

#[tokio::test]
async fn an_account_that_lost_its_claim_is_seen_by_the_proof() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    desk.open_rollback(&wanted()).await.unwrap();
    bench.faults(&["revoked-staff=staff-smoke", "expired-token=staff-smoke*1"]);
    let carrying = desk.clone();
    let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
    let view = until(&desk, "a probe that fails", |view| {
        view.rollback
            .as_ref()
            .is_some_and(|rollback| rollback.answers.failed > 0)
    })
    .await;
    let rollback = view.rollback.unwrap();
    assert_eq!(taken(&rollback, RollbackSplit::Settled), None);
    assert!(
        rollback.standing.contains("without the answer that must come"),
        "{}",
        rollback.standing
    );
    let stop = RollbackChoice::Stop {
        reason: "recovered by hand".to_owned(),
    };
    desk.decide_rollback(&stop).await.unwrap();
    let view = carrying.await.unwrap().unwrap();
    assert_eq!(view.end(), RollbackEnd::No);
    assert_eq!(
        desk.carry_on_rollback().await.unwrap_err().code,
        Code::NotFound,
        "it is closed"
    );
}
