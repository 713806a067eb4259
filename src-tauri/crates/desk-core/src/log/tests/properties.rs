use super::{held::of_every_file, page};
use crate::log::{Field, Format, Sheet, clean, format_of, json, markdown, read, text};
use proptest::{collection::btree_map, prelude::*, sample::select};

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~\n\t]{0,80}",
        "(Date|Reason|- member-smoke|# R|Entry|```|---|\\*\\*Notes:\\*\\*|\\||    )[:a-z \n]{0,20}",
    ]
}

fn sheets() -> impl Strategy<Value = Sheet> {
    btree_map(select(Field::ALL.to_vec()), words(), 1..8).prop_map(|sheet| {
        let sheet: Sheet = sheet
            .into_iter()
            .map(|(field, text)| (field, clean(&text)))
            .collect();
        let mut sheet: Sheet = sheet.into_iter().filter(|(_, text)| !text.is_empty()).collect();
        sheet.insert(Field::Date, "2026-11-25".to_owned());
        sheet
    })
}

proptest! {
    #[test]
    fn what_is_exported_comes_back(sheet in sheets()) {
        let mut of_the_form = sheet.clone();
        of_the_form.retain(|field, _| field.is_of_the_form());
        let page = page(&sheet);
        let pages = std::slice::from_ref(&page);
        for (file, format, expected) in [
            (text(&sheet), Format::Text, &of_the_form),
            (markdown(pages), Format::Markdown, &sheet),
            (json(pages).to_string(), Format::Json, &sheet),
        ] {
            let entries = read(&file, format).unwrap();
            prop_assert_eq!(entries.len(), 1, "{}", &file);
            prop_assert_eq!(&entries[0].sheet, expected, "{}", &file);
            prop_assert!(entries[0].unread.is_empty(), "{}", &file);
        }
    }

    #[test]
    fn whatever_a_file_holds_is_read_or_told(file in prop_oneof![
        any::<String>(),
        "[-*# \t\r\n:{}\\[\\]\",\\\\|a-zD]{0,300}",
        prop::collection::vec(a_line(), 0..12).prop_map(|lines| lines.concat()),
    ]) {
        for format in [Format::Text, Format::Markdown, Format::Json, format_of(&file)] {
            of_every_file(&file, format);
        }
    }

    #[test]
    fn a_damaged_file_is_read_or_refused(sheet in sheets(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let page = page(&sheet);
        let pages = std::slice::from_ref(&page);
        for file in [text(&sheet), markdown(pages), json(pages).to_string()] {
            let mut bytes = file.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let file = String::from_utf8_lossy(&bytes);
            of_every_file(&file, format_of(&file));
            of_every_file(&file[..file.floor_char_boundary(at)], format_of(&file));
        }
    }
}

/// A line that a file of the log may have, or nearly.
fn a_line() -> impl Strategy<Value = String> {
    let begin = select(vec![
        "",
        "    ",
        "\t",
        "- ",
        "* ",
        "> ",
        "1. ",
        "# ",
        "## ",
        "- **",
        "**",
        "```",
        "---",
        "| ",
        "Entry: ",
        "# R · live · ",
    ]);
    let label = select(Field::ALL.map(Field::label).to_vec());
    let middle = select(vec!["", ":", ":**", "**:", "|", " · done"]);
    let end = select(vec!["\n", "\r\n", "\r"]);
    (begin, prop::option::of(label), middle, "[ -~]{0,12}", end).prop_map(
        |(begin, label, middle, text, end)| {
            format!("{begin}{}{middle} {text}{end}", label.unwrap_or_default())
        },
    )
}

/// What a fuzzer found, so that it is asked of every build.
#[test]
fn a_tasks_box_without_a_bullet_is_accounted_for() {
    of_every_file(
        "# Our rehearsal\n\n**Date**: a\n# Next\n[x] Date: b\n",
        Format::Markdown,
    );
}
