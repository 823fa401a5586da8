use proptest::prelude::*;

use super::*;

fn problem_of(fault: Result<(), TextFault>) -> Option<TextProblem> {
    fault.err().map(|fault| fault.problem)
}

#[test]
fn names_are_one_line_that_shows_all_it_has() {
    for good in
        ["a", "Zoë Müller", "東京 1", "ag-1", "O'Brien & Söhne <x>", "=1+1", "مركز", "⚠\u{fe0f} soon", "🚀", "a\u{a0}b"]
    {
        assert_eq!(check_name("name", good), Ok(()), "{good}");
    }
    assert_eq!(problem_of(check_name("name", "")), Some(TextProblem::Empty));
    assert_eq!(problem_of(check_name("name", " a")), Some(TextProblem::Blank { at_end: false }));
    assert_eq!(problem_of(check_name("name", "a\u{a0}")), Some(TextProblem::Blank { at_end: true }));
    assert_eq!(problem_of(check_name("name", " ")), Some(TextProblem::Blank { at_end: false }));
    assert_eq!(check_name("name", &"ä".repeat(NAME_MAX)), Ok(()));
    let too_long = TextProblem::TooLong { length: 201, most: 200 };
    assert_eq!(problem_of(check_name("name", &"ä".repeat(NAME_MAX + 1))), Some(too_long));
}

/// Each with its class, wherever it stands.
#[test]
fn what_is_hidden_is_in_no_text() {
    let hidden = [
        ('\0', Class::Control),
        ('\u{1b}', Class::Control),
        ('\u{7f}', Class::Control),
        ('\u{85}', Class::Control),
        ('\u{9b}', Class::Control),
        ('\r', Class::Control),
        ('\u{2028}', Class::LineBreak),
        ('\u{202e}', Class::Bidirectional),
        ('\u{2066}', Class::Bidirectional),
        ('\u{200f}', Class::Bidirectional),
        ('\u{61c}', Class::Bidirectional),
        ('\u{200b}', Class::ZeroWidth),
        ('\u{200d}', Class::ZeroWidth),
        ('\u{2060}', Class::ZeroWidth),
        ('\u{feff}', Class::ZeroWidth),
        ('\u{ad}', Class::ZeroWidth),
        ('\u{fe0f}', Class::ZeroWidth),
        ('\u{3164}', Class::ZeroWidth),
        ('\u{e0041}', Class::ZeroWidth),
        ('\u{ffff}', Class::NoCharacter),
    ];
    for (character, class) in hidden {
        for (text, place) in
            [(format!("{character}ab"), 1), (format!("ä{character}b"), 2), (format!("äb{character}"), 3)]
        {
            let line = |line| Some(TextProblem::Character { character, class, line, place });
            assert_eq!(problem_of(check_name("name", &text)), line(None), "{text:?}");
            assert_eq!(problem_of(check_line("path", &text)), line(None), "{text:?}");
            assert_eq!(problem_of(check_long("reason", &text)), line(Some(1)), "{text:?}");
        }
    }
}

#[test]
fn long_texts_have_lines_and_tabs() {
    assert_eq!(long("reason", " one\r\n\ttwo \n").as_deref(), Ok("one\n\ttwo"));
    assert_eq!(problem_of(check_long("reason", " \n ")), Some(TextProblem::Empty));
    assert_eq!(check_long("reason", &"x".repeat(LONG_MAX)), Ok(()));
    assert!(check_long("reason", &"x".repeat(LONG_MAX + 1)).is_err());
    assert!(check_name("name", "a\nb").is_err() && check_name("name", "a\tb").is_err());
    assert_eq!(long_or_none("reason", Some(" \r\n ")), Ok(None));
    assert_eq!(long_or_none("reason", Some(" x ")), Ok(Some("x".to_owned())));
}

#[test]
fn a_fault_says_field_character_and_place() {
    let told = |fault: Result<(), TextFault>| fault.expect_err("is wrong").to_string();
    assert_eq!(
        told(check_name("site", "dc\u{0}1")),
        "site: the character U+0000 (null) at place 3 is a control character, which no text of this kind has."
    );
    assert_eq!(
        told(check_long("reason", "one\ntw\u{202e}o")),
        "reason: the character U+202E (right-to-left override) in line 2 at place 3 is one that turns the direction of \
         writing, which no text of this kind has."
    );
    assert_eq!(told(check_name("title", "x ")), "title: it ends with a blank; leave it out.");
    assert_eq!(told(check_name("title", &"x".repeat(300))), "title: it has 300 characters; at most 200 are taken.");
}

#[test]
fn values_of_settings_can_be_empty_and_long() {
    assert_eq!(check_line("path", ""), Ok(()));
    assert_eq!(check_line("path", " /srv "), Ok(()));
    assert_eq!(check_line("path", &"x".repeat(LINE_MAX)), Ok(()));
    assert!(check_line("path", &"x".repeat(LINE_MAX + 1)).is_err());
}

#[test]
fn what_is_hidden_is_written_out() {
    assert_eq!(visible("ag\u{1b}[31m-1\n"), "ag<U+001B>[31m-1<U+000A>");
    assert_eq!(visible_lines("a\tb\n\u{202e}\r"), "a\tb\n<U+202E><U+000D>");
    assert!(matches!(visible("plain"), Cow::Borrowed("plain")));
    assert_eq!(excerpt("ab\u{7}cd", 4), "ab<U+0007>c…");
}

proptest! {
    /// What is shown can itself be typed, so nothing of it is hidden.
    #[test]
    fn shown_text_hides_nothing(text in any::<String>()) {
        prop_assert_eq!(character_problem(&visible(&text), Lines::One), None);
        prop_assert_eq!(character_problem(&visible_lines(&text), Lines::Many), None);
    }

    /// JSON that is shown says the same.
    #[test]
    fn shown_json_is_the_same_json(text in any::<String>(), hidden in prop::sample::select(vec!['\u{9b}', '\u{202e}', '\u{e0041}'])) {
        let value = serde_json::json!({ "a": format!("{text}{hidden}") });
        let json = serde_json::to_string_pretty(&value).expect("writes");
        let shown = json_for_showing(&json);
        prop_assert_eq!(character_problem(&shown, Lines::Many), None);
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("reads"), value);
    }

    /// What is taken as typed obeys the rule itself.
    #[test]
    fn what_is_taken_obeys(text in any::<String>()) {
        if let Ok(name) = name("name", &text) {
            prop_assert_eq!(check_name("name", &name), Ok(()));
        }
        if let Ok(long) = long("reason", &text) {
            prop_assert_eq!(check_long("reason", &long), Ok(()));
        }
    }
}
