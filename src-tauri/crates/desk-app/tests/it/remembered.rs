//! What the desk still knows when it is opened again.

use crate::support::{Bench, STUDIO};
use desk_app::{Code, Desk, DeskOptions, view::Theme};

#[tokio::test]
async fn drafts_and_the_theme_survive() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    assert_eq!(desk.view().await.unwrap().theme, Theme::System);
    desk.put_draft("note/studio", "half a sentence").await.unwrap();
    desk.put_draft("incident/studio", "INC-7").await.unwrap();
    desk.put_draft("incident/studio", "").await.unwrap();
    desk.set_theme(Theme::Dark).await.unwrap();
    drop(desk);

    let desk = bench.open().await;
    let drafts = desk.drafts().await.unwrap();
    assert_eq!(
        drafts.into_iter().collect::<Vec<_>>(),
        [("note/studio".to_owned(), "half a sentence".to_owned())]
    );
    assert_eq!(desk.view().await.unwrap().theme, Theme::Dark);
    desk.set_theme(Theme::System).await.unwrap();
    drop(desk);
    assert_eq!(bench.open().await.view().await.unwrap().theme, Theme::System);
}

#[tokio::test]
async fn the_selected_environment_is_remembered_and_one_asked_for_comes_first() {
    let bench = Bench::start().await;
    drop(bench.staging().await);
    let remembered = bench.open().await;
    assert_eq!(remembered.environment().as_str(), STUDIO);
    drop(remembered);
    let asked_for = Desk::open(DeskOptions {
        environment: Some("practice".to_owned()),
        ..bench.options()
    })
    .await
    .unwrap();
    assert_eq!(asked_for.environment().as_str(), "practice");
    drop(asked_for);
    let remembered = bench.open().await;
    assert_eq!(remembered.environment().as_str(), STUDIO, "for that call only");
}

#[tokio::test]
async fn a_remembered_environment_that_is_gone_gives_way_to_practice() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    desk.select_environment("practice").await.unwrap();
    let other = bench.open().await;
    desk.select_environment(STUDIO).await.unwrap();
    other.remove_environment(STUDIO, STUDIO).await.unwrap();
    drop((desk, other));
    let desk = bench.open().await;
    assert_eq!(desk.environment().as_str(), "practice");
}

#[tokio::test]
async fn an_environment_asked_for_that_is_not_there_is_an_error() {
    let bench = Bench::start().await;
    for name in ["nowhere", "No Name"] {
        let opened = Desk::open(DeskOptions {
            environment: Some(name.to_owned()),
            ..bench.options()
        })
        .await;
        let problem = opened.err().unwrap();
        assert_eq!(problem.code, Code::NotFound, "{name}");
        assert_eq!(problem.field.as_deref(), Some("environment"));
    }
}
