use super::*;

const TRICKY: Text<'static> = Text {
    subject: "3 < 4 & \"five\" `<b>` *x*",
    body: "Hello <!channel> & all,\n\n1. One `a<b` ` lone\n   - under *one*\n   - and 'more'\n     goes on\n2. Two\n4. Four_4\n\n- bullet\n* star\nLast # line\n1) not numbered\n99999999999. neither\n",
};

#[test]
fn each_rendering_of_a_filled_text() {
    let desk = Desk::new();
    let mut all = Vec::new();
    for id in ["staff", "member"] {
        let draft = desk.draft(id);
        let text = draft.text();
        all.push(format!(
            "== plain\n{}\n== mrkdwn\n{}\n== markdown\n{}\n== html\n{}\n",
            plain(text),
            mrkdwn(text),
            markdown(text),
            html(text.body)
        ));
    }
    insta::assert_snapshot!(all.concat());
}

#[test]
fn each_rendering_escapes_what_its_reader_would_act_on() {
    let all = format!(
        "== mrkdwn\n{}\n== markdown\n{}\n== html\n{}",
        mrkdwn(TRICKY),
        markdown(TRICKY),
        html(TRICKY.body)
    );
    insta::assert_snapshot!(all);
}

#[test]
fn characters_are_counted_as_people_and_as_limits_do() {
    assert_eq!(
        count("👩\u{200d}👩\u{200d}👧 é"),
        Count {
            characters: 3,
            scalars: 7
        }
    );
    assert_eq!(
        count("nai\u{308}ve\n"),
        Count {
            characters: 6,
            scalars: 7
        }
    );
    assert_eq!(
        count(""),
        Count {
            characters: 0,
            scalars: 0
        }
    );
}

#[test]
fn a_difference_shows_lines_and_the_words_in_them() {
    let lines = difference("one\ntwo is here\nthree\n", "one\ntwo was here\nthree\nfour");
    let shown: Vec<_> = lines
        .iter()
        .map(|line| {
            let runs: String = line
                .runs
                .iter()
                .map(|run| {
                    if run.changed {
                        format!("[{}]", run.text)
                    } else {
                        run.text.clone()
                    }
                })
                .collect();
            (line.kind, runs)
        })
        .collect();
    let line = |kind, text: &str| (kind, text.to_owned());
    assert_eq!(
        shown,
        [
            line(LineKind::Same, "one"),
            line(LineKind::Removed, "two [is] here"),
            line(LineKind::Added, "two [was] here"),
            line(LineKind::Same, "three"),
            line(LineKind::Added, "four"),
        ]
    );
    assert_eq!(difference("", ""), []);
}
