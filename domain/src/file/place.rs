//! Where in a file something is wrong, in lines and characters, and how it is written there.
//!
//! The parsers tell the place in ways of their own: YAML by the start of a value, JSON by its end and in bytes. And they
//! show numbers as they understood them: `1e3` as `1000.0`.

use super::FileError;
use crate::text::excerpt;

/// As much of a value is shown, in characters.
const SHOWN: usize = 80;

/// The error of a YAML file.
pub(crate) fn of_yaml(error: serde_norway::Error, text: &str) -> FileError {
    as_written(error.into(), text)
}

/// What a second document is told as, if there is one: the parser says that there is, not where.
pub(crate) fn of_second_document(text: &str) -> Option<FileError> {
    let is_mark = |line: &str| line == "---" || line.starts_with("--- ");
    let is_said = |line: &str| !line.trim().is_empty() && !line.starts_with(['#', '%']) && !is_mark(line);
    let first = text.lines().position(is_said)?;
    let second = text.lines().skip(first).position(|line| is_mark(line.trim_end()))?;
    let message = "a second document begins here, where one topology is read; keep one of them".to_owned();
    Some(FileError { line: Some(first + second + 1), column: Some(1), message })
}

/// The error of a JSON file.
pub(crate) fn of_json(error: serde_json::Error, text: &str) -> FileError {
    let is_about_value = error.is_data();
    let mut error = FileError::from(error);
    if let (Some(line), Some(column)) = (error.line, error.column)
        && let Some(line) = text.split('\n').nth(line - 1)
    {
        // The byte behind what was read last.
        let end = floor(line, column);
        let at = if is_about_value { start_of_value(line, end) } else { floor(line, column.saturating_sub(1)) };
        error.column = Some(line[..at].chars().count() + 1);
    }
    as_written(error, text)
}

/// The start of the character that byte belongs to.
fn floor(line: &str, mut byte: usize) -> usize {
    byte = byte.min(line.len());
    while !line.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// The byte where the value or key starts that ends before `end`; what is no single value starts with its last letter.
fn start_of_value(line: &str, end: usize) -> usize {
    let before = &line[..end];
    if let Some(inside) = before.strip_suffix('"') {
        let is_open = |at: &usize| {
            let slashes = inside[..*at].bytes().rev().take_while(|byte| *byte == b'\\').count();
            slashes.is_multiple_of(2)
        };
        return inside.rmatch_indices('"').map(|(at, _)| at).find(is_open).unwrap_or(end - 1);
    }
    let word =
        before.trim_end_matches(|letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'));
    if word.len() < end { word.len() } else { floor(line, end.saturating_sub(1)) }
}

/// A number that does not fit is shown as it is written.
fn as_written(mut error: FileError, text: &str) -> FileError {
    let (Some(line), Some(column)) = (error.line, error.column) else { return error };
    let Some(written) = text.split('\n').nth(line - 1).and_then(|line| number_at(line, column)) else { return error };
    for kind in ["floating point `", "integer `"] {
        if let Some((before, after)) = error.message.split_once(kind)
            && let Some((_, after)) = after.split_once('`')
        {
            let after = after.strip_prefix(" as u128").or_else(|| after.strip_prefix(" as i128")).unwrap_or(after);
            error.message = format!("{before}`{}`{after}", excerpt(written, SHOWN));
            break;
        }
    }
    error
}

/// The number that is written from that column on.
fn number_at(line: &str, column: usize) -> Option<&str> {
    let (start, _) = line.char_indices().nth(column.checked_sub(1)?)?;
    let rest = &line[start..];
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, ',' | '}' | ']' | '#' | '"');
    let written = &rest[..rest.find(ends).unwrap_or(rest.len())];
    written.contains(|letter: char| letter.is_ascii_digit() || letter == '.').then_some(written)
}

#[cfg(test)]
mod tests {
    use crate::catalogue::Catalogue;
    use crate::file::read;

    fn told(text: &str) -> String {
        read(text.as_bytes(), Catalogue::built_in()).expect_err("the file is bad").to_string()
    }

    #[test]
    fn numbers_are_shown_as_they_are_written() {
        let with = |hardware: &str| {
            told(&format!(
                "version: 1\nenvironment: lab\nnodes:\n  - {{ hostname: a, private_ip: 10.0.0.1, hardware: {hardware} }}\n"
            ))
        };
        for written in ["1e3", "1.5", "-1", "1_000.0", ".5", "+1.0e+3", "99999999999999999999999999"] {
            let told = with(&format!("{{ memory_mib: {written} }}"));
            assert!(told.contains(&format!("`{written}`")) || told.contains(&format!("\"{written}\"")), "{told}");
            assert!(told.starts_with("line 4, column 66: "), "{told}");
        }
        let json = told(
            "{\"version\": 1, \"environment\": \"lab\", \"nodes\": [{\"hostname\": \"a\",\n\"hardware\": {\"vcpus\": 1e3}}]}",
        );
        assert!(json.starts_with("line 2, column 23: ") && json.contains("`1e3`"), "{json}");
    }

    #[test]
    fn places_in_json_are_where_a_value_starts_in_characters() {
        let site = told(
            "{\"version\": 1, \"environment\": \"lab\", \"nodes\": [{\n\"hostname\": \"ä\u{b}\"}]}"
                .replace('\u{b}', "\\u0000")
                .as_str(),
        );
        assert!(site.starts_with("line 2, column 13: "), "{site}");
        let behind = told("{\"version\": 1, \"environment\": \"l\\\"äöü\", \"services\": 5}");
        assert!(behind.starts_with("line 1, column 53: "), "{behind}");
        let syntax = told("{\"version\": 1, \"environment\": \"äöü\", ]");
        assert!(syntax.starts_with("line 1, column 38: "), "{syntax}");
    }
}
