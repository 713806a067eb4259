//! A mail draft, read by another implementation: Python's `email`.

#![allow(clippy::unwrap_used)] // a helper's unwrap fails the test that called it

use std::io::Write;
use std::process::{Command, Stdio};

use desk_core::announce::{Envelope, Text, eml, html};
use serde_json::{Value, json};

/// Strict: every defect that the parser finds fails.
const SCRIPT: &str = r#"
import email, email.policy, json, sys
message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.strict)
parts = list(message.iter_parts())
print(json.dumps({
    "subject": message["Subject"],
    "date": message["Date"].datetime.isoformat(),
    "messageId": message["Message-ID"],
    "unsent": message["X-Unsent"],
    "from": message["From"],
    "to": message["To"],
    "type": message.get_content_type(),
    "headers": sorted({name for name, _ in message.items()}),
    "parts": [{"type": part.get_content_type(), "charset": part.get_content_charset(), "text": part.get_content()} for part in parts],
}))
"#;

fn parsed(mail: &[u8]) -> Value {
    let mut child = Command::new("python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs python3");
    child.stdin.take().unwrap().write_all(mail).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "Python could not read it:\n{}",
        String::from_utf8_lossy(mail)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

const ENVELOPE: Envelope<'_> = Envelope {
    date_ms: 1_795_611_751_250,
    message_id: "0190b2c1@cutover-desk.invalid",
    from: None,
    to: &[],
};

#[test]
fn a_draft_says_the_same_to_another_reader() {
    let long = format!("1. {}\n", "word ".repeat(400));
    let dots = ".\n..\nFrom here\n--\n-- \n=_boundary\n  two spaces  \n".to_owned();
    let texts = [
        (
            "Library experience update",
            "1. One.\n2. Two <b> & \"three\".\n".to_owned(),
        ),
        (
            "Bücherei: Phase 2 🏺 läuft, und dieser Betreff ist so lang, dass er umgebrochen werden muss",
            "1. Für alle: „Grüße“ 🏺\n   - `mehr`\n".to_owned(),
        ),
        ("100 % =?= (a) <b> \"c\"", long),
        ("図書館", dots),
        ("x", "no line end".to_owned()),
        ("x", "ä".repeat(50_000)),
    ];
    for (subject, body) in &texts {
        let mail = eml(Text { subject, body }, &ENVELOPE);
        let mail_text = String::from_utf8(mail.clone()).unwrap();
        assert!(mail_text.is_ascii());
        for line in mail_text.split("\r\n") {
            assert!(line.len() <= 998 && !line.contains(['\r', '\n']), "{line:?}");
        }
        let read = parsed(&mail);
        assert_eq!(read["subject"], *subject);
        assert_eq!(read["date"], "2026-11-25T13:02:31+00:00");
        assert_eq!(read["messageId"], "<0190b2c1@cutover-desk.invalid>");
        assert_eq!(read["unsent"], "1");
        assert_eq!(read["type"], "multipart/alternative");
        assert_eq!(
            read["headers"],
            json!([
                "Content-Type",
                "Date",
                "MIME-Version",
                "Message-ID",
                "Subject",
                "X-Unsent"
            ])
        );
        let [plain, page] = read["parts"].as_array().unwrap().as_slice() else {
            panic!("{read}")
        };
        assert_eq!(
            (&plain["type"], &plain["charset"]),
            (&json!("text/plain"), &json!("utf-8"))
        );
        assert_eq!(
            (&page["type"], &page["charset"]),
            (&json!("text/html"), &json!("utf-8"))
        );
        let [plain, page] = [plain, page].map(|part| part["text"].as_str().unwrap().replace("\r\n", "\n"));
        assert_eq!(plain.trim_end(), body.trim_end());
        assert!(page.contains(&html(body)));
    }
}

#[test]
fn the_same_text_makes_the_same_bytes() {
    let text = Text {
        subject: "é",
        body: "1. a\n",
    };
    assert_eq!(eml(text, &ENVELOPE), eml(text, &ENVELOPE));
    let other = Text {
        subject: "é",
        body: "1. b\n",
    };
    assert_ne!(eml(text, &ENVELOPE), eml(other, &ENVELOPE));
}

#[test]
fn no_value_begins_another_header() {
    let text = Text {
        subject: "a\r\nBcc: x@example.org",
        body: "x",
    };
    let envelope = Envelope {
        from: Some("desk@example.org\r\nBcc: y@example.org"),
        to: &["staff@example.org", "z@example.org\nBcc: z@example.org"],
        message_id: "a\r\nBcc: z@example.org",
        ..ENVELOPE
    };
    let mail = String::from_utf8(eml(text, &envelope)).unwrap();
    assert!(
        !mail
            .lines()
            .any(|line| line.to_ascii_lowercase().starts_with("bcc")),
        "{mail}"
    );
    let plain = Envelope {
        from: Some("desk@example.org"),
        to: &["a@example.org", "b@example.org"],
        ..ENVELOPE
    };
    let read = parsed(&eml(text, &plain));
    assert_eq!(read["from"], "desk@example.org");
    assert_eq!(read["to"], "a@example.org, b@example.org");
}
