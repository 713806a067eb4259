use super::*;

#[test]
fn the_runbooks_templates_use_these_placeholders() {
    let names = |id: &str| -> Vec<&str> {
        let placeholders = builtin(id).placeholders();
        placeholders.into_iter().map(Placeholder::name).collect()
    };
    assert_eq!(
        names("staff"),
        [
            "phase_label",
            "timestamp",
            "brief behavior delta",
            "next_check_time"
        ]
    );
    assert_eq!(names("member"), ["member-facing behavior summary"]);
    assert_eq!(
        names("rollback-staff"),
        [
            "phase_label",
            "timestamp",
            "incident_id",
            "brief behavior delta",
            "next_check_time"
        ]
    );
    let ids: Vec<_> = Runbook::builtin()
        .announcements
        .templates()
        .map(Template::id)
        .collect();
    assert_eq!(
        ids,
        [
            "staff",
            "member",
            "rollback-staff",
            "rollback-member",
            "all-clear-staff",
            "all-clear-member"
        ]
    );
}

#[test]
fn a_team_adds_a_template_with_its_own_placeholders() {
    let template = own(
        "Tea at {meeting point}",
        "Bring {dinner_2}, `\\{` and \\\\.\r\n",
        &["meeting point", "dinner_2"],
    )
    .unwrap();
    let mut facts = Facts::new(VIENNA);
    facts
        .set_typed(Placeholder::Custom("meeting point".into()), " the\nkiln ")
        .unwrap();
    let draft = Draft::new(template.clone(), facts);
    assert_eq!(draft.text().subject, "Tea at the kiln");
    assert_eq!(draft.text().body, "Bring {dinner_2}, `{` and \\.\n");
    let json = serde_json::to_string(&draft).unwrap();
    assert_eq!(serde_json::from_str::<Draft>(&json).unwrap(), draft);
    assert!(
        json.contains(r#""placeholders":["meeting point","dinner_2"]"#),
        "{json}"
    );
}

#[test]
fn a_version_is_its_text_and_its_number() {
    let first = builtin("staff");
    let version = first.version();
    assert_eq!((version.id.as_str(), version.number), ("staff", 1));
    let second = first.edited("Other", first.text().body).unwrap();
    assert_eq!((second.id(), second.audience()), ("staff", Audience::Staff));
    assert_eq!(second.version().number, 2);
    assert_ne!(second.version().sha256, version.sha256);
    let restored = second.edited(first.text().subject, first.text().body).unwrap();
    assert_eq!(restored.version(), TemplateVersion { number: 3, ..version });
    // printf 'a\nb' | sha256sum
    let text = Text {
        subject: "a",
        body: "b",
    };
    assert_eq!(
        text.sha256(),
        "7e18f737311b2dc3b2f269dd78396b0351f14fb66efa879f768cb23181883c78"
    );
}

#[test]
fn a_text_that_is_no_template_is_refused_with_its_place() {
    for (subject, body, part, found, says) in [
        ("", "x", Part::Subject, "", "this text is empty"),
        ("x", " \n ", Part::Body, " \n ", "this text is empty"),
        ("a\nb", "x", Part::Subject, "\n", "a subject is one line"),
        ("a\r\nb", "x", Part::Subject, "\n", "a subject is one line"),
        (
            "{phase_labl}",
            "x",
            Part::Subject,
            "{phase_labl}",
            "unknown placeholder `{phase_labl}`, known are {phase_label},",
        ),
        (
            "x",
            "a {timestamp} b {timestmp}",
            Part::Body,
            "{timestmp}",
            "unknown placeholder",
        ),
        (
            "x",
            "timestmp {timestmp}",
            Part::Body,
            "{timestmp}",
            "unknown placeholder",
        ),
        ("x", "a } b", Part::Body, "}", "a `}` without its `{`"),
        ("x", "a {timestamp}}", Part::Body, "}", "a `}` without its `{`"),
        (
            "x",
            "a {timestamp b",
            Part::Body,
            "{timestamp b",
            "a `{` without its `}`",
        ),
        (
            "x",
            "a {timestamp b\n{phase_label}",
            Part::Body,
            "{timestamp b",
            "a `{` without its `}`",
        ),
        ("x", "{{timestamp}}", Part::Body, "}", "a `}` without its `{`"),
        ("x", "{{timestamp}", Part::Body, "{", "a `{` without its `}`"),
        ("x", "a {} b", Part::Body, "{}", "a placeholder needs a name"),
        ("x", "a { } b", Part::Body, "{ }", "a placeholder needs a name"),
        (
            "x",
            "a {time\\stamp} b",
            Part::Body,
            "{time\\stamp}",
            "without a backslash",
        ),
        ("x", "é \\n", Part::Body, "\\n", "write a backslash as `\\\\`"),
        ("x", "é \\", Part::Body, "\\", "write a backslash as `\\\\`"),
    ] {
        let error = own(subject, body, &[]).unwrap_err();
        assert_eq!(
            (error.part, error.found.as_str()),
            (Some(part), found),
            "{subject:?} {body:?}: {error:?}"
        );
        assert!(error.message.contains(says), "{subject:?} {body:?}: {error:?}");
        let text = with_line_feeds(if part == Part::Subject { subject } else { body });
        assert_eq!(&text[error.range.clone()], found);
    }
    for name in ["", " ", " x", "a{b", "timestamp", &"x".repeat(61), "a:b"] {
        let error = own("x", "x", &[name]).unwrap_err();
        assert!(error.message.starts_with(&format!("`{name}`")), "{error:?}");
    }
    own("x", "x", &["a", "a"]).unwrap_err();
}
