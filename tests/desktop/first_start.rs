//! A fresh machine: a working practice desk with no questions.

use super::{command, desk, harness::desktop_test};

#[test]
fn a_first_start_leads_to_a_practice_desk_without_questions() {
    desktop_test("first_start", desk(), async |desk| {
        desk.wait_for_text("Phase 3 · Admin full").await;
        let answer = desk.text_of("[data-testid=answer]").await;
        assert!(answer.contains("No phase was ever saved"), "{answer}");
        desk.click("[data-testid=nav-phase]").await;
        desk.find("[data-testid=never-set]").await;
        let environment = desk.text_of("[data-testid=header-environment]").await;
        assert_eq!(environment.to_uppercase().trim(), "PRACTICE");
        desk.until("the operator to be checked", async || {
            desk.text().await.contains("(staff)")
        })
        .await;
        assert!(
            desk.client()
                .find(fantoccini::Locator::Css("[data-testid=strip]"))
                .await
                .is_err()
        );
        // The command line sees the same desk.
        assert_eq!(command(desk, &["phase", "show"])["phase"], "phase_3_admin_full");
        // The content security policy holds: neither a text nor an inline script runs as code in the page.
        let evaluated = desk
            .execute("try { return new Function('return \"ran\"')(); } catch (error) { return error.name; }")
            .await;
        assert_eq!(evaluated, "EvalError");
        let inline = desk
            .execute(
                "const script = document.createElement('script');
                 script.textContent = 'window.ran = true';
                 document.head.append(script);
                 return window.ran === true;",
            )
            .await;
        assert_eq!(inline, false);
        let configuration = include_str!("../../src-tauri/tauri.conf.json");
        assert!(configuration.contains("default-src 'none'") && !configuration.contains("unsafe"));
    });
}
