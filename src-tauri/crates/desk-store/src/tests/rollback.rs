use super::{NOON, entry, live, new_dir, open, opening};
use desk_core::{
    Phase,
    record::Record,
    rollback::{Event, Next, Progress, Purpose, Step},
};

fn opened(id: &str, purpose: Purpose) -> Record {
    Record::RollbackOpened {
        rollback_id: id.to_owned(),
        at_ms: NOON - 7,
        opening: Box::new(opening(purpose, Phase::MemberWrites)),
    }
}

fn happened(id: &str, event: Event) -> Record {
    Record::RollbackEvent {
        rollback_id: id.to_owned(),
        at_ms: NOON + 7,
        event,
    }
}

#[tokio::test]
async fn a_rollback_is_found_as_far_as_it_came() {
    let dir = new_dir();
    let store = open(&dir);
    for record in [
        opened("one", Purpose::Rollback),
        happened("one", Event::Started { step: Step::Trigger }),
        opened("two", Purpose::Drill),
        happened("nobody's", Event::WentOn),
    ] {
        store.append(entry(Some(live()), record)).await.unwrap();
    }
    store.close().await;

    let store = open(&dir);
    let open_ones = store.open_rollbacks().await.unwrap();
    let ids: Vec<&str> = open_ones.iter().map(|row| row.rollback.id.as_str()).collect();
    assert_eq!(ids, ["two", "one"], "newest first");
    let row = store.rollback(&live(), "one").await.unwrap().unwrap();
    assert_eq!(row.environment, live());
    assert_eq!(
        row.rollback.opened_at_ms,
        NOON - 7,
        "the clock starts when it was decided"
    );
    let trigger = row.rollback.step(Step::Trigger).unwrap();
    assert_eq!(
        (trigger.progress, trigger.started_at_ms),
        (Progress::Running, Some(NOON + 7))
    );
    assert_eq!(row.rollback.next(), Next::Do(Step::Trigger));

    let closed = Event::Closed { review_by_ms: None };
    store
        .append(entry(Some(live()), happened("two", closed)))
        .await
        .unwrap();
    assert_eq!(store.open_rollbacks().await.unwrap().len(), 1);
    let drills = store.rollbacks(&live(), Purpose::Drill, 9).await.unwrap();
    assert_eq!(drills.len(), 1);
    assert!(!drills[0].rollback.is_open());
    assert_eq!(
        store
            .rollbacks(&live(), Purpose::Rollback, 9)
            .await
            .unwrap()
            .len(),
        1
    );
}
