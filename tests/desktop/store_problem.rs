//! A damaged journal at start: put aside, and the newest backup offered.

use super::{command, data_dir, desk, harness::desktop_test};
use std::{
    fs::OpenOptions,
    io::{Seek, SeekFrom, Write},
};

#[test]
fn a_damaged_journal_is_put_aside_and_the_window_offers_a_way_on() {
    desktop_test("a_damaged_journal", desk(), async |desk| {
        desk.wait_for_text("Phase 3").await;
        command(desk, &["phase", "set", "2", "--note", "before the damage"]);
        desk.execute("return window.__TAURI_INTERNALS__.invoke('desk_state')")
            .await;
        let directory = data_dir(desk);
        desk.restart_after(async || {
            let mut file = OpenOptions::new()
                .write(true)
                .open(directory.join("desk.db"))
                .unwrap();
            file.seek(SeekFrom::Start(0)).unwrap();
            file.write_all(&[0x5a; 4096]).unwrap();
        })
        .await;
        desk.find("[data-testid=store-problem]").await;
        desk.assert_accessible().await;
        assert!(
            !desk.text().await.contains("Restore the newest backup"),
            "there is none to restore"
        );
        desk.click_text("Start a new journal").await;
        desk.click("dialog[open] button.primary, dialog[open] button.danger")
            .await;
        // The portal is not affected by any of this.
        desk.wait_for_text("Phase 2 · Member writes").await;
        assert!(
            directory.join("damaged").read_dir().unwrap().next().is_some(),
            "the damaged file is kept"
        );
    });
}
