//! What a variable says, and whether it can be read.
//!
//! Wrong is not absent (requirements, section 11): a value that cannot be read is told, and nothing takes its place.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::text::{self, excerpt};

/// How `ansible-inventory` prints an encrypted value; a value with the tag `!vault` is kept so too.
const VAULT: &str = "__ansible_vault";
/// How `ansible-inventory` prints a text that must not be taken for a template.
pub(super) const UNSAFE: &str = "__ansible_unsafe";
/// How a value is kept that SOPS has encrypted.
const SOPS: &str = "__strata_sops";
/// How a value is kept that is not taken: as it is shown, and what is wrong with it.
const NOT_TAKEN: &str = "__strata_not_taken";
/// What an encrypted text begins with.
const VAULT_HEADER: &str = "$ANSIBLE_VAULT;";
/// As much of a value is shown, in characters.
const SHOWN: usize = 80;

/// What a variable says.
pub(super) enum Said {
    /// It is not set, or to nothing.
    Nothing,
    /// A text; whole numbers and truth are written out.
    Text(String),
    /// What cannot be read, as the rest of a sentence: ``its `site` is …``.
    Unreadable(String),
}

/// A value as it is kept. Whether its text can be taken is asked once here, and not for each host that it is handed down to.
pub(super) fn kept(value: Value) -> Value {
    let Value::String(said) = &value else { return value };
    if said.trim_start().starts_with(VAULT_HEADER) {
        return encrypted();
    }
    if is_of_sops(said) {
        return marked(SOPS, Value::Null);
    }
    match text::check_line("", said) {
        Ok(()) => value,
        Err(fault) => {
            let why = format!("which is not taken: {}", fault.problem);
            not_taken(excerpt(said, SHOWN), why.trim_end_matches('.'))
        }
    }
}

/// A value that is not taken, as it is shown, with the rest of a sentence that says why.
pub(super) fn not_taken(shown: impl Into<String>, why: impl Into<String>) -> Value {
    marked(NOT_TAKEN, Value::Array(vec![Value::String(shown.into()), Value::String(why.into())]))
}

/// Whether SOPS has encrypted a text: it does so with each value of a file alone.
pub(super) fn is_of_sops(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("ENC[") && text.ends_with(']')
}

/// How a value that is not taken is shown, and why it is not.
fn why_not_taken(items: &Map<String, Value>) -> Option<(&str, &str)> {
    match items.get(NOT_TAKEN)?.as_array()?.as_slice() {
        [shown, why] => shown.as_str().zip(why.as_str()),
        _ => None,
    }
}

/// A value with a tag that stands before it in YAML.
pub(super) fn tagged(tag: &str, value: Value) -> Value {
    match (tag.trim_start_matches('!'), value) {
        ("vault" | "vault-encrypted", _) => encrypted(),
        ("unsafe", Value::String(said)) => marked(UNSAFE, Value::String(said)),
        ("unsafe", value) => value,
        (tag, value) => marked(&format!("!{tag}"), value),
    }
}

fn encrypted() -> Value {
    marked(VAULT, Value::Null)
}

fn marked(mark: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(mark.to_owned(), value)]))
}

/// The text that is marked as no template, if that is all there is.
pub(super) fn unsafe_text(items: &Map<String, Value>) -> Option<&String> {
    match items.get(UNSAFE) {
        Some(Value::String(said)) if items.len() == 1 => Some(said),
        _ => None,
    }
}

/// What is said by a variable.
pub(super) fn said(vars: &BTreeMap<&'static str, &Value>, name: &str) -> Said {
    match vars.get(name) {
        None | Some(Value::Null) => Said::Nothing,
        Some(Value::String(said)) if said.contains("{{") || said.contains("{%") => {
            Said::Unreadable(format!("`{}`, a template that only Ansible can fill in", excerpt(said, SHOWN)))
        }
        Some(Value::String(said)) => Said::Text(said.clone()),
        Some(Value::Number(number)) if number.is_f64() => {
            let why = "a number that is not whole; where it is meant as a text, put it in quotes";
            Said::Unreadable(format!("`{number}`, {why}"))
        }
        Some(Value::Number(number)) => Said::Text(number.to_string()),
        Some(Value::Bool(value)) => Said::Text(value.to_string()),
        Some(value @ Value::Array(_)) => Said::Unreadable(format!("`{}`, a list", shown(value))),
        Some(value @ Value::Object(items)) => match (unsafe_text(items), why_not_taken(items)) {
            (Some(said), _) => Said::Text(said.clone()),
            (None, Some((shown, why))) => Said::Unreadable(format!("`{shown}`, {why}")),
            (None, _) if items.contains_key(SOPS) => {
                Said::Unreadable("encrypted by SOPS; decrypt the file first (`sops decrypt FILE`)".to_owned())
            }
            (None, _) if items.contains_key(VAULT) => {
                Said::Unreadable("encrypted; only Ansible can read it, with its password".to_owned())
            }
            (None, _) => Said::Unreadable(format!("`{}`, a map", shown(value))),
        },
    }
}

/// A value for a message.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(said) => excerpt(said, SHOWN),
        Value::Object(items) if items.contains_key(VAULT) || items.contains_key(SOPS) => "encrypted".to_owned(),
        Value::Object(items) if why_not_taken(items).is_some() => {
            why_not_taken(items).map(|(shown, _)| shown.to_owned()).unwrap_or_default()
        }
        value => excerpt(&value.to_string(), SHOWN),
    }
}
