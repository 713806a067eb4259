//! What an answer says about a step. A pure function, so that every case is a line in a table.

use super::step::{Refusal, Values, Wanted};
use desk_core::{
    Phase,
    smoke::{FailureLabel, StepResult},
};
use desk_portal::{NotEnvelopeKind, Outcome, SignInError};

/// What a step's answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) result: StepResult,
    pub(crate) label: Option<FailureLabel>,
    /// What was found, in words.
    pub(crate) found: String,
}

impl Verdict {
    pub(crate) fn pass(found: impl Into<String>) -> Self {
        Self {
            result: StepResult::Pass,
            label: None,
            found: found.into(),
        }
    }

    pub(crate) fn fail(label: FailureLabel, found: impl Into<String>) -> Self {
        Self {
            result: StepResult::Fail,
            label: Some(label),
            found: found.into(),
        }
    }

    pub(crate) fn skipped(found: impl Into<String>) -> Self {
        Self {
            result: StepResult::Skipped,
            label: None,
            found: found.into(),
        }
    }

    pub(crate) fn blocked(found: impl Into<String>) -> Self {
        Self {
            result: StepResult::Blocked,
            label: None,
            found: found.into(),
        }
    }
}

/// Judges an answer, and keeps what later steps need of it.
pub(crate) fn judge(wanted: &Wanted, outcome: &Outcome, phase: Phase, values: &mut Values) -> Verdict {
    match (wanted, outcome) {
        (_, Outcome::RateLimited { .. }) => {
            Verdict::skipped("The portal kept asking for a pause: too many requests of this account.")
        }
        (Wanted::Reply(fits) | Wanted::RefusalOrReply(_, fits), Outcome::Ok(data)) => {
            match fits(data, values) {
                Ok(found) => Verdict::pass(found),
                Err(misfit) => Verdict::fail(misfit.label, misfit.to_string()),
            }
        }
        (Wanted::Refusal(refusal) | Wanted::RefusalOrReply(refusal, _), outcome)
            if is_exactly(*refusal, outcome, phase) =>
        {
            Verdict::pass(format!("Refused: {}", words(outcome)))
        }
        (wanted, outcome) => Verdict::fail(label(wanted, outcome), found(wanted, outcome, phase)),
    }
}

fn is_exactly(refusal: Refusal, outcome: &Outcome, phase: Phase) -> bool {
    match (refusal, outcome) {
        (Refusal::SignedOut, Outcome::SignedOut { .. }) | (Refusal::NotStaff, Outcome::NotStaff { .. }) => {
            true
        }
        (
            Refusal::Blocked { required },
            Outcome::RolloutBlocked {
                phase: told,
                required: named,
                ..
            },
        ) => *told == Some(phase) && *named == Some(required),
        (
            Refusal::Coded { status, code, reason },
            Outcome::Refused {
                status: seen_status,
                code: seen_code,
                reason: seen_reason,
                ..
            },
        ) => *seen_status == status && seen_code == code && seen_reason.as_deref() == reason,
        _ => false,
    }
}

fn label(wanted: &Wanted, outcome: &Outcome) -> FailureLabel {
    use FailureLabel::{Access, App, Identity, Network, OurSide};
    let gate = matches!(
        wanted,
        Wanted::Refusal(Refusal::SignedOut | Refusal::NotStaff | Refusal::Blocked { .. })
    );
    match outcome {
        Outcome::TimedOut
        | Outcome::ConnectionLost { .. }
        | Outcome::Unreachable { .. }
        | Outcome::Tls { .. }
        | Outcome::NotRenewed {
            error: SignInError::Unreachable { .. } | SignInError::TimedOut | SignInError::Tls { .. },
        } => Network,
        Outcome::NotEnvelope { kind, .. } => match kind {
            NotEnvelopeKind::NotJson | NotEnvelopeKind::WrongShape | NotEnvelopeKind::TooLarge => App,
            // Pages, redirects, half answers and an added Origin come from what stands between.
            NotEnvelopeKind::Html
            | NotEnvelopeKind::Empty
            | NotEnvelopeKind::Truncated
            | NotEnvelopeKind::WrongType
            | NotEnvelopeKind::Redirect
            | NotEnvelopeKind::OriginRefused => Network,
        },
        Outcome::Refused { status: 500.., .. } | Outcome::BadReply { .. } => App,
        Outcome::SignedOut { .. } | Outcome::NotRenewed { .. } => Identity,
        Outcome::NotStaff { .. } | Outcome::RolloutBlocked { .. } => Access,
        // It got past the gate: that somebody was let through is what counts.
        Outcome::Ok(_) | Outcome::Refused { .. } if gate => Access,
        // The desk sends what the contract takes; a portal that does not take it has another contract than this desk.
        Outcome::Refused { code, reason, .. }
            if code == "INVALID_ARGUMENT" && reason.is_none() && matches!(wanted, Wanted::Reply(_)) =>
        {
            OurSide
        }
        Outcome::Ok(_) | Outcome::Refused { .. } | Outcome::RateLimited { .. } => App,
    }
}

/// An answer in words.
pub(crate) fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ok(_) => "success".to_owned(),
        Outcome::Refused {
            status, code, reason, ..
        } => match reason {
            Some(reason) => format!("{status} {code} {reason}"),
            None => format!("{status} {code}"),
        },
        Outcome::RolloutBlocked { phase, required, .. } => {
            let name = |phase: &Option<Phase>| phase.map_or("an unknown phase", Phase::wire);
            format!(
                "403 LIBRARY_ROLLOUT_BLOCKED in {}, needs {}",
                name(phase),
                name(required)
            )
        }
        Outcome::SignedOut { .. } => "401 UNAUTHENTICATED".to_owned(),
        Outcome::NotStaff { .. } => "403 FORBIDDEN".to_owned(),
        Outcome::RateLimited { .. } => "429 RATE_LIMITED".to_owned(),
        Outcome::NotEnvelope { status, .. } => {
            format!("an answer of status {status} that is not the portal's")
        }
        Outcome::BadReply { detail } => format!("an answer that is not in the contract's form ({detail})"),
        Outcome::TimedOut => "no answer in time".to_owned(),
        Outcome::ConnectionLost { detail } => format!("a connection that broke ({detail})"),
        Outcome::Unreachable { detail } => format!("no connection ({detail})"),
        Outcome::Tls { detail } => format!("no secure connection ({detail})"),
        Outcome::NotRenewed { error } => format!("a sign-in that could not be renewed ({error})"),
    }
}

fn found(wanted: &Wanted, outcome: &Outcome, phase: Phase) -> String {
    let came = words(outcome);
    let expected = match wanted {
        Wanted::Reply(_) => "success".to_owned(),
        Wanted::Refusal(refusal) | Wanted::RefusalOrReply(refusal, _) => match refusal {
            Refusal::SignedOut => "401 UNAUTHENTICATED".to_owned(),
            Refusal::NotStaff => "403 FORBIDDEN".to_owned(),
            Refusal::Blocked { required } => {
                format!(
                    "403 LIBRARY_ROLLOUT_BLOCKED in {}, needs {}",
                    phase.wire(),
                    required.wire()
                )
            }
            Refusal::Coded {
                status,
                code,
                reason: Some(reason),
            } => format!("{status} {code} {reason}"),
            Refusal::Coded { status, code, .. } => format!("{status} {code}"),
        },
    };
    format!("Expected {expected}; came {came}.")
}

/// Which phase an answer told, if it told one.
pub(crate) fn phase_told(wanted: &Wanted, outcome: &Outcome, phase: Phase) -> Option<bool> {
    match (wanted, outcome) {
        (_, Outcome::RolloutBlocked { phase: told, .. }) => Some(*told == Some(phase)),
        // What this phase bars was let through: the server is in a later one.
        (
            Wanted::Refusal(Refusal::Blocked { .. }),
            Outcome::Ok(_) | Outcome::Refused { status: ..500, .. },
        ) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const IN: Phase = Phase::ReadOnly;

    fn reply() -> Wanted {
        Wanted::Reply(Box::new(|_, _| Ok("fine".into())))
    }

    fn barred() -> Wanted {
        Wanted::Refusal(Refusal::Blocked {
            required: Phase::MemberWrites,
        })
    }

    fn blocked(phase: Phase, required: Phase) -> Outcome {
        Outcome::RolloutBlocked {
            phase: Some(phase),
            required: Some(required),
            message: String::new(),
        }
    }

    fn refused(status: u16, code: &str, reason: Option<&str>) -> Outcome {
        Outcome::Refused {
            status,
            code: code.into(),
            reason: reason.map(str::to_owned),
            message: String::new(),
            details: Value::Null,
        }
    }

    fn page(kind: NotEnvelopeKind) -> Outcome {
        Outcome::NotEnvelope { kind, status: 502 }
    }

    fn label_of(wanted: &Wanted, outcome: &Outcome) -> Option<FailureLabel> {
        judge(wanted, outcome, IN, &mut Values::default()).label
    }

    #[test]
    fn each_failure_has_its_label() {
        use FailureLabel::{Access, App, Identity, Network, OurSide};
        let conflict = || Wanted::Refusal(Refusal::conflict("NO_AVAILABLE_COPIES"));
        let nobody = || Wanted::Refusal(Refusal::SignedOut);
        for (wanted, outcome, label) in [
            (reply(), refused(500, "INTERNAL", None), App),
            (reply(), refused(404, "NOT_FOUND", None), App),
            (reply(), page(NotEnvelopeKind::NotJson), App),
            (reply(), page(NotEnvelopeKind::Html), Network),
            (reply(), page(NotEnvelopeKind::Truncated), Network),
            (reply(), Outcome::TimedOut, Network),
            (reply(), Outcome::Unreachable { detail: "d".into() }, Network),
            (
                reply(),
                Outcome::SignedOut {
                    message: String::new(),
                },
                Identity,
            ),
            (
                reply(),
                Outcome::NotStaff {
                    message: String::new(),
                },
                Access,
            ),
            (reply(), blocked(IN, Phase::MemberWrites), Access),
            (reply(), refused(400, "INVALID_ARGUMENT", None), OurSide),
            (barred(), refused(400, "INVALID_ARGUMENT", None), Access),
            (barred(), Outcome::Ok(json!({})), Access),
            (barred(), blocked(Phase::MemberWrites, Phase::AdminFull), Access),
            (barred(), refused(500, "INTERNAL", None), App),
            (nobody(), Outcome::Ok(json!({})), Access),
            (
                nobody(),
                Outcome::NotStaff {
                    message: String::new(),
                },
                Access,
            ),
            (conflict(), Outcome::Ok(json!({})), App),
            (
                conflict(),
                refused(409, "CONFLICT", Some("ITEM_MARKED_LOST")),
                App,
            ),
        ] {
            assert_eq!(label_of(&wanted, &outcome), Some(label), "{outcome:?}");
        }
    }

    #[test]
    fn a_refusal_must_be_exactly_the_documented_one() {
        let result =
            |wanted: &Wanted, outcome: &Outcome| judge(wanted, outcome, IN, &mut Values::default()).result;
        assert_eq!(
            result(&barred(), &blocked(IN, Phase::MemberWrites)),
            StepResult::Pass
        );
        assert_eq!(
            result(&barred(), &blocked(IN, Phase::AdminFull)),
            StepResult::Fail,
            "it names another phase"
        );
        let conflict = Wanted::Refusal(Refusal::conflict("NO_AVAILABLE_COPIES"));
        let right = refused(409, "CONFLICT", Some("NO_AVAILABLE_COPIES"));
        assert_eq!(result(&conflict, &right), StepResult::Pass);
        for wrong in [
            refused(412, "CONFLICT", Some("NO_AVAILABLE_COPIES")),
            refused(409, "FAILED", Some("NO_AVAILABLE_COPIES")),
            refused(409, "CONFLICT", None),
        ] {
            assert_eq!(result(&conflict, &wrong), StepResult::Fail, "{wrong:?}");
        }
        let limited = Outcome::RateLimited {
            retry_after: std::time::Duration::ZERO,
        };
        assert_eq!(
            result(&conflict, &limited),
            StepResult::Skipped,
            "never a failure"
        );
    }

    #[test]
    fn an_answer_tells_the_phase_of_the_server_that_gave_it() {
        assert_eq!(
            phase_told(&barred(), &blocked(IN, Phase::MemberWrites), IN),
            Some(true)
        );
        assert_eq!(
            phase_told(&reply(), &blocked(Phase::MemberWrites, Phase::AdminFull), IN),
            Some(false)
        );
        assert_eq!(
            phase_told(&barred(), &refused(400, "INVALID_ARGUMENT", None), IN),
            Some(false)
        );
        assert_eq!(phase_told(&reply(), &Outcome::Ok(json!({})), IN), None);
        assert_eq!(phase_told(&barred(), &refused(500, "INTERNAL", None), IN), None);
    }
}
