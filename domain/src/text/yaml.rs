//! YAML that can be shown anywhere, and reads back to the same values.

use serde::Serialize;
use serde_norway::{Mapping, Value};

use super::class_of;

/// As YAML, with each character that a reader would not see, or that would move what they see, escaped within double quotes:
/// reading it gives the same values.
///
/// The library escapes control characters alone. So hidden characters go through it as a control character and a word that
/// stands nowhere else in the document, which makes it choose double quotes, and are written out after it.
///
/// # Errors
/// Values that YAML has no shape for, such as maps as keys of maps.
pub fn yaml_for_showing(value: &impl Serialize) -> Result<String, serde_norway::Error> {
    let plain = serde_norway::to_string(value)?;
    if !plain.chars().any(is_hidden) {
        return Ok(plain);
    }
    let mut number = 0_u64;
    // As the library escapes U+0001.
    let escaped = |number: u64| format!("\\x01h{number}_");
    while plain.contains(&escaped(number)) {
        number += 1;
    }
    let marked = marked(serde_norway::to_value(value)?, &format!("\u{1}h{number}_"));
    let mut pieces = Vec::new();
    let (written, escaped) = (serde_norway::to_string(&marked)?, escaped(number));
    let mut rest = written.split(&escaped);
    pieces.extend(rest.next().map(ToOwned::to_owned));
    for piece in rest {
        // Eight digits follow, as `mark` writes them.
        let (digits, after) = piece.split_at_checked(8).unwrap_or((piece, ""));
        pieces.push(match digits.strip_prefix("0000") {
            Some(digits) => format!("\\u{digits}{after}"),
            None => format!("\\U{digits}{after}"),
        });
    }
    Ok(pieces.concat())
}

fn is_hidden(character: char) -> bool {
    !matches!(character, '\n' | '\t') && class_of(character, None).is_some()
}

fn marked(value: Value, mark: &str) -> Value {
    match value {
        Value::String(text) => Value::String(marked_text(&text, mark)),
        Value::Sequence(items) => Value::Sequence(items.into_iter().map(|item| marked(item, mark)).collect()),
        Value::Mapping(map) => {
            let map = map.into_iter().map(|(key, value)| (marked(key, mark), marked(value, mark)));
            Value::Mapping(map.collect::<Mapping>())
        }
        Value::Tagged(mut tagged) => {
            tagged.value = marked(std::mem::take(&mut tagged.value), mark);
            Value::Tagged(tagged)
        }
        value @ (Value::Null | Value::Bool(_) | Value::Number(_)) => value,
    }
}

fn marked_text(text: &str, mark: &str) -> String {
    let mut marked = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            marked.push_str(&format!("{mark}{:08x}", u32::from(character)));
        } else {
            marked.push(character);
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::text::visible_lines;

    #[test]
    fn what_is_hidden_is_escaped_and_the_rest_is_as_ever() {
        let written = |text: &str| yaml_for_showing(&BTreeMap::from([("a", text)])).expect("YAML");
        assert_eq!(written("plain: é"), "a: 'plain: é'\n");
        assert_eq!(written("x\u{202e}y\u{1b}[31m"), "a: \"x\\u202ey\\u001b[31m\"\n");
        assert_eq!(written("\u{e0041}"), "a: \"\\U000e0041\"\n");
        assert_eq!(written("C:\\x01h0_"), "a: C:\\x01h0_\n");
        assert_eq!(written("one\u{200b}\ntwo\n"), "a: \"one\\u200b\\ntwo\\n\"\n");
    }

    proptest! {
        #[test]
        fn it_reads_back_to_the_same_and_shows_all(texts in proptest::collection::btree_map(
            "(\\PC|[\u{0}\u{1}\u{7}\u{1b}\u{85}\u{ad}\u{200b}\u{202e}\u{2028}\u{feff}\u{e0041}\\\\x01h_\n\t ]){0,12}",
            "(\\PC|[\u{0}\u{1}\u{7}\u{1b}\u{85}\u{ad}\u{200b}\u{202e}\u{2028}\u{feff}\u{e0041}\\\\x01h_\n\t ]){0,24}",
            0..4,
        )) {
            let yaml = yaml_for_showing(&texts).expect("texts are keys and values");
            prop_assert_eq!(visible_lines(&yaml), yaml.as_str());
            let read: BTreeMap<String, String> = serde_norway::from_str(&yaml).expect("YAML");
            prop_assert_eq!(read, texts);
        }
    }
}
