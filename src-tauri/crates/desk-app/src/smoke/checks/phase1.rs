//! Phase 1: members read, nobody writes, nobody without an account sees anything.

use crate::smoke::step::{Account, Misfit, Refusal, Step};
use desk_core::{Phase, Route};
use desk_portal::wire;

/// The catalogue, one of its items, and the discovery shelves load.
pub(super) fn catalog(check: &str, account: Account) -> Vec<Step> {
    vec![
        Step::ask::<wire::ItemsList>(
            check,
            "list",
            account,
            "The catalogue loads",
            |_| Ok(wire::ItemsList::default()),
            |reply, values| match reply.items.first() {
                Some(item) => {
                    values.set("title to open", &item.id);
                    Ok(format!("{} of {} titles", reply.items.len(), reply.total))
                }
                None => Err(Misfit::app("The catalogue is empty.")),
            },
        ),
        Step::ask::<wire::ItemsGet>(
            check,
            "detail",
            account,
            "A title opens",
            |values| {
                Ok(wire::ItemsGet {
                    item_id: values.get("title to open")?,
                })
            },
            |reply, _| Ok(reply.item.id),
        )
        .needs(&["list"]),
        Step::ask::<wire::DiscoveryGet>(
            check,
            "discovery",
            account,
            "The discovery shelves load",
            |_| Ok(wire::DiscoveryGet::default()),
            |reply, _| Ok(format!("{} recently added", reply.recently_added.len())),
        ),
    ]
}

/// Every route that phase 2 opens for members is refused, and the refusal names phase 2.
pub(super) fn writes_paused(check: &str, account: Account) -> Vec<Step> {
    let refusal = Refusal::Blocked {
        required: Phase::MemberWrites,
    };
    Route::ALL
        .into_iter()
        .filter(|route| route.required_phase() == Phase::MemberWrites && !route.needs_staff())
        .map(|route| Step::barred(check, account, route, refusal))
        .collect()
}

/// Staff are staff, and read the rollout's state and the catalogue. The metrics are the desk's own.
pub(super) fn staff_reads(check: &str, account: Account) -> Vec<Step> {
    vec![
        Step::ask::<wire::Hello>(
            check,
            "hello",
            account,
            "The portal takes the account for staff",
            |_| Ok(wire::Hello {}),
            |reply, _| {
                if reply.is_staff {
                    Ok(format!("{} is staff", reply.uid))
                } else {
                    Err(Misfit::access(format!(
                        "{} is not staff for the portal.",
                        reply.uid
                    )))
                }
            },
        ),
        Step::reads_phase(check, "rollout", account, Phase::ReadOnly),
        Step::ask::<wire::ItemsList>(
            check,
            "list",
            account,
            "Staff read the catalogue",
            |_| Ok(wire::ItemsList::default()),
            |reply, _| Ok(format!("{} titles", reply.total)),
        ),
    ]
}

/// Every library route is refused without a token, with a token that is none and, where staff is needed, to an account
/// with the admin claim alone.
pub(super) fn no_anonymous(check: &str) -> Vec<Step> {
    let library = || Route::ALL.into_iter().filter(|route| *route != Route::Hello);
    let mut steps = Vec::new();
    for account in [Account::Nobody, Account::GarbageToken] {
        steps.extend(library().map(|route| Step::barred(check, account, route, Refusal::SignedOut)));
    }
    steps.extend(
        library()
            .filter(|route| route.needs_staff())
            .map(|route| Step::barred(check, Account::AdminOnly, route, Refusal::NotStaff)),
    );
    steps
}
