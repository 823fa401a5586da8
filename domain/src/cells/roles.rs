//! Roles in one cell, as the export writes them: `queue; sql (replication: master)`.

use super::column::role_text;
use super::figure::grouped;
use super::put::suggested;
use super::{CellError, letters, same_word, shown};
use crate::catalogue::{Catalogue, Role, SettingKind, SettingSpec};
use crate::edit::check_value;
use crate::topology::{Assignment, SettingValue, Settings};

/// What a role without brackets means for a node that has it with settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bare {
    /// The cell says all there is: somebody took the settings away.
    HasNoSettings,
    /// The settings stay: a list of roles made elsewhere does not know them.
    KeepsSettings,
}

/// One role of a cell as it stands there.
struct Entry<'t> {
    /// All of it, without the space around it.
    all: &'t str,
    /// The part before the brackets.
    word: &'t str,
    /// What the brackets hold.
    inside: Option<&'t str>,
}

/// The roles that the text names, in its order, for a node that has `current`.
///
/// Roles are named by id or by name, in any case, and stand apart by semicolons, commas or line ends. Settings have the
/// type that the catalogue says. A role that stands there as it is on the node stays as it is, also one that the
/// catalogue does not have.
pub(super) fn read(
    text: &str,
    current: &[Assignment],
    catalogue: &Catalogue,
    bare: Bare,
) -> Result<Vec<Assignment>, CellError> {
    let mut roles: Vec<Assignment> = Vec::new();
    for entry in entries(text, catalogue)? {
        let same = current.iter().find(|assignment| role_text(assignment).trim() == entry.all);
        let assignment = match same {
            Some(same) => same.clone(),
            None => assignment(&entry, current, catalogue, bare)?,
        };
        if roles.iter().any(|earlier| earlier.role == assignment.role) {
            return Err(CellError::new(format!("The role {} is there twice.", assignment.role)));
        }
        roles.push(assignment);
    }
    Ok(roles)
}

fn assignment(
    entry: &Entry<'_>,
    current: &[Assignment],
    catalogue: &Catalogue,
    bare: Bare,
) -> Result<Assignment, CellError> {
    if entry.word.is_empty() {
        return Err(CellError::new(format!("No role stands before the brackets of {}.", shown(entry.all))));
    }
    let role = role_of(entry.word, catalogue).ok_or_else(|| {
        let known: Vec<&str> = catalogue.roles.iter().map(|role| role.id.as_str()).collect();
        let near = suggested(&entry.word.replace([' ', '_'], "-"), &known);
        CellError::new(format!("{} is no role; {near}", shown(entry.word)))
    })?;
    let had = current.iter().find(|assignment| assignment.role == role.id);
    let settings = match (entry.inside, had) {
        (Some(inside), _) => settings(inside, role)?,
        (None, Some(had)) if bare == Bare::KeepsSettings => had.settings.clone(),
        (None, _) => Settings::new(),
    };
    Ok(Assignment { role: role.id.clone(), settings })
}

/// An id is exact before anything else, because a name could be another role's id.
fn role_of<'c>(word: &str, catalogue: &'c Catalogue) -> Option<&'c Role> {
    catalogue.role(word).or_else(|| {
        let named = |role: &&Role| same_word(role.id.as_str(), word) || same_word(&role.name, word);
        catalogue.roles.iter().find(named).filter(|_| letters(word).next().is_some())
    })
}

fn entries<'t>(text: &'t str, catalogue: &Catalogue) -> Result<Vec<Entry<'t>>, CellError> {
    let mut entries = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || matches!(letter, ';' | ','));
        if rest.is_empty() {
            return Ok(entries);
        }
        let end = word_end(rest);
        let word = rest[..end].trim_end();
        let Some(open) = rest[end..].strip_prefix('(') else {
            entries.push(Entry { all: word, word, inside: None });
            rest = &rest[end..];
            continue;
        };
        let Some(close) = closing(open, catalogue) else {
            return Err(CellError::new(format!("The bracket after {} is not closed.", shown(word))));
        };
        entries.push(Entry { all: &rest[..=end + 1 + close], word, inside: Some(&open[..close]) });
        rest = &open[close + 1..];
    }
}

fn word_end(text: &str) -> usize {
    text.find([';', ',', '\n', '\r', '(']).unwrap_or(text.len())
}

/// Where the brackets end: values can have brackets of their own, so something has to follow that starts a role.
fn closing(open: &str, catalogue: &Catalogue) -> Option<usize> {
    open.match_indices(')').map(|(at, _)| at).find(|at| {
        let after = open[at + 1..].trim_start_matches([' ', '\t']);
        match after.strip_prefix(',') {
            // A comma could also part two settings.
            Some(next) => role_of(next[..word_end(next)].trim(), catalogue).is_some(),
            None => after.trim_start().is_empty() || after.starts_with([';', '\n', '\r']),
        }
    })
}

/// `backend: nfs, path: /srv` with the types that the role's settings have. A comma followed by no name of a setting is
/// part of the value before it.
fn settings(inside: &str, role: &Role) -> Result<Settings, CellError> {
    // The name of each setting, and where its value starts; the place of the comma before the next one ends it.
    let mut starts: Vec<(&str, usize, usize)> = Vec::new();
    let mut at = 0;
    for piece in inside.split(',') {
        match piece.split_once(':') {
            Some((name, value)) if starts.is_empty() || begins(name, value, role) => {
                starts.push((name.trim(), at, at + name.len() + 1));
            }
            None if starts.is_empty() && !piece.trim().is_empty() => {
                let names: Vec<&str> = role.settings.iter().map(|spec| spec.name.as_str()).collect();
                return Err(CellError::new(match names.first() {
                    None => format!("The role {} has no settings, so {} does not fit.", role.id, shown(piece.trim())),
                    Some(first) => format!(
                        "{} is no setting of {}: write its name and its value, such as {first}: value.",
                        shown(piece.trim()),
                        role.id
                    ),
                }));
            }
            Some(_) | None => {}
        }
        at += piece.len() + 1;
    }
    let mut settings = Settings::new();
    for (index, (name, _, from)) in starts.iter().enumerate() {
        let to = starts.get(index + 1).map_or(inside.len(), |(_, next, _)| next - 1);
        let spec = spec_of(name, role).ok_or_else(|| unknown_setting(name, role))?;
        let value = value(inside[*from..to].trim(), spec, role)?;
        if settings.insert(spec.name.clone(), value).is_some() {
            return Err(CellError::new(format!("The setting {} of {} is there twice.", spec.name, role.id)));
        }
    }
    Ok(settings)
}

/// Whether `name:value` after a comma is a setting, or looks so much like one that it has to be.
fn begins(name: &str, value: &str, role: &Role) -> bool {
    let name = name.trim();
    let word = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    spec_of(name, role).is_some() || (word && value.starts_with(' '))
}

/// The setting of that name or label, in any case.
fn spec_of<'r>(name: &str, role: &'r Role) -> Option<&'r SettingSpec> {
    role.setting(name)
        .or_else(|| role.settings.iter().find(|spec| same_word(&spec.name, name) || same_word(&spec.label, name)))
}

fn unknown_setting(name: &str, role: &Role) -> CellError {
    let known: Vec<&str> = role.settings.iter().map(|spec| spec.name.as_str()).collect();
    CellError::new(if known.is_empty() {
        format!("The role {} has no settings, so {} does not fit.", role.id, shown(name))
    } else {
        format!("The role {} has no setting {}; {}", role.id, shown(name), suggested(name, &known))
    })
}

/// Of the setting's type. Whether a value of that type fits is for the rules, which offer fixes.
fn value(text: &str, spec: &SettingSpec, role: &Role) -> Result<SettingValue, CellError> {
    match &spec.kind {
        SettingKind::Integer { .. } => {
            let number = text.parse().ok().or_else(|| grouped(text)?.try_into().ok());
            number.map(SettingValue::Integer).ok_or_else(|| {
                let (given, fits) = (shown(text), spec.kind.describe());
                CellError::new(format!("{given} does not fit {} of {}: it takes {fits}.", spec.name, role.id))
            })
        }
        SettingKind::Choice(words) => {
            let exact = words.iter().find(|word| *word == text);
            let same = exact.or_else(|| words.iter().find(|word| same_word(word, text)));
            let value = SettingValue::Text(same.map_or(text, String::as_str).to_owned());
            check_value(&spec.name, &value, false).map_err(|fault| {
                CellError::new(format!("{} does not fit {} of {}: {}", shown(text), spec.name, role.id, fault.problem))
            })?;
            Ok(value)
        }
        SettingKind::Text | SettingKind::Path | SettingKind::Address | SettingKind::Url | SettingKind::Group => {
            let value = SettingValue::Text(text.to_owned());
            check_value(&spec.name, &value, spec.kind == SettingKind::Group).map_err(|fault| {
                let given = shown(text);
                CellError::new(format!("{given} does not fit {} of {}: {}", spec.name, role.id, fault.problem))
            })?;
            Ok(value)
        }
    }
}
