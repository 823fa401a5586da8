//! Numbers as they are written.
//!
//! A parser gives `1e3` as 1000.0 and `0x10` as 16. Of what is meant as a text, such as a site, that is another text; so the
//! way in which a number is written is looked for in the file.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use serde_json::Value;

use super::model::{FIGURES, Inventory, PRIORITY};
use super::said::not_taken;

/// As many ways to write a number are told.
const SHOWN_WAYS: usize = 3;

/// A number as it is understood: whole, or the bits of one that is not.
#[derive(PartialEq, Eq, Hash)]
enum Understood {
    Whole(i128),
    Other(u64),
}

/// Puts numbers that are written in an uncommon way back to how they are written, as texts. Where the file has a number
/// in several ways, that of a value is not known: it is told where a text is meant, and stays as it is where a figure is.
pub(super) fn as_written(inventory: &mut Inventory, text: &str) {
    let is_odd = |word: &&str| understood(word).is_some_and(|number| common(&number).as_deref() != Some(word));
    if !words(text).any(|word| is_odd(&word)) {
        return;
    }
    let mut ways: HashMap<Understood, BTreeSet<&str>> = HashMap::new();
    for word in words(text) {
        if let Some(number) = understood(word) {
            ways.entry(number).or_default().insert(word);
        }
    }
    let owners = inventory.hosts.iter_mut().map(|host| &mut host.vars);
    for vars in owners.chain(inventory.groups.iter_mut().map(|group| &mut group.vars)) {
        for (name, value) in vars.iter_mut().filter(|(name, _)| **name != PRIORITY) {
            let Value::Number(number) = &**value else { continue };
            let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
            let number = whole.map(Understood::Whole).or_else(|| Some(Understood::Other(number.as_f64()?.to_bits())));
            let Some(ways) = number.as_ref().and_then(|number| ways.get(number)) else { continue };
            let way = ways.first().filter(|_| ways.len() == 1);
            match (way, number.as_ref().and_then(common)) {
                (Some(way), common) if common.as_deref() != Some(*way) => {
                    *value = Rc::new(Value::String((*way).to_owned()));
                }
                (None, Some(common)) if !FIGURES.contains(name) => {
                    let ways =
                        ways.iter().take(SHOWN_WAYS).map(|way| format!("`{way}`")).collect::<Vec<_>>().join(", ");
                    let why = format!(
                        "and the file has this number in several ways ({ways}); where it is meant as a text, put it in quotes"
                    );
                    *value = Rc::new(not_taken(common, why));
                }
                (Some(_) | None, _) => {}
            }
        }
    }
}

/// Everything that could be a number.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let ends =
        |letter: char| letter.is_whitespace() || matches!(letter, ',' | ':' | '[' | ']' | '{' | '}' | '"' | '\'');
    let may_be = |word: &&str| {
        word.len() <= 64
            && word.starts_with(|letter: char| letter.is_ascii_digit() || matches!(letter, '+' | '-' | '.'))
    };
    text.split(ends).filter(may_be)
}

fn understood(word: &str) -> Option<Understood> {
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, word.strip_prefix('+').unwrap_or(word)),
    };
    for (mark, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = digits.strip_prefix(mark) {
            return i128::from_str_radix(digits, radix).ok().map(|number| Understood::Whole(sign * number));
        }
    }
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_whole && (digits.len() == 1 || !digits.starts_with('0')) {
        return digits.parse::<i128>().ok().map(|number| Understood::Whole(sign * number));
    }
    let may_be = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    (may_be && !is_whole).then(|| word.parse::<f64>().ok()).flatten().map(|number| Understood::Other(number.to_bits()))
}

/// How a number is written in the common way.
fn common(number: &Understood) -> Option<String> {
    match number {
        Understood::Whole(number) => Some(number.to_string()),
        Understood::Other(_) => None,
    }
}
