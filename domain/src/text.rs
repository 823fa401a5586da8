//! The one rule for all that people type (requirements, section 11): in files, drafts, forms, the API and the command
//! line.
//!
//! It is asked where text comes in, never where the past is read: a revision that was made before the rule is read and
//! shown as it is. What shows text on a terminal, in a table or in a mail takes [`visible`] or [`visible_lines`].

mod character;
#[cfg(test)]
mod tests;
mod yaml;

use std::borrow::Cow;
use std::fmt;

pub use character::{Class, class_of};
pub use yaml::yaml_for_showing;

/// Longest name, in characters.
pub const NAME_MAX: usize = 200;
/// Longest long text, in characters.
pub const LONG_MAX: usize = 10_000;
/// Longest value of a setting, in characters: addresses and paths are longer than names.
pub const LINE_MAX: usize = 2_000;

/// What is wrong with a text, and in which field it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TextFault {
    /// The field's name, as forms, files and edits have it: `site`, `title`, `settings.path`.
    pub field: Cow<'static, str>,
    /// What is wrong with it.
    pub problem: TextProblem,
}

/// What can be wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextProblem {
    /// Nothing is there.
    Empty,
    /// There is too much.
    TooLong {
        /// Characters that it has.
        length: usize,
        /// Characters that it may have.
        most: usize,
    },
    /// A blank at one of its ends.
    Blank {
        /// Whether at the end; else at the start.
        at_end: bool,
    },
    /// A character that is not taken.
    Character {
        /// Which.
        character: char,
        /// Why.
        class: Class,
        /// The line that it is in, from 1; none where a text has one line only.
        line: Option<usize>,
        /// Its place in that line, in characters, from 1.
        place: usize,
    },
}

/// A sentence that names the field: `site: the character U+001B (escape) at place 3 is a control character.`
impl fmt::Display for TextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

/// A sentence.
impl fmt::Display for TextProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty => f.write_str("it is empty."),
            Self::TooLong { length, most } => write!(f, "it has {length} characters; at most {most} are taken."),
            Self::Blank { at_end: false } => f.write_str("it starts with a blank; leave it out."),
            Self::Blank { at_end: true } => f.write_str("it ends with a blank; leave it out."),
            Self::Character { character, class, line, place } => {
                write!(f, "the character {}", named(character))?;
                match line {
                    Some(line) => write!(f, " in line {line} at place {place}")?,
                    None => write!(f, " at place {place}")?,
                }
                write!(f, " is {class}, which no text of this kind has.")
            }
        }
    }
}

impl TextProblem {
    /// A sentence that starts with a capital letter, for where the field stands beside it.
    pub fn as_sentence(&self) -> String {
        let sentence = self.to_string();
        let mut letters = sentence.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }
}

/// `U+001B (escape)`.
pub(crate) fn named(character: char) -> String {
    match character::name_of(character) {
        Some(name) => format!("U+{:04X} ({name})", u32::from(character)),
        None => format!("U+{:04X}", u32::from(character)),
    }
}

/// Checks a name: of a host, group, service, site, role, environment, person, or a title. It has 1 to [`NAME_MAX`]
/// characters in one line, none of them hidden, and no blanks at the ends.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_name(field: impl Into<Cow<'static, str>>, text: &str) -> Result<(), TextFault> {
    let problem = name_problem(text);
    problem.map_or(Ok(()), |problem| Err(TextFault { field: field.into(), problem }))
}

/// Checks a long text: a reason, a comment, a note. It has 1 to [`LONG_MAX`] characters, none of them hidden; line
/// breaks and tabs are taken.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_long(field: impl Into<Cow<'static, str>>, text: &str) -> Result<(), TextFault> {
    let problem = long_problem(text);
    problem.map_or(Ok(()), |problem| Err(TextFault { field: field.into(), problem }))
}

/// Checks the value of a setting: one line of at most [`LINE_MAX`] characters, none of them hidden. Whether it may be
/// empty, and what it means, is for the rules.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_line(field: impl Into<Cow<'static, str>>, text: &str) -> Result<(), TextFault> {
    let problem = character_problem(text, Lines::One).or_else(|| length_problem(text, LINE_MAX));
    problem.map_or(Ok(()), |problem| Err(TextFault { field: field.into(), problem }))
}

/// A name as somebody typed it into a form, without the blanks around it.
///
/// # Errors
/// As [`check_name`].
pub fn name(field: impl Into<Cow<'static, str>>, typed: &str) -> Result<String, TextFault> {
    let text = typed.trim();
    check_name(field, text)?;
    Ok(text.to_owned())
}

/// A long text as somebody typed it into a form: with line ends of one character, without blanks around it.
///
/// # Errors
/// As [`check_long`].
pub fn long(field: impl Into<Cow<'static, str>>, typed: &str) -> Result<String, TextFault> {
    // Plain forms send line ends as two characters.
    let text = typed.replace("\r\n", "\n");
    let text = text.trim();
    check_long(field, text)?;
    Ok(text.to_owned())
}

/// As [`long`], for a field that can be left empty.
///
/// # Errors
/// As [`check_long`], but for an empty one.
pub fn long_or_none(field: impl Into<Cow<'static, str>>, typed: Option<&str>) -> Result<Option<String>, TextFault> {
    match typed {
        Some(typed) if !typed.trim().is_empty() => long(field, typed).map(Some),
        Some(_) | None => Ok(None),
    }
}

/// What is wrong with a name, if anything.
pub fn name_problem(text: &str) -> Option<TextProblem> {
    if text.is_empty() {
        return Some(TextProblem::Empty);
    }
    // First the characters: what is hidden at an end is told as what it is.
    let blank = || {
        let at_end = !text.starts_with(char::is_whitespace);
        (text.trim() != text).then_some(TextProblem::Blank { at_end })
    };
    character_problem(text, Lines::One).or_else(blank).or_else(|| length_problem(text, NAME_MAX))
}

/// What is wrong with a long text, if anything.
pub fn long_problem(text: &str) -> Option<TextProblem> {
    if text.trim().is_empty() {
        return Some(TextProblem::Empty);
    }
    character_problem(text, Lines::Many).or_else(|| length_problem(text, LONG_MAX))
}

/// Whether a text can be of one line or of many, where tabs are taken as well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

/// The first character that is not taken.
fn character_problem(text: &str, lines: Lines) -> Option<TextProblem> {
    let (mut line, mut place) = (1, 0);
    let mut before = None;
    for character in text.chars() {
        place += 1;
        if lines == Lines::Many && character == '\n' {
            (line, place) = (line + 1, 0);
        } else if !(lines == Lines::Many && character == '\t')
            && let Some(class) = class_of(character, before)
        {
            let line = (lines == Lines::Many).then_some(line);
            return Some(TextProblem::Character { character, class, line, place });
        }
        before = Some(character);
    }
    None
}

fn length_problem(text: &str, most: usize) -> Option<TextProblem> {
    let length = text.chars().count();
    (length > most).then_some(TextProblem::TooLong { length, most })
}

/// A text in one line, with each character that a reader would not see, or that would move what they see, written out:
/// `ag<U+001B>[31m`. For terminals, tables, mails and logs, whatever the text comes from.
pub fn visible(text: &str) -> Cow<'_, str> {
    written_out(text, Lines::One)
}

/// As [`visible`]; line breaks and tabs stay as they are.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    written_out(text, Lines::Many)
}

fn written_out(text: &str, lines: Lines) -> Cow<'_, str> {
    let stays = |character: char, before: Option<char>| {
        (lines == Lines::Many && matches!(character, '\n' | '\t')) || class_of(character, before).is_none()
    };
    let mut before = None;
    if text.chars().all(|character| stays(character, before.replace(character))) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 16);
    let mut before = None;
    for character in text.chars() {
        if stays(character, before.replace(character)) {
            written.push(character);
        } else {
            written.push_str(&format!("<U+{:04X}>", u32::from(character)));
        }
    }
    Cow::Owned(written)
}

/// At most that many characters of a text, written out as by [`visible`], with a mark where it was cut; for messages
/// that show the value they complain of.
pub fn excerpt(text: &str, most: usize) -> String {
    let mut shown = visible(&text.chars().take(most).collect::<String>()).into_owned();
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

/// JSON that can be shown anywhere: what [`visible_lines`] would write out is escaped, so that reading it gives the same
/// values.
///
/// Only for a whole document as serde writes it: such characters stand nowhere there but within texts.
pub fn json_for_showing(json: &str) -> Cow<'_, str> {
    let stays = |character: char| matches!(character, '\n' | '\t') || class_of(character, None).is_none();
    if json.chars().all(stays) {
        return Cow::Borrowed(json);
    }
    let mut written = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if stays(character) {
            written.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                written.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    Cow::Owned(written)
}
