//! The count is the parser's own: what it takes for text does not count, all else does.

use proptest::prelude::*;
use serde_norway::Value;

use super::*;
use crate::catalogue::Catalogue;
use crate::file::read;

fn depth(text: &str) -> usize {
    Scanner::new(text, usize::MAX).scan().expect("there is no limit")
}

/// How many lists are inside one another where most are.
fn nested(value: &Value) -> usize {
    let deepest = |values: &mut dyn Iterator<Item = &Value>| values.map(nested).max().unwrap_or(0);
    match value {
        Value::Sequence(values) => 1 + deepest(&mut values.iter()),
        Value::Mapping(pairs) => deepest(&mut pairs.iter().flat_map(|(key, value)| [key, value])),
        Value::Tagged(tagged) => nested(&tagged.value),
        _ => 0,
    }
}

/// What can stand before a bracket so that it opens a list.
const BEFORE_BRACKETS: [&str; 38] = [
    "",
    "\t",
    "  ",
    "\u{feff}",
    "a: ",
    "a:\n  ",
    "- ",
    "- - ",
    "? ",
    "? a\n: ",
    "--- ",
    "---\n",
    "a\n...\n",
    "%YAML 1.1\n--- ",
    "%TAG ! ]]]]'\"\n--- ",
    "# '\n",
    "a: # \"\n  ",
    "&a ",
    "a: &a\n  ",
    "!t ",
    "!<t]]]'> ",
    "!t' ",
    "&a !t ",
    "*a : ",
    "'a': ",
    "\"a\\\"\": ",
    "'it''s': ",
    "\"a\"#'\n: ",
    "a'b\": ",
    "a: b\n  'c\n  \"d\nb: ",
    "a: b'\n\n  'c\nb: ",
    "a: |\n  'b\nc: ",
    "a: |2-\n   \"b\n\n  'c\nd: ",
    "- >+ # '\n  \"b\n- ",
    "a: |\n 'b\r\nc: ",
    "a: 'b\n\n  c'\nd: ",
    "a: b #'\nc: ",
    "[a', b\"]: ",
];

/// What can stand between brackets, inside of the outer one.
const BETWEEN_BRACKETS: [&str; 13] =
    ["", "a', ", "\"]\", ", "']', ", "'''', ", "\"\\\"]\", ", "a: ", "? ", "\n", " # ]\n", "!<]]> ", "&a ", "-a\"b, "];

#[test]
fn nesting_of_100_is_refused_before_the_parser_sees_it() {
    for before in BEFORE_BRACKETS {
        for between in BETWEEN_BRACKETS {
            for bracket in ["[", "{"] {
                let text = format!("{before}{}", format!("{bracket}{between}").repeat(100));
                let message = check(&text).expect_err(&text).message;
                assert_eq!(message, "brackets are nested too deeply", "{text}");
                // JSON or YAML, topology or not: nothing reads on behind this error.
                assert_eq!(read(text.as_bytes(), Catalogue::built_in()).map_err(|error| error.message), Err(message));
            }
        }
        assert!(check(&format!("{before}{}", "[".repeat(64))).is_ok(), "{before}");
    }
}

#[test]
fn closing_brackets_in_texts_close_nothing() {
    let text = format!("a: {}", "[\"]\",\"]]\",".repeat(65));
    assert_eq!(depth(&text), 65);
    assert_eq!(check(&text).map_err(|error| (error.line, error.column)), Err((Some(1), Some(4 + 64 * 10))));
    assert_eq!(depth("a: [']', '''['], b: [x]\n"), 1);
    assert_eq!(depth("[[[\n]]]\n"), 3);
}

#[test]
fn brackets_in_texts_do_not_count() {
    let many = "[{".repeat(100);
    for (open, text) in [
        (0, format!("a: '{many}'\n")),
        (0, format!("a: \"\\\"{many}\\\\\"\nb: c\n")),
        (0, format!("a: room {many}\n")),
        (0, format!("a: b\n  {many}\n\n  '{many}\nc: d\n")),
        (0, format!("- a: b\n  c: d\n   {many}\n- e\n")),
        (0, format!("a: |\n  {many}\n\n    {many}\nb: c\n")),
        (0, format!("a: >1-\n {many}\n   {many}\n")),
        (0, format!("- - |\n    {many}\n  - b\n")),
        (0, format!("- |+\n {many}\n\n- b\n")),
        (0, format!("a: b # {many}\n# {many}\nc: d\n")),
        (1, format!("[a, # {many}\n b]\n")),
        (1, format!("a: ['it''s {many}', \"\n\n{many}\"]\n")),
        (1, format!("{{\"a\": \"{many}\", \"b\": \"\\u005b\\\"{many}\"}}")),
    ] {
        assert_eq!(depth(&text), open, "{text}");
        serde_norway::from_str::<Value>(&text).expect(&text);
    }
}

#[test]
fn many_blocks_inside_one_another_are_refused() {
    assert!(check(&"- ".repeat(LIMIT_BLOCKS)).is_ok());
    assert!(check(&"- a\n".repeat(LIMIT_BLOCKS + 1)).is_ok());
    let error = check(&"- ".repeat(LIMIT_BLOCKS + 1)).expect_err("one too many");
    assert_eq!((error.message.as_str(), error.column), ("lists and keys are nested too deeply", Some(2049)));
}

/// Texts of which many are YAML. In these every list is one of brackets, and no alias repeats one.
fn yaml() -> impl Strategy<Value = String> {
    let pieces = vec![
        "[", "[", "[[", "]", "]", "]]", "'", "\"", "''", "\\\"", ":", ": ", ", ", ",", "a", "b", "a: ", "b: ", "\na: ",
        "\nc: ", "? ", "\n", "\n  ", "\n   b: ", " ", "\t", " #", "#", "|\n  ", "|\n", ">1\n ", "&a ", "!t ", "!<[]> ",
        "--- ", "\n...\n", "'[' ", "\"]\"", "\u{2028}", "é",
    ];
    prop::collection::vec(prop::sample::select(pieces), 1..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_count_is_that_of_the_parser(text in yaml(), limit in 0usize..3) {
        let ours = Scanner::new(&text, limit).scan();
        if let Ok(read) = serde_norway::from_str::<Value>(&text) {
            prop_assert_eq!(depth(&text), nested(&read));
            prop_assert_eq!(ours.is_err(), nested(&read) > limit);
        }
    }
}
