//! The INI dialect. Ours, because no kept crate knows it: lines of hosts with words as a shell splits them, ranges,
//! `[group:children]` and `[group:vars]`, and no `key = value` where an INI file has it.

use std::rc::Rc;

use super::model::{ALL, Inventory, Owner, Place, Vars, known};
use super::pattern::expand;
use super::said::kept;
use super::words::{split, value};
use crate::file::FileError;
use crate::text::excerpt;

/// What the lines of a section say.
#[derive(Clone, Copy)]
enum Section {
    /// Hosts of a group; of none before the first section.
    Hosts(Option<usize>),
    Children(usize),
    /// Variables of a group that can be named before it is there.
    Vars(usize),
}

struct Reader {
    inventory: Inventory,
    section: Section,
    /// Groups that were declared, by number; others are only spoken of.
    declared: Vec<usize>,
    /// Groups that are spoken of, and where.
    spoken_of: Vec<(usize, Place)>,
    /// How many characters the line starts with that are blank.
    indent: usize,
}

/// Reads a whole inventory.
pub(super) fn read(text: &str) -> Result<Inventory, FileError> {
    let mut reader = Reader {
        inventory: Inventory::new(),
        section: Section::Hosts(None),
        declared: vec![ALL],
        spoken_of: Vec::new(),
        indent: 0,
    };
    for (index, line) in text.lines().enumerate() {
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        reader.indent = line[..indent].chars().count();
        reader.line(content, index + 1).map_err(|(at, message)| {
            let column = line.get(..indent + at).unwrap_or(line).chars().count() + 1;
            FileError { line: Some(index + 1), column: Some(column), message }
        })?;
    }
    reader.declared.sort_unstable();
    for (group, place) in &reader.spoken_of {
        if reader.declared.binary_search(group).is_err() {
            let name = shown(&reader.inventory.groups[*group].name);
            let message = format!("the group `{name}` is nowhere in the file; a line `[{name}]` declares it");
            return Err(FileError { line: Some(place.line), column: Some(place.column), message });
        }
    }
    reader.inventory.finish();
    Ok(reader.inventory)
}

/// An error with the byte of the line where it stands.
type Wrong = (usize, String);

impl Reader {
    fn line(&mut self, line: &str, number: usize) -> Result<(), Wrong> {
        // A host can start with a bracket as well: `[a:c].example.net`, `[fd00::1]:22`.
        if line.starts_with('[') {
            match header(line) {
                Some((name, kind)) => return self.header(name, kind, number),
                None if spaced(line) || !matches!(self.section, Section::Hosts(_)) => {
                    return Err((
                        0,
                        "a section is written as `[group]`, `[group:children]` or `[group:vars]`".to_owned(),
                    ));
                }
                None => {}
            }
        }
        match self.section {
            Section::Hosts(group) => self.hosts(line, group, number),
            Section::Children(parent) => self.child(line, parent, number),
            Section::Vars(group) => self.variable(line, group, number),
        }
    }

    fn header(&mut self, name: &str, kind: Option<&str>, line: usize) -> Result<(), Wrong> {
        let group = self.inventory.group(name, Some(line)).map_err(|message| (1, message))?;
        self.section = match kind {
            None | Some("hosts") => Section::Hosts(Some(group)),
            Some("children") => Section::Children(group),
            Some("vars") => Section::Vars(group),
            Some(other) => {
                let message = format!("`{other}` is no kind of section; expected `hosts`, `children` or `vars`");
                return Err((name.len() + 2, message));
            }
        };
        if kind == Some("vars") {
            self.spoken_of.push((group, Place { line, column: self.indent + 2 }));
        } else {
            self.declared.push(group);
        }
        Ok(())
    }

    fn hosts(&mut self, line: &str, group: Option<usize>, number: usize) -> Result<(), Wrong> {
        let words = split(line).map_err(|(at, message)| (at, message.to_owned()))?;
        let Some((pattern, settings)) = words.split_first() else { return Ok(()) };
        let wrong = |message| (pattern.start, message);
        let hosts = expand(&pattern.text, self.inventory.room()).map_err(wrong)?;
        let mut vars = Vars::new();
        if hosts.port.is_some() {
            self.inventory.count_unknown("ansible_port", hosts.names.len(), Some(number));
        }
        for word in settings {
            let Some((name, text)) = word.text.split_once('=') else {
                return Err((word.start, format!("`{}` is no variable; expected `name=value`", shown(&word.text))));
            };
            match known(name) {
                Some(name) => {
                    if vars.insert(name, Rc::new(kept(value(text)))).is_some() {
                        return Err((word.start, format!("`{name}` is there twice in one line")));
                    }
                }
                None => self.inventory.count_unknown(name, hosts.names.len(), Some(number)),
            }
        }
        for name in &hosts.names {
            let host = self.inventory.host(name, Some(number)).map_err(wrong)?;
            self.inventory.say(Owner::Host(host), &vars, Some(number));
            if let Some(group) = group {
                self.inventory.join(group, host);
            }
        }
        Ok(())
    }

    fn child(&mut self, line: &str, parent: usize, number: usize) -> Result<(), Wrong> {
        let name = line.split_once('#').map_or(line, |(name, _)| name).trim_end();
        if name.contains([' ', '\t', ':', ']']) {
            return Err((0, format!("`{}` is no group; a line has one name", shown(name))));
        }
        let child = self.inventory.group(name, Some(number)).map_err(|message| (0, message))?;
        let place = Place { line: number, column: self.indent + 1 };
        self.inventory.add_child(parent, child, Some(place)).map_err(|message| (0, message))?;
        self.spoken_of.push((child, place));
        Ok(())
    }

    fn variable(&mut self, line: &str, group: usize, number: usize) -> Result<(), Wrong> {
        let Some((name, text)) = line.split_once('=') else {
            return Err((0, format!("`{}` is no variable; expected `name=value`", shown(line))));
        };
        let name = name.trim();
        match known(name) {
            Some(name) => {
                let said = Vars::from([(name, Rc::new(kept(value(text))))]);
                self.inventory.say(Owner::Group(group), &said, Some(number));
            }
            None => self.inventory.count_unknown(name, 1, Some(number)),
        }
        Ok(())
    }
}

/// The name and the kind of a section's first line.
pub(super) fn header(line: &str) -> Option<(&str, Option<&str>)> {
    let (inside, after) = line.strip_prefix('[')?.split_once(']')?;
    let after = after.trim_start();
    let (name, kind) = match inside.split_once(':') {
        None => (inside, None),
        Some((name, kind)) => (name, Some(kind)),
    };
    let word = |text: &str| !text.is_empty() && !text.contains(|letter: char| letter == ':' || letter.is_whitespace());
    let is_header = word(name) && kind.is_none_or(word) && (after.is_empty() || after.starts_with('#'));
    is_header.then_some((name, kind))
}

/// Whether there is a space between the brackets, as in no range and no address.
fn spaced(line: &str) -> bool {
    line.split_once(']').is_some_and(|(inside, _)| inside.contains(char::is_whitespace))
}

fn shown(text: &str) -> String {
    excerpt(text, 80)
}
