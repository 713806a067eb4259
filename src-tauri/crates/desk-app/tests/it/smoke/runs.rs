use super::*;

#[tokio::test]
async fn every_phase_passes_on_a_sound_portal_and_is_proven_once_a_person_has_answered() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    for phase in Phase::ALL {
        set(&bench, &desk, phase).await;
        let report = run(&desk, phase).await;
        let not_there = format!("{:?}", unpassed(&report));
        match phase {
            // A member has no lost loan before staff can lose one.
            Phase::MemberWrites => {
                assert_eq!(unpassed(&report).len(), 1, "{not_there}");
                assert!(
                    not_there.contains("phase2-conflicts/return-lost skipped"),
                    "{not_there}"
                );
            }
            _ => assert!(unpassed(&report).is_empty(), "{not_there}"),
        }
        assert_eq!(report.disagreeing, 0);
        assert!(report.agreeing > 0);
        let questions: Vec<String> = report
            .checks
            .iter()
            .filter(|check| check.steps.iter().any(|step| step.account == "person"))
            .map(|check| check.id.clone())
            .collect();
        let wanted: &[&str] = match phase {
            Phase::ReadOnly => &["phase1-writes-paused"],
            Phase::MemberWrites => &["phase2-staff-routes-blocked"],
            Phase::AdminFull => &[],
        };
        assert_eq!(questions, wanted);
        assert_eq!(report.proven, questions.is_empty(), "{}", report.sentence);
        for question in &questions {
            desk.attest(question, true, "seen in the web page").await.unwrap();
        }
        let report = desk.smoke_report(&report.id).await.unwrap();
        assert!(report.proven, "{}", report.sentence);
    }
    desk.close().await;
}
