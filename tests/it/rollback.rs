//! Rolling back and its drill from the command line: exit statuses, reports, kills and Ctrl-C, against a served portal.

use crate::support::{Desk, Served};
use serde_json::{Value, json};

/// The portal's servers believe a phase for so long; short, so that settling takes no time to wait for.
const CACHE_MS: &str = "300";

/// A desk on a served portal of so many instances, in phase 3 with somebody's note, and the credentials of every account.
struct Place {
    desk: Desk,
    portal: Served,
    credentials: String,
}

impl Place {
    fn new(instances: &str, kind: &str) -> Self {
        let portal = Served::start(&[
            "--ephemeral",
            "--instances",
            instances,
            "--phase-cache-ms",
            CACHE_MS,
        ]);
        let desk = Desk::new();
        let addresses = portal.addresses();
        let of = |key: &str| addresses[key].as_str().unwrap().to_owned();
        desk.run(&[
            "env",
            "add",
            "studio",
            "--kind",
            kind,
            "--phase-cache-ms",
            CACHE_MS,
            "--api",
            &of("apiBase"),
            "--identity-url",
            &of("identityBase"),
            "--token-url",
            &of("tokenBase"),
            "--api-key",
            &of("apiKey"),
            "--project",
            &of("projectId"),
        ])
        .ended(0);
        let account = |name: &str| json!({ "refreshToken": portal.of(name, "refreshToken") });
        let credentials = json!({
            "operator": account("operator"),
            "member-smoke": account("member-smoke"),
            "staff-smoke": account("staff-smoke"),
            "admin-smoke": account("admin-smoke"),
        })
        .to_string();
        let place = Self {
            desk,
            portal,
            credentials,
        };
        let words = [
            "phase",
            "set",
            "3",
            "--note",
            "as it was found",
            "--yes",
            "studio",
        ];
        place.run(&words, 0);
        place
    }

    /// Runs a command as everybody, checks how it ended, and gives its document.
    #[track_caller]
    fn run(&self, words: &[&str], status: i32) -> Value {
        self.desk
            .run_with(&words_as_everybody(words), &self.credentials)
            .ended(status)
            .json()
    }

    #[track_caller]
    fn is_in(&self, phase: &str, note: &str) {
        let shown = self.run(&["phase", "show"], 0);
        assert_eq!(
            (&shown["phase"], &shown["note"]),
            (&phase.into(), &note.into()),
            "{shown}"
        );
    }
}

/// The words of a command that acts on the portal as everybody.
fn words_as_everybody<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [&["--env", "studio", "--credentials", "-", "--json"], words].concat()
}

fn split<'a>(view: &'a Value, name: &str) -> &'a Value {
    view["splits"]
        .as_array()
        .unwrap()
        .iter()
        .find(|split| split["split"] == name)
        .unwrap_or_else(|| panic!("no split {name} in {view}"))
}

#[test]
fn a_rollback_is_started_proven_announced_and_closed() {
    let place = Place::new("1", "live");
    let start = [
        "rollback",
        "start",
        "--reason",
        "loans fail",
        "--trigger",
        "gate-breach",
        "--incident",
        "INC-42",
    ];
    let view = place.run(&start, 0);
    assert_eq!(view["to"], "phase_2_member_writes");
    assert_eq!(split(&view, "settled")["withinTarget"], true);
    assert_eq!(view["closedAtMs"], Value::Null);
    let note = view["note"].as_str().unwrap();
    assert!(
        note.starts_with("ROLLBACK ") && note.contains("INC-42 by operator"),
        "{note}"
    );
    place.is_in("phase_2_member_writes", note);

    let shown = place.run(&["rollback", "status"], 0);
    assert_eq!(shown["id"], view["id"]);
    let closed = place.run(&["rollback", "resume", "--announced", "#ops-library"], 0);
    assert!(closed["closedAtMs"].is_number(), "{closed}");
    assert!(closed["reviewByMs"].is_number());
    assert_eq!(
        place.run(&["rollback", "status"], 2)["error"]["code"],
        "not_found"
    );
    let run = place.run(&["run", "show"], 0);
    assert_eq!(run["rollbacks"][0]["id"], view["id"]);
    assert_eq!(run["rollbacks"][0]["reviewByMs"], closed["reviewByMs"]);
    let reviewed = place.run(&["rollback", "review", "--found", "a cache was cold"], 0);
    assert_eq!(reviewed["rollbackId"], view["id"]);
    let run = place.run(&["run", "show"], 0);
    assert_eq!(run["rollbacks"][0]["review"]["words"], "a cache was cold");
    place.run(&["rollback", "review", "--found", "once more"], 2);
    place.desk.run(&["journal", "verify"]).ended(0);
}

#[test]
fn in_phase_1_there_is_nothing_to_roll_back() {
    let place = Place::new("1", "staging");
    place.run(&["phase", "set", "1", "--note", "closed"], 0);
    let refused = place.run(&["rollback", "start", "--reason", "to be sure"], 2);
    assert_eq!(refused["error"]["field"], "to");
    let seen = place.run(&["rollback", "check"], 0);
    assert_eq!(
        (&seen["phase"], &seen["safe"]),
        (&"phase_1_read_only".into(), &true.into())
    );
    place.is_in("phase_1_read_only", "closed");
}

#[test]
fn a_program_that_is_killed_at_setting_the_phase_is_gone_on_with() {
    let mut place = Place::new("1", "staging");
    place.portal.type_line("timeout-after@library.rollout.set*1");
    let words = words_as_everybody(&["rollback", "start", "--reason", "loans fail"]);
    let running = place.desk.start(&words, &place.credentials);
    // It has arrived when the portal has used the fault up; the answer never comes.
    while place.run(&["phase", "show"], 0)["phase"] != "phase_2_member_writes" {}
    drop(running);

    let shown = place.run(&["rollback", "status"], 3);
    assert!(split(&shown, "sent")["atMs"].is_number());
    assert_eq!(split(&shown, "acknowledged")["atMs"], Value::Null);
    let view = place.run(&["rollback", "resume"], 0);
    assert_eq!(view["openedAtMs"], shown["openedAtMs"]);
    assert!(split(&view, "settled")["atMs"].is_number());
    place.run(&["rollback", "resume", "--not-announced", "a test"], 0);
}

#[test]
fn an_account_without_the_staff_claim_is_named_and_another_can_be_used() {
    let mut place = Place::new("1", "staging");
    place.portal.type_line("revoked-staff=operator");
    let view = place.run(&["rollback", "start", "--reason", "loans fail"], 1);
    assert_eq!(view["otherAccounts"], json!(["staff-smoke", "admin-smoke"]));
    place.is_in("phase_3_admin_full", "as it was found");
    let view = place.run(&["rollback", "resume", "--as", "staff-smoke"], 0);
    assert!(split(&view, "settled")["atMs"].is_number());
}

#[test]
fn a_drill_without_execute_changes_nothing_and_says_what_would_be_sent() {
    let place = Place::new("1", "live");
    let report = place.run(&["drill"], 0);
    assert_eq!(report["status"], "planned");
    assert_eq!(report["executed"], false);
    assert_eq!(report["originalPhase"], "phase_3_admin_full");
    assert_eq!(report["rollbackTargetPhase"], "phase_2_member_writes");
    assert!(
        report["steps"].to_string().contains("library.rollout.set"),
        "{report}"
    );
    place.is_in("phase_3_admin_full", "as it was found");
    assert_eq!(
        place.run(&["drill", "--rollback-to", "3"], 1)["status"],
        "blocked"
    );
}

#[test]
fn a_drill_writes_its_reports_with_the_fields_of_the_script() {
    for instances in ["1", "2", "4"] {
        let place = Place::new(instances, "live");
        let folder = tempfile::tempdir().unwrap();
        let (json_file, markdown) = (folder.path().join("r.json"), folder.path().join("r.md"));
        let report = place.run(
            &[
                "drill",
                "--execute",
                "--yes",
                "studio",
                "--note-prefix",
                "REHEARSAL",
                "--report-json",
                json_file.to_str().unwrap(),
                "--report-markdown",
                markdown.to_str().unwrap(),
            ],
            0,
        );
        let written: Value = serde_json::from_slice(&std::fs::read(&json_file).unwrap()).unwrap();
        assert_eq!(written, report);
        // Every field that the script's report has (contract, section 7).
        for path in [
            "/status",
            "/executed",
            "/projectId",
            "/functionsBaseUrl",
            "/actor/uid",
            "/actor/email",
            "/startedAtIso",
            "/finishedAtIso",
            "/originalPhase",
            "/rollbackTargetPhase",
            "/restoredPhase",
            "/maxDurationMinutes",
            "/rollback/startedAtIso",
            "/rollback/finishedAtIso",
            "/rollback/durationMs",
            "/rollback/durationMinutes",
            "/rollback/withinTarget",
            "/routeProbes/discovery",
            "/routeProbes/memberWrite",
            "/routeProbes/adminWrite",
            "/message",
            "/steps/0/label",
            "/steps/0/status",
            "/steps/0/durationMs",
            "/steps/0/detail",
        ] {
            assert!(
                report.pointer(path).is_some_and(|value| !value.is_null()),
                "{path} in {report}"
            );
        }
        assert_eq!(report["status"], "passed");
        assert_eq!(report["desk"]["settled"], true);
        assert_eq!(report["routeProbes"]["memberWrite"]["identity"], "member-smoke");
        assert!(report["desk"]["note"].as_str().unwrap().starts_with("REHEARSAL "));
        let text = std::fs::read_to_string(&markdown).unwrap();
        assert!(text.starts_with("# Rollback drill: passed"), "{text}");
        place.is_in("phase_3_admin_full", "as it was found");
    }
}

#[test]
fn a_live_drill_that_is_not_confirmed_is_blocked_and_reported() {
    let place = Place::new("1", "live");
    let report = place.run(&["drill", "--execute"], 1);
    assert_eq!(report["status"], "blocked");
    assert!(report["message"].as_str().unwrap().contains("studio"), "{report}");
    place.is_in("phase_3_admin_full", "as it was found");
}

#[test]
fn a_portal_that_is_gone_is_3_with_a_report() {
    let mut place = Place::new("1", "staging");
    place.portal.terminate();
    let report = place.run(&["drill"], 3);
    assert_eq!(report["status"], "unknown");
    let report = place.run(&["drill", "--execute"], 3);
    assert_eq!(report["executed"], false);
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_puts_back_what_was_found_and_a_kill_is_put_right_by_the_next_drill() {
    for signal in ["INT", "KILL"] {
        let mut place = Place::new("1", "staging");
        // The proof never comes, so that there is time to end it.
        place.portal.type_line("error-500=100%@library.loans.checkout");
        let words = words_as_everybody(&["drill", "--execute"]);
        let mut running = place.desk.start(&words, &place.credentials);
        running.wait_for("without the answer that must come");
        running.signal(signal);
        place.portal.type_line("off");
        if signal == "INT" {
            let ended = running.end().ended(1);
            assert_eq!(ended.json()["status"], "failed");
            assert_eq!(ended.json()["restoredPhase"], "phase_3_admin_full");
        } else {
            drop(running);
            assert_eq!(place.run(&["phase", "show"], 0)["phase"], "phase_2_member_writes");
            // Without --execute nothing is changed, not even for the better.
            let report = place.run(&["drill"], 1);
            assert_eq!(report["status"], "blocked");
            let message = report["message"].as_str().unwrap();
            assert!(message.contains("has not put back"), "{message}");
            assert_eq!(place.run(&["phase", "show"], 0)["phase"], "phase_2_member_writes");
            // The next drill first puts back what this one left, and so finds phase 3 again.
            let report = place.run(&["drill", "--execute", "--until", "verified"], 0);
            assert_eq!(report["originalPhase"], "phase_3_admin_full", "{report}");
        }
        place.is_in("phase_3_admin_full", "as it was found");
    }
}

#[test]
fn outside_the_change_window_a_live_drill_asks_for_a_reason() {
    let place = Place::new("1", "staging");
    let addresses = place.portal.addresses();
    let of = |key: &str| addresses[key].as_str().unwrap().to_owned();
    // A window of one minute a week that is not now.
    let now = chrono::Utc::now();
    let away = (now + chrono::Duration::days(3))
        .format("%a 03:00-03:01")
        .to_string();
    place.desk.run(&["env", "remove", "studio"]).ended(0);
    place
        .desk
        .run(&[
            "env",
            "add",
            "studio",
            "--kind",
            "staging",
            "--phase-cache-ms",
            CACHE_MS,
            "--change-window",
            &away,
            "--api",
            &of("apiBase"),
            "--identity-url",
            &of("identityBase"),
            "--token-url",
            &of("tokenBase"),
            "--api-key",
            &of("apiKey"),
            "--project",
            &of("projectId"),
        ])
        .ended(0);
    let blocked = place.run(&["drill", "--execute"], 1);
    assert_eq!(blocked["status"], "blocked");
    assert!(
        blocked["message"].as_str().unwrap().contains("change window"),
        "{blocked}"
    );
    let done = place.run(
        &[
            "drill",
            "--execute",
            "--until",
            "verified",
            "--reason",
            "agreed with Ops",
        ],
        0,
    );
    assert_eq!(done["status"], "passed");
    assert!(
        done["message"].as_str().unwrap().contains("other servers"),
        "{done}"
    );
    assert!(done["desk"]["note"].as_str().unwrap().contains("agreed with Ops"));
}

#[test]
fn the_composer_is_handed_the_rollback_and_marking_its_notice_as_sent_closes_it() {
    let place = Place::new("1", "live");
    let start = [
        "rollback",
        "start",
        "--reason",
        "loans fail",
        "--incident",
        "INC-42",
    ];
    place.run(&start, 0);
    let words = ["--env", "studio", "--credentials", "-", "rollback", "status"];
    let shown = place.desk.run_with(&words, &place.credentials).ended(0);
    assert!(
        shown.out.contains("announce staff --template rollback-staff"),
        "{shown:?}"
    );
    let notice = [
        "announce",
        "staff",
        "--template",
        "rollback-staff",
        "--set",
        "next_check_time=2099-01-01 09:00",
    ];
    let made = place.run(&notice, 0);
    let (subject, body) = (made["subject"].as_str().unwrap(), made["body"].as_str().unwrap());
    assert_eq!(subject, "Library rollback: back to Phase 2");
    assert!(body.contains("INC-42") && !body.contains('{'), "{body}");
    let sent = place.run(&["announce", "sent", "staff", "--place", "#ops-library"], 0);
    assert_eq!(sent["sent"][0]["place"], "#ops-library");
    assert_eq!(
        place.run(&["rollback", "status"], 2)["error"]["code"],
        "not_found"
    );
    place.desk.run(&["journal", "verify"]).ended(0);
}
