//! The topology file, YAML or JSON (requirements, section 7).
//!
//! Reading never panics and never takes half a file: either the whole topology, or one error with its place.

pub(crate) mod budget;
mod depth;
pub(crate) mod place;
pub(crate) mod seeds;
mod shape;
pub(crate) mod suggest;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeSeed;

use crate::catalogue::Catalogue;
use crate::text::{excerpt, visible, yaml_for_showing};
use crate::topology::Topology;
use budget::Budget;

/// Largest file that is read.
pub const LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// As much of what is wrong is shown, in characters: some of it can be a name as long as the file.
const SHOWN: usize = 2_000;

/// The version of the format that is written, and the only one that is read.
pub const VERSION: u64 = 1;

/// Why a file cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct FileError {
    /// The line, from 1, where there is one.
    pub line: Option<usize>,
    /// The column in that line, from 1.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = excerpt(&self.message, SHOWN);
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, column {column}: {message}"),
            (Some(line), None) => write!(f, "line {line}: {message}"),
            (None, _) => f.write_str(&message),
        }
    }
}

impl FileError {
    pub(crate) fn of_file(message: impl Into<String>) -> Self {
        Self { line: None, column: None, message: message.into() }
    }

    pub(crate) fn at(text: &[u8], offset: usize, message: impl Into<String>) -> Self {
        let before = &text[..offset.min(text.len())];
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |position| position + 1);
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
        Self { line: Some(line), column: Some(column), message: message.into() }
    }
}

impl From<serde_norway::Error> for FileError {
    fn from(error: serde_norway::Error) -> Self {
        let place = error.location().map(|location| (location.line(), location.column()));
        Self::told(&error.to_string(), place)
    }
}

impl From<serde_json::Error> for FileError {
    fn from(error: serde_json::Error) -> Self {
        // Line 0 is the library's word for no place.
        let place = (error.line() > 0).then(|| (error.line(), error.column().max(1)));
        Self::told(&error.to_string(), place)
    }
}

impl FileError {
    /// The parsers end their message with the place, and speak of fields where the file's reader sees keys.
    fn told(message: &str, place: Option<(usize, usize)>) -> Self {
        let (line, column) = place.unzip();
        let message = visible(match place {
            Some((line, column)) => {
                let suffix = format!(" at line {line} column {column}");
                message.strip_suffix(&suffix).unwrap_or(message)
            }
            None => message,
        });
        let message = message
            .replace("unknown field", "unknown key")
            .replace("missing field", "missing key")
            .replace("duplicate field", "duplicate key")
            .replace("unknown variant", "unknown value")
            .replace("expected u32", "expected a whole number")
            .replace("expected u64", "expected a whole number");
        Self { line, column, message: in_short(message) }
    }
}

/// A message as the parsers make it holds the whole value that they could not take, which may be the file.
fn in_short(message: String) -> String {
    const BEGINNING: usize = 300;
    const END: usize = 100;
    let count = message.chars().count();
    if count <= BEGINNING + END {
        return message;
    }
    let beginning: String = message.chars().take(BEGINNING).collect();
    let end: String = message.chars().skip(count - END).collect();
    format!("{beginning}…{end}")
}

/// Reads a topology from YAML or JSON, told apart by content.
pub fn read(bytes: &[u8], catalogue: &Catalogue) -> Result<Topology, FileError> {
    let text = text_of(bytes)?;
    if is_blank(text) {
        return Err(FileError::of_file("the file is empty; it starts with `version: 1`"));
    }
    check_raw(text)?;
    if text.trim_start().starts_with('{') { read_json(text, catalogue) } else { read_yaml(text, catalogue) }
}

/// What no parser is asked to look at: characters that none takes, told with their place, and what is nested too deeply.
pub(crate) fn check_raw(text: &str) -> Result<(), FileError> {
    // Some readers take a few of them for ends of lines, and places in the file would be others.
    let is_taken = |character: char| match character {
        '\t' | '\n' | '\r' => true,
        '\u{2028}' | '\u{2029}' => false,
        _ => !character.is_control(),
    };
    if let Some((offset, character)) = text.char_indices().find(|(_, character)| !is_taken(*character)) {
        let message =
            format!("the character {} is here, which no file of this kind has", crate::text::named(character));
        return Err(FileError::at(text.as_bytes(), offset, message));
    }
    depth::check(text)
}

/// The bytes as text without a byte order mark, if they are no more than [`LIMIT_BYTES`] of UTF-8.
pub(crate) fn text_of(bytes: &[u8]) -> Result<&str, FileError> {
    if bytes.len() > LIMIT_BYTES {
        let mebibytes = |bytes: usize| bytes.div_ceil(1024 * 1024);
        return Err(FileError::of_file(format!(
            "the file is too large: {} MiB, where at most {} MiB are read",
            mebibytes(bytes.len()),
            mebibytes(LIMIT_BYTES)
        )));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| FileError::at(bytes, error.valid_up_to(), "the file is not UTF-8 text from here on"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match encrypted_by(text) {
        Some(with) => Err(FileError {
            line: Some(1),
            column: Some(1),
            message: format!("the file is encrypted; decrypt it first ({with}), and give what that prints"),
        }),
        None => Ok(text),
    }
}

/// How to decrypt a file that begins as an encrypted one does.
fn encrypted_by(text: &str) -> Option<&'static str> {
    const BEGINNINGS: [(&str, &str); 4] = [
        ("$ANSIBLE_VAULT;", "`ansible-vault view FILE`"),
        ("-----BEGIN PGP MESSAGE-----", "`gpg --decrypt FILE`"),
        ("-----BEGIN AGE ENCRYPTED FILE-----", "`age --decrypt FILE`"),
        ("age-encryption.org/", "`age --decrypt FILE`"),
    ];
    let text = text.trim_start();
    let whole = BEGINNINGS.into_iter().find(|(beginning, _)| text.starts_with(beginning)).map(|(_, with)| with);
    whole.or_else(|| is_of_sops(text).then_some("`sops decrypt FILE`"))
}

/// Whether SOPS has encrypted the file: each value alone, with a part of its own that says how.
fn is_of_sops(text: &str) -> bool {
    let is_its_part = |line: &str| {
        let line = line.trim_start();
        ["sops:", "[sops]", "sops_version="].iter().any(|beginning| line.starts_with(beginning))
    };
    text.contains("ENC[") && (text.contains("\"sops\":") || text.lines().any(is_its_part))
}

/// Whether there is nothing but space and comments.
pub(crate) fn is_blank(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

fn read_yaml(text: &str, catalogue: &Catalogue) -> Result<Topology, FileError> {
    let budget = Budget::of_file(text.len());
    let topology = shape::Document { catalogue, budget }.deserialize(serde_norway::Deserializer::from_str(text));
    topology.map_err(|error| place::of_second_document(text).unwrap_or_else(|| place::of_yaml(error, text)))
}

/// JSON; but YAML can start with a brace as well, so what is no JSON gets a second chance as YAML.
fn read_json(text: &str, catalogue: &Catalogue) -> Result<Topology, FileError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let budget = Budget::of_file(text.len());
    let outcome = shape::Document { catalogue, budget }
        .deserialize(&mut deserializer)
        .and_then(|topology| deserializer.end().map(|()| topology));
    match outcome {
        Ok(topology) => Ok(topology),
        Err(error) if error.is_syntax() => read_yaml(text, catalogue).map_err(|_| place::of_json(error, text)),
        Err(error) => Err(place::of_json(error, text)),
    }
}

#[derive(Serialize)]
struct Written<'a> {
    version: u64,
    #[serde(flatten)]
    topology: &'a Topology,
}

/// The topology as YAML that can be shown anywhere; reading it gives the same topology.
pub fn write_yaml(topology: &Topology) -> String {
    yaml_for_showing(&Written { version: VERSION, topology }).expect("all keys of a topology are texts")
}

/// The topology as JSON, indented; reading it gives the same topology.
pub fn write_json(topology: &Topology) -> String {
    serde_json::to_string_pretty(&Written { version: VERSION, topology }).expect("all keys of a topology are texts")
}
