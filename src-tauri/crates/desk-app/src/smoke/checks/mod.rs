//! The checks that the desk can make, found by their ids in the runbook.

mod phase1;
mod phase2;
mod phase3;

use super::step::{Account, Question, Step};
use desk_core::{
    EnvironmentKind, Phase, Role, Runbook,
    runbook::Check,
    smoke::{Left, Settled, Thing},
};
use desk_store::LeftRow;
use std::collections::BTreeMap;

/// The steps that see to it that the portal is in the phase meant, for each account.
pub(crate) const PHASE_CHECK: &str = "portal-phase";

/// The title of everything that the checklist makes in a portal.
const TITLE: &str = "Smoke check by the studio's staff, please ignore";

/// What a plan is made for.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub(crate) kind: EnvironmentKind,
    pub(crate) phase: Phase,
    /// Marks everything this run makes: 12 of `0-9`, `a-f`.
    pub(crate) mark: String,
    /// The item to borrow, when one is set.
    pub(crate) item: Option<String>,
    pub(crate) earlier: Earlier,
}

/// What earlier runs left for good, and this one uses again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Earlier {
    /// The member's review: its item and its id.
    review: Option<(String, String)>,
    /// Each account's recommendation.
    recommendations: BTreeMap<Role, String>,
    /// The items for which the member's tag is suggested.
    suggested: Vec<String>,
}

impl Earlier {
    /// What the ledger says of earlier runs.
    pub(crate) fn from_ledger(rows: &[LeftRow]) -> Self {
        let mut earlier = Self::default();
        for row in rows {
            let Left { role, thing } = &row.left;
            let known = match &row.settled {
                Some(Settled::Kept { id, .. }) => id.clone(),
                _ => None,
            };
            match (thing, known) {
                (Thing::Review { item_id, .. }, Some(id)) => earlier.review = Some((item_id.clone(), id)),
                (Thing::Recommendation { .. }, Some(id)) => {
                    earlier.recommendations.insert(*role, id);
                }
                (Thing::TagSuggestion { item_id, tag }, _) if tag == phase2::TAG => {
                    earlier.suggested.push(item_id.clone());
                }
                _ => {}
            }
        }
        earlier
    }
}

/// The steps and questions of a phase, in an order in which each comes after those it waits for.
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) questions: Vec<Question>,
}

/// Whether a check changes something in the portal, so that it asks before it does in a live one.
pub(crate) fn is_destructive(check: &str) -> bool {
    matches!(
        check,
        "phase2-borrow-return"
            | "phase2-feedback"
            | "phase2-conflicts"
            | "phase3-items"
            | "phase3-isbn"
            | "phase3-moderation"
            | "phase3-lost-fee"
    )
}

/// The plan for the ground's phase. A check without automation is a question for a person.
pub(crate) fn plan(runbook: &Runbook, ground: &Ground) -> Plan {
    let mut made = Vec::new();
    let mut questions = Vec::new();
    for check in runbook.checks_of(ground.phase) {
        let automated = automation(check, ground);
        match (&check.attestation, automated.is_empty()) {
            (Some(words), _) => questions.push(Question::new(&check.id, words)),
            (None, true) => questions.push(Question::new(&check.id, &check.words)),
            (None, false) => {}
        }
        made.extend(automated);
    }
    Plan {
        steps: between_readings(made, ground.phase),
        questions,
    }
}

/// The steps that borrow a title and return it, as the member.
pub(crate) fn borrow_and_return(kind: EnvironmentKind, mark: &str) -> Vec<Step> {
    let ground = Ground {
        kind,
        phase: Phase::MemberWrites,
        mark: mark.to_owned(),
        item: None,
        earlier: Earlier::default(),
    };
    phase2::borrow_return("phase2-borrow-return", &ground)
}

/// The questions of a phase's checks.
pub(crate) fn questions(runbook: &Runbook, phase: Phase, kind: EnvironmentKind) -> Vec<Question> {
    let ground = Ground {
        kind,
        phase,
        mark: String::new(),
        item: None,
        earlier: Earlier::default(),
    };
    plan(runbook, &ground).questions
}

fn automation(check: &Check, ground: &Ground) -> Vec<Step> {
    let accounts: Vec<Account> = check.identities.iter().copied().map(Account::from).collect();
    let id = check.id.as_str();
    match id {
        "phase1-catalog" => each(&accounts, |account| phase1::catalog(id, account)),
        "phase1-writes-paused" => each(&accounts, |account| phase1::writes_paused(id, account)),
        "phase1-staff-reads" => each(&accounts, |account| phase1::staff_reads(id, account)),
        "phase1-no-anonymous" => phase1::no_anonymous(id),
        "phase2-borrow-return" => phase2::borrow_return(id, ground),
        "phase2-feedback" => phase2::feedback(id, ground),
        "phase2-conflicts" => phase2::conflicts(id, ground),
        "phase2-staff-routes-blocked" => each(&accounts, |account| phase2::staff_routes_blocked(id, account)),
        "phase3-items" => roles(&accounts, |role| phase3::items(id, role, ground)),
        "phase3-isbn" => roles(&accounts, |role| phase3::isbn(id, role, ground)),
        "phase3-moderation" => roles(&accounts, |role| phase3::moderation(id, role, ground)),
        "phase3-lost-fee" => roles(&accounts, |role| phase3::lost_fee(id, role, ground)),
        _ => Vec::new(),
    }
}

fn each(accounts: &[Account], make: impl Fn(Account) -> Vec<Step>) -> Vec<Step> {
    accounts.iter().flat_map(|&account| make(account)).collect()
}

fn roles(accounts: &[Account], make: impl Fn(Role) -> Vec<Step>) -> Vec<Step> {
    let roles = accounts.iter().filter_map(|account| match account {
        Account::Role(role) => Some(*role),
        _ => None,
    });
    roles.flat_map(make).collect()
}

/// Each account that signs in reads the phase before its first step and after its last, so that nothing is written
/// into a portal that is in another phase, and a change during the run is noticed.
fn between_readings(mut made: Vec<Step>, phase: Phase) -> Vec<Step> {
    let mut accounts: Vec<Account> = made.iter().map(|step| step.account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts.retain(|account| account.signs_in());
    let mut steps: Vec<Step> = accounts
        .iter()
        .map(|&account| Step::reads_phase(PHASE_CHECK, "before", account, phase))
        .collect();
    for step in &mut made {
        if step.account.signs_in() {
            step.needs
                .push(format!("{PHASE_CHECK}/{}/before", step.account.word()));
        }
    }
    let after: Vec<Step> = accounts
        .iter()
        .map(|&account| {
            let before = format!("{}/before", account.word());
            let mut step = Step::reads_phase(PHASE_CHECK, "after", account, phase).needs(&[&before]);
            step.follows = made
                .iter()
                .filter(|made| made.account == account)
                .map(|made| made.id.clone())
                .collect();
            step
        })
        .collect();
    steps.extend(made);
    steps.extend(after);
    steps
}
