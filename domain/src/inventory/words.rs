//! Words and values of an INI inventory, as a shell splits them and as Python reads them.

use serde_json::Value;

/// A word and the byte of the line where it starts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub text: String,
    pub start: usize,
}

/// Splits a line into words: quotes keep spaces together, a backslash keeps the next letter, `#` starts a comment
/// even inside a word, as Python's `shlex` does. The error has the byte where an open quote stands.
pub(super) fn split(line: &str) -> Result<Vec<Word>, (usize, &'static str)> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut letters = line.char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter == '#' {
            break;
        }
        if letter.is_whitespace() {
            words.extend(word.take());
            continue;
        }
        let text = &mut word.get_or_insert_with(|| Word { text: String::new(), start: at }).text;
        match letter {
            '\\' => match letters.next() {
                Some((_, escaped)) => text.push(escaped),
                None => return Err((at, "nothing follows the backslash")),
            },
            '\'' | '"' => loop {
                match letters.next() {
                    None => return Err((at, "the quote that starts here does not end")),
                    Some((_, end)) if end == letter => break,
                    // Between double quotes a backslash keeps only these two.
                    Some((_, '\\')) if letter == '"' => match letters.next() {
                        None => return Err((at, "the quote that starts here does not end")),
                        Some((_, kept @ ('"' | '\\'))) => text.push(kept),
                        Some((_, other)) => text.extend(['\\', other]),
                    },
                    Some((_, inside)) => text.push(inside),
                }
            },
            other => text.push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

/// A value as Python would read it: numbers, `True`, `False`, `None`, quoted texts, lists and maps written like
/// JSON; everything else is text as it stands.
pub(super) fn value(text: &str) -> Value {
    let text = text.trim();
    // A comment ends a literal, but is part of a text.
    let literal = match text.split_once('#') {
        Some((before, _)) if !text.starts_with(['\'', '"', '[', '{']) => before.trim_end(),
        _ => text,
    };
    match literal {
        "True" => return Value::Bool(true),
        "False" => return Value::Bool(false),
        "None" => return Value::Null,
        _ => {}
    }
    if let Some(number) = integer(literal) {
        return Value::from(number);
    }
    if let Some(inside) = quoted(text) {
        return Value::String(inside);
    }
    if text.starts_with(['[', '{'])
        && let Ok(value) = serde_json::from_str(text)
    {
        return value;
    }
    Value::String(text.to_owned())
}

/// Leading zeros and a plus make it a text, such as a site `007`.
fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (plain && (digits == "0" || !digits.starts_with('0'))).then(|| text.parse().ok()).flatten()
}

/// The inside of a text in quotes that nothing but a comment follows.
fn quoted(text: &str) -> Option<String> {
    let mut letters = text.chars();
    let quote = letters.next().filter(|letter| matches!(letter, '\'' | '"'))?;
    let mut inside = String::new();
    loop {
        match letters.next()? {
            '\\' => inside.push(letters.next()?),
            end if end == quote => break,
            letter => inside.push(letter),
        }
    }
    let rest = letters.as_str().trim_start();
    (rest.is_empty() || rest.starts_with('#')).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        split(line).expect("good").into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_as_a_shell_splits_them() {
        assert_eq!(texts("web1 a=b  c='d e' f=\"g # h\" # rest"), ["web1", "a=b", "c=d e", "f=g # h"]);
        assert_eq!(texts("a=b#c d"), ["a=b"]);
        assert_eq!(texts(r#"a\ b "c\"d\e" 'f\g' x''y"#), ["a b", r#"c"d\e"#, r"f\g", "xy"]);
        assert_eq!(texts("  '' "), [""]);
        assert_eq!(texts("# only"), Vec::<String>::new());
        assert_eq!(split("ä 'x").expect_err("open"), (3, "the quote that starts here does not end"));
        assert!(split("a \"\\").is_err());
        assert!(split("a \\").is_err());
        assert_eq!(split("é bc").expect("good")[1].start, 3);
    }

    #[test]
    fn values_as_python_reads_them() {
        assert_eq!(value("5"), Value::from(5));
        assert_eq!(value("-5 # five"), Value::from(-5));
        assert_eq!(value("007"), Value::from("007"));
        assert_eq!(value("0"), Value::from(0));
        assert_eq!(value("99999999999999999999"), Value::from("99999999999999999999"));
        assert_eq!(value("True"), Value::Bool(true));
        assert_eq!(value("true"), Value::from("true"));
        assert_eq!(value("None"), Value::Null);
        assert_eq!(value("'a b' # c"), Value::from("a b"));
        assert_eq!(value("\"a\" b"), Value::from("\"a\" b"));
        assert_eq!(value("dc1 # not a comment"), Value::from("dc1 # not a comment"));
        assert_eq!(value("[1, \"x\"]"), serde_json::json!([1, "x"]));
        assert_eq!(value("[1, x]"), Value::from("[1, x]"));
        assert_eq!(value(""), Value::from(""));
    }
}
