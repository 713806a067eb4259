use super::*;
use crate::announce::Text;

/// The lines of the studio's runbook, as it was written; the program's copy must say the same.
const CHECKS: [(&str, [&str; 4]); 3] = [
    (
        "phase_1_read_only",
        [
            "Member can load library catalog and detail.",
            "Member write actions are visibly paused/disabled with trust-based messaging.",
            "Staff can open staff lending panel and read rollout + metrics state.",
            "Confirm no unauthenticated library route access.",
        ],
    ),
    (
        "phase_2_member_writes",
        [
            "Member can complete borrow -> check-in lifecycle.",
            "Member can submit rating/review/tag suggestion/reading status.",
            "Conflict paths show non-breaking UX (invalid transitions and duplicate actions).",
            "Admin-only actions remain hidden/blocked in member mode.",
        ],
    ),
    (
        "phase_3_admin_full",
        [
            "Staff/admin can create/edit/delete library item.",
            "Staff/admin can run ISBN resolve and manual overrides.",
            "Staff/admin can moderate recommendations + tags.",
            "Staff/admin can run lost-item and replacement-fee workflow.",
        ],
    ),
];

const GATES: [(&str, [&str; 2]); 3] = [
    (
        "phase_1_read_only",
        [
            "error rate `< 1.0%`",
            "route errors (`404`) = `0` for critical routes",
        ],
    ),
    (
        "phase_2_member_writes",
        [
            "borrow/check-in write failure `< 2.0%`",
            "no sustained route errors for critical write endpoints",
        ],
    ),
    (
        "phase_3_admin_full",
        [
            "admin critical routes successful in smoke run",
            "metrics artifact captured and attached",
        ],
    ),
];

const ROLLBACK: &str = "\
1. Trigger condition confirmed by release owner:
   - gate breach, repeated runtime errors, or blocking admin failure.
2. Set phase immediately:
   - from Phase 3 -> `phase_2_member_writes`
   - from Phase 2 -> `phase_1_read_only`
3. Save rollout note with timestamp, incident id, and operator uid.
4. Refresh phase metrics snapshot and capture JSON artifact.
5. Verify safe-state:
   - member writes paused when in phase 1
   - catalog read path still available for authenticated users
   - admin panel still accessible to staff for recovery
6. Announce rollback in staff comms (template below).
7. Record rollback start/end timestamps and total duration.
";

const STAFF_BODY: &str = "\
1. We moved library rollout to `{phase_label}` at `{timestamp}`.
2. Expected behavior change:
   - `{brief behavior delta}`
3. If you see errors, capture request id from staff troubleshooting and post in `#ops-library`.
4. Next gate review at `{next_check_time}`.
";

const MEMBER_BODY: &str = "\
1. We are rolling out improvements to the studio library in stages.
2. Current state: `{member-facing behavior summary}`.
3. If an action is temporarily paused, your reading and browsing access remains available.
4. Thank you for your feedback while we tune reliability.
";

const EVIDENCE: &str = "\
1. Active rollout phase metadata (phase, updatedByUid, updatedAtMs, note).
2. Phase metrics JSON artifact from staff panel.
3. Smoke log (account used, action, result, timestamp).
4. Any failure request ids with support codes.
5. Rollback drill timing record (if executed in this cycle).
";

#[test]
fn the_checks_and_gates_are_the_runbooks_word_for_word() {
    let runbook = Runbook::builtin();
    for (wire, lines) in CHECKS {
        let phase = Phase::from_wire(wire).unwrap();
        let words: Vec<_> = runbook
            .checks_of(phase)
            .map(|check| check.words.as_str())
            .collect();
        assert_eq!(words, lines);
    }
    for (wire, lines) in GATES {
        let phase = Phase::from_wire(wire).unwrap();
        let words: Vec<_> = runbook.gates_of(phase).map(|gate| gate.words.as_str()).collect();
        assert_eq!(words, lines);
    }
}

#[test]
fn the_rollback_the_templates_and_the_evidence_are_the_runbooks_word_for_word() {
    let runbook = Runbook::builtin();
    let mut rollback = Vec::new();
    for (number, step) in (1..).zip(&runbook.rollback) {
        rollback.push(format!("{number}. {}", step.words));
        rollback.extend(step.points.iter().map(|point| format!("   - {point}")));
    }
    assert_eq!(rollback, ROLLBACK.lines().collect::<Vec<_>>());
    let announcements = &runbook.announcements;
    assert_eq!(
        announcements.staff.text(),
        Text {
            subject: "Library rollout phase update: {phase_label}",
            body: STAFF_BODY
        }
    );
    assert_eq!(
        announcements.member.text(),
        Text {
            subject: "Library experience update",
            body: MEMBER_BODY
        }
    );
    let evidence: Vec<_> = (1..)
        .zip(&runbook.evidence)
        .map(|(number, item)| format!("{number}. {}", item.words))
        .collect();
    assert_eq!(evidence, EVIDENCE.lines().collect::<Vec<_>>());
}

#[test]
fn the_checks_have_the_ids_that_automation_looks_for() {
    let ids: Vec<_> = Runbook::builtin()
        .checks
        .iter()
        .map(|check| check.id.as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "phase1-catalog",
            "phase1-writes-paused",
            "phase1-staff-reads",
            "phase1-no-anonymous",
            "phase2-borrow-return",
            "phase2-feedback",
            "phase2-conflicts",
            "phase2-staff-routes-blocked",
            "phase3-items",
            "phase3-isbn",
            "phase3-moderation",
            "phase3-lost-fee",
        ]
    );
    let attested: Vec<_> = Runbook::builtin()
        .checks
        .iter()
        .filter(|check| check.attestation.is_some())
        .map(|check| check.id.as_str())
        .collect();
    assert_eq!(attested, ["phase1-writes-paused", "phase2-staff-routes-blocked"]);
}

#[test]
fn the_phases_are_called_as_the_web_panel_calls_them() {
    for phase in Phase::ALL {
        let text = Runbook::builtin().phase(phase);
        assert_eq!((text.phase, text.label.as_str()), (phase, phase.label()));
    }
}

/// A gate must be able to open in its own phase: its routes answer there.
#[test]
fn a_smoke_gates_routes_are_open_in_its_phase_and_rates_stay_under_the_runbooks_numbers() {
    for gate in &Runbook::builtin().gates {
        match &gate.rule {
            Rule::SmokeRoutesSucceed { routes } => {
                assert!(routes.iter().all(|route| route.required_phase() <= gate.phase));
            }
            Rule::FailureRate {
                over,
                threshold,
                basis,
            } => {
                assert!(
                    over.routes
                        .iter()
                        .all(|route| route.required_phase() <= gate.phase)
                );
                let expected = match gate.phase {
                    Phase::ReadOnly => (0.01, Basis::Bound),
                    _ => (0.02, Basis::Point),
                };
                assert!((threshold - expected.0).abs() < f64::EPSILON);
                assert_eq!(*basis, expected.1);
                assert_eq!((over.minimum, over.window_minutes), (20, 180));
            }
            _ => {}
        }
    }
}

#[test]
fn the_hash_is_of_the_very_text() {
    let runbook = Runbook::builtin();
    assert_eq!(Runbook::parse(Runbook::builtin_text()).unwrap(), *runbook);
    let with_comment = format!("{}# and a comment\n", Runbook::builtin_text());
    let other = Runbook::parse(&with_comment).unwrap();
    assert_ne!(other.sha256(), runbook.sha256());
    assert_eq!(other.gates, runbook.gates);
    // sha256sum of nothing at all.
    assert_eq!(
        sha256_of(""),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
}

#[test]
fn a_check_for_a_person_alone_needs_no_identity() {
    let text = format!(
        "{}\n[[check]]\nid = \"shelf\"\nphase = \"phase_1_read_only\"\nwords = \"Look.\"\nidentities = []\nattestation = \"Is the shelf tidy?\"\n",
        Runbook::builtin_text()
    );
    let runbook = Runbook::parse(&text).unwrap();
    let check = runbook.check("shelf").unwrap();
    assert!(check.identities.is_empty());
    assert_eq!(check.attestation.as_deref(), Some("Is the shelf tidy?"));
}

/// The built-in text with one thing changed, what the error must say, and what it must point at: the culprit is the
/// text right there.
struct Bad {
    from: &'static str,
    to: &'static str,
    says: &'static str,
    at: &'static str,
}

const fn bad(from: &'static str, to: &'static str, says: &'static str, at: &'static str) -> Bad {
    Bad { from, to, says, at }
}

const FIRST_CHECK: &str = "[[check]]\nid = \"phase1-catalog\"\n";
const READ_GATE: &str = "threshold = 0.01\n";
const ARTIFACT_GATE: &str = "kind = \"artifact_attached\"\n";

const BAD: [Bad; 63] = [
    // The file's shape.
    bad(
        "title = \"Read only\"",
        "title = \"Read only",
        "expected `\"`",
        "\nmembers",
    ),
    bad(
        "label = \"Phase 1\"",
        "label: \"Phase 1\"",
        "key with no value",
        "\"Phase 1\"\ntitle",
    ),
    bad("label = \"Phase 1\"", "label = Phase 1", "string", "Phase 1"),
    bad(
        "label = \"Phase 1\"\n",
        "label = \"Phase 1\"\nlabel = \"Phase 1\"\n",
        "duplicate key",
        "label = \"Phase 1\"\ntitle",
    ),
    bad(
        "label = \"Phase 1\"",
        "label = 1",
        "invalid type: integer `1`, expected a string",
        "1\ntitle",
    ),
    bad(
        "title = \"Member writes\"",
        "titel = \"Member writes\"",
        "unknown field `titel`",
        "titel",
    ),
    bad(
        "title = \"Member writes\"\n",
        "",
        "missing field `title`",
        "[[phase]]\nwire = \"phase_2",
    ),
    bad(
        "[[evidence]]\nid = \"phase-metadata\"",
        "[[evidenze]]\nid = \"phase-metadata\"",
        "unknown field `evidenze`",
        "evidenze",
    ),
    bad(
        "[announcement.member]",
        "[announcement.members]",
        "unknown field `members`",
        "members]",
    ),
    bad(FIRST_CHECK, "[check]\nid = \"phase1-catalog\"\n", "", "check]]"),
    // Phases.
    bad(
        "wire = \"phase_2_member_writes\"",
        "wire = \"phase_2_members_write\"",
        "unknown variant `phase_2_members_write`",
        "\"phase_2_members_write\"",
    ),
    bad(
        "wire = \"phase_2_member_writes\"",
        "wire = \"phase_1_read_only\"",
        "the phase `phase_1_read_only` stands here twice",
        "\"phase_1_read_only\"\nlabel = \"Phase 2\"",
    ),
    bad(
        "title = \"Admin full\"",
        "title = \" \"",
        "this text is empty",
        "\" \"\nmembers",
    ),
    bad(
        "\"Borrow and return like members.\"",
        "\"\"",
        "this text is empty",
        "\"\",\n  \"Cannot edit",
    ),
    bad(
        "\"Borrow and return like members.\"",
        "7",
        "invalid type: integer `7`",
        "7,\n  \"Cannot edit",
    ),
    // Checks.
    bad(
        "id = \"phase1-staff-reads\"",
        "id = \"phase1-catalog\"",
        "the id `phase1-catalog` is used twice",
        "\"phase1-catalog\"\nphase = \"phase_1_read_only\"\nwords = \"Staff",
    ),
    bad(
        "id = \"phase1-catalog\"",
        "id = \"Phase 1 catalog\"",
        "an id is 1 to 60 of a-z",
        "\"Phase 1 catalog\"",
    ),
    bad(
        "id = \"phase1-catalog\"",
        "id = \"\"",
        "an id is 1 to 60 of a-z",
        "\"\"\nphase",
    ),
    bad(
        "words = \"Member can load library catalog and detail.\"",
        "words = \"\"",
        "this text is empty",
        "\"\"\nidentities",
    ),
    bad(
        "identities = [\"nobody\"]",
        "identities = [\"anonymous\"]",
        "unknown identity `anonymous`, known are member-smoke, staff-smoke, admin-smoke",
        "\"anonymous\"]",
    ),
    bad(
        "identities = [\"nobody\"]",
        "identities = [\"operator\"]",
        "unknown identity `operator`",
        "\"operator\"]",
    ),
    bad(
        "identities = [\"nobody\"]",
        "identities = []",
        "needs an `attestation`",
        "[]",
    ),
    bad(
        "identities = [\"nobody\"]",
        "identities = [\"nobody\", \"nobody\"]",
        "`nobody` is named twice",
        "\"nobody\"]",
    ),
    bad(
        "identities = [\"nobody\"]",
        "identities = \"nobody\"",
        "invalid type: string",
        "\"nobody\"\n",
    ),
    bad(
        "attestation = \"Signed in as a member, are all actions for staff hidden?\"",
        "attestation = \"\"",
        "this text is empty",
        "\"\"\n",
    ),
    bad(
        "id = \"phase2-feedback\"\nphase = \"phase_2_member_writes\"",
        "id = \"phase2-feedback\"\nphase = \"phase_4\"",
        "unknown variant `phase_4`",
        "\"phase_4\"",
    ),
    // Gates.
    bad(
        READ_GATE,
        "threshold = 1.0\n",
        "a share between 0 and 1 (0.02 for 2 %), not 1",
        "1.0\nminimum",
    ),
    bad(
        READ_GATE,
        "threshold = 0.0\n",
        "a share between 0 and 1",
        "0.0\nminimum",
    ),
    bad(
        READ_GATE,
        "threshold = -0.01\n",
        "a share between 0 and 1",
        "-0.01",
    ),
    bad(READ_GATE, "threshold = nan\n", "a share between 0 and 1", "nan"),
    bad(
        READ_GATE,
        "threshold = \"1 %\"\n",
        "invalid type: string \"1 %\"",
        "\"1 %\"",
    ),
    bad(
        READ_GATE,
        "",
        "a gate of this kind needs `threshold`",
        "[[gate]]\nid = \"phase1-read-errors\"",
    ),
    bad(
        "basis = \"bound\"",
        "basis = \"bounds\"",
        "unknown variant `bounds`",
        "\"bounds\"",
    ),
    bad(
        "basis = \"bound\"\n",
        "",
        "a gate of this kind needs `basis`",
        "[[gate]]\nid = \"phase1-read-errors\"",
    ),
    bad(
        ARTIFACT_GATE,
        "kind = \"artifact\"\n",
        "unknown variant `artifact`",
        "\"artifact\"",
    ),
    bad(
        ARTIFACT_GATE,
        "kind = \"artifact_attached\"\nminimum = 3\n",
        "a gate of this kind has no `minimum`",
        "3\nstale",
    ),
    bad(
        ARTIFACT_GATE,
        "kind = \"artifact_attached\"\nthreshold = 0.5\n",
        "a gate of this kind has no `threshold`",
        "0.5\nstale",
    ),
    bad(
        ARTIFACT_GATE,
        "kind = \"artifact_attached\"\nwindow = 3\n",
        "unknown field `window`",
        "window = 3",
    ),
    bad(
        "  \"library.externalLookup\",",
        "  \"library.externallookup\",",
        "unknown route `library.externallookup`",
        "\"library.externallookup\"",
    ),
    bad(
        "  \"library.externalLookup\",",
        "  \"library.items.get\",",
        "the route `library.items.get` is named twice",
        "\"library.items.get\",\n  \"library.recommendations.list\",\n]\nthreshold",
    ),
    bad(
        "routes = [\"library.loans.checkout\", \"library.loans.checkIn\"]",
        "routes = []",
        "a gate over no route",
        "[]\nthreshold",
    ),
    bad(
        "minimum = 20\nbasis = \"point\"",
        "minimum = 0\nbasis = \"point\"",
        "0 is out of range: 1 to 1000000",
        "0\nbasis = \"point\"",
    ),
    bad(
        "minimum = 20\nbasis = \"point\"",
        "minimum = -1\nbasis = \"point\"",
        "invalid value: integer `-1`",
        "-1\nbasis = \"point\"",
    ),
    bad(
        "in_a_row = 3",
        "in_a_row = 1",
        "1 is out of range: 2 to 100",
        "1\nfor_minutes",
    ),
    bad(
        "for_minutes = 5\nwindow_minutes = 180",
        "for_minutes = 5\nwindow_minutes = 1441",
        "1441 is out of range: 1 to 1440",
        "1441",
    ),
    bad(
        "kind = \"artifact_attached\"\nstale_after_minutes = 180",
        "kind = \"artifact_attached\"\nstale_after_minutes = 0",
        "0 is out of range: 1 to 1440",
        "0\n\n# ---- The rollback",
    ),
    // Announcements.
    bad(
        "`{brief behavior delta}`",
        "`{brief behaviour delta}`",
        "unknown placeholder `{brief behaviour delta}`",
        "{brief behaviour delta}",
    ),
    bad(
        "at `{next_check_time}`",
        "at `{next_check_time`",
        "a `{` without its `}`",
        "{next_check_time`",
    ),
    bad(
        "subject = \"Library experience update\"",
        "subject = \"Library\\nupdate\"",
        "a subject is one line",
        "\"Library\\nupdate\"",
    ),
    bad(
        "subject = \"Library experience update\"",
        "subject = \"\"",
        "this text is empty",
        "\"\"\nbody",
    ),
    bad(
        "channel = \"#ops-library\"",
        "channel = \"ops library\"",
        "a channel is `#`",
        "\"ops library\"",
    ),
    bad(
        "channel = \"#ops-library\"\n",
        "",
        "missing field `channel`",
        "[announcement]",
    ),
    bad(
        "internal_words = [\n  \"uid\",",
        "internal_words = [\n  \"\",",
        "this text is empty",
        "\"\",\n  \"user id\"",
    ),
    bad(
        "internal_words = [",
        "internal_words = []\nmore_words = [",
        "unknown field `more_words`",
        "more_words",
    ),
    bad(
        "id = \"rollback-member\"",
        "id = \"rollback-staff\"",
        "the id `rollback-staff` is used twice",
        "\"rollback-staff\"\nname = \"Rollback notice\"\naudience = \"member\"",
    ),
    bad(
        "id = \"rollback-member\"",
        "id = \"member\"",
        "the id `member` is used twice",
        "\"member\"\nname",
    ),
    bad(
        "audience = \"member\"",
        "audience = \"members\"",
        "unknown variant `members`",
        "\"members\"",
    ),
    bad(
        "incident `{incident_id}`.",
        "incident `{incident}`.",
        "unknown placeholder `{incident}`",
        "{incident}`.",
    ),
    bad(
        "id = \"all-clear-staff\"\n",
        "id = \"all-clear-staff\"\nplaceholders = [\"timestamp\"]\n",
        "`timestamp`: the desk fills this placeholder itself",
        "timestamp\"]",
    ),
    bad(
        "phase_2_member_writes = \"Members can borrow, see",
        "phase_4 = \"Members can borrow, see",
        "unknown field `phase_4`",
        "phase_4",
    ),
    bad(
        "phase_3_admin_full = \"No change: everything is open to members and to staff\"\n",
        "",
        "missing field `phase_3_admin_full`",
        "[announcement.staff_delta.phase_3_admin_full]",
    ),
    bad(
        "phase_3_admin_full = \"No change: everything is open to members and to staff\"",
        "phase_3_admin_full = \"\"",
        "this text is empty",
        "\"\"\n\n# What is suggested for `{member",
    ),
    bad(
        "phase_1_read_only = \"you can browse",
        "phase_1 = \"you can browse",
        "unknown field `phase_1`",
        "phase_1 =",
    ),
];

#[test]
fn a_bad_runbook_is_refused_with_the_place_of_the_culprit() {
    let mut wrong = Vec::new();
    for bad in &BAD {
        let text = Runbook::builtin_text().replacen(bad.from, bad.to, 1);
        assert_ne!(text, Runbook::builtin_text(), "nothing was changed: {}", bad.from);
        let error = Runbook::parse(&text).expect_err(bad.to);
        let here = from_place(&text, &error);
        let shown: String = here.chars().take(60).collect();
        if !error.message.contains(bad.says) || !here.starts_with(bad.at) {
            wrong.push(format!("{:?}: {error}, at {shown:?}", bad.to));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_missing_altogether_is_said() {
    let without = |from: &str, to: &str| {
        let text = Runbook::builtin_text();
        let start = text.find(from).unwrap();
        let end = start + text[start..].find(to).unwrap();
        Runbook::parse(&format!("{}{}", &text[..start], &text[end..])).unwrap_err()
    };
    let says = |error: &RunbookError, line: usize, column: usize, message: &str| {
        assert_eq!((error.line, error.column), (line, column), "{error}");
        assert!(error.message.contains(message), "{error}");
    };
    says(&Runbook::parse("").unwrap_err(), 1, 1, "missing field `phase`");
    says(
        &without("[[phase]]\nwire = \"phase_2", "[[phase]]\nwire = \"phase_3"),
        1,
        1,
        "the phase `phase_2_member_writes` is missing",
    );
    let no_check = without("[[check]]\nid = \"phase3-items\"", "# ---- Gates");
    assert!(no_check.message.contains("this phase has no check"), "{no_check}");
    let no_gate = without("[[gate]]\nid = \"phase3-admin-routes\"", "# ---- The rollback");
    assert!(no_gate.message.contains("this phase has no gate"), "{no_gate}");
    assert_eq!(
        (no_gate.line, no_gate.column),
        (no_check.line, 8),
        "both point at the phase's wire name"
    );
    let (before, _) = Runbook::builtin_text().split_once("[[evidence]]").unwrap();
    says(
        &Runbook::parse(before).unwrap_err(),
        1,
        1,
        "missing field `evidence`",
    );
    says(
        &Runbook::parse(&format!("evidence = []\n{before}")).unwrap_err(),
        1,
        12,
        "the evidence bundle has no item",
    );
}

#[test]
fn columns_are_counted_in_characters() {
    let text = Runbook::builtin_text().replacen("members = [\n", "members = [ \"é🏺\", \"\",\n", 1);
    let error = Runbook::parse(&text).unwrap_err();
    assert_eq!((error.message.as_str(), error.column), ("this text is empty", 19));
}

/// The text from an error's place on.
fn from_place<'a>(text: &'a str, error: &RunbookError) -> &'a str {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(error.line - 1)
        .map(str::len)
        .sum();
    let line = &text[line_start..];
    let inside = line
        .char_indices()
        .nth(error.column - 1)
        .map_or(line.len(), |(at, _)| at);
    &line[inside..]
}
