//! One figure as forms and command lines ask for it: its name, label, unit, help, bounds and how its text is read.

use serde::Serialize;

use crate::text::check_line;
use crate::topology::Platform;

/// One figure that [`super::propose`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The key in files and the name of the form's input; with hyphens for underscores, the command line's option.
    pub name: &'static str,
    /// The heading that a form puts it under.
    pub section: &'static str,
    /// The label in forms.
    pub label: &'static str,
    /// What the number counts or measures; empty for texts.
    pub unit: &'static str,
    /// What it means and what it is used for.
    pub help: &'static str,
    /// Which values fit.
    pub kind: FieldKind,
    /// Whether it always has to be given; of some others, one of two has to be.
    pub required: bool,
    /// Whether the default is only there for a first try, to be replaced by what was measured or is planned.
    pub placeholder: bool,
}

/// Which values a figure takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FieldKind {
    /// A whole number.
    Number {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// One line of text.
    Text {
        /// The most characters.
        max_chars: usize,
    },
    /// Names with commas between them.
    Names {
        /// The most names.
        most: usize,
        /// The most characters of one.
        max_chars: usize,
    },
    /// One of these words.
    Choice {
        /// The words, in the order that forms offer them.
        words: &'static [&'static str],
    },
}

impl FieldKind {
    /// What fits, to end the sentence "It has to be …".
    pub fn expected(&self) -> String {
        match self {
            Self::Number { min, max } => format!("a whole number from {min} to {max}"),
            Self::Text { max_chars } => format!("a line of 1 to {max_chars} characters"),
            Self::Names { most, max_chars } => {
                format!("1 to {most} names with commas between them, each of at most {max_chars} characters")
            }
            Self::Choice { words } => format!("one of {}", words.join(", ")),
        }
    }

    fn misfit(&self) -> String {
        format!("It has to be {}.", self.expected())
    }
}

/// A type that a figure can have.
pub(super) trait Value: Sized {
    /// Whether nothing is a value too.
    const OPTIONAL: bool = false;

    /// The value that a person typed; whether it is in its bounds is told by [`Value::problem`].
    fn read(text: &str, kind: &FieldKind) -> Result<Self, String>;

    /// The text that [`Value::read`] makes the same value of.
    fn show(&self) -> String;

    /// What is out of bounds.
    fn problem(&self, kind: &FieldKind) -> Option<String>;
}

impl Value for u64 {
    fn read(text: &str, kind: &FieldKind) -> Result<Self, String> {
        text.trim().parse().map_err(|_| kind.misfit())
    }

    fn show(&self) -> String {
        self.to_string()
    }

    fn problem(&self, kind: &FieldKind) -> Option<String> {
        let fits = matches!(kind, FieldKind::Number { min, max } if (min..=max).contains(&self));
        (!fits).then(|| kind.misfit())
    }
}

impl Value for String {
    fn read(text: &str, _: &FieldKind) -> Result<Self, String> {
        Ok(text.trim().to_owned())
    }

    fn show(&self) -> String {
        self.clone()
    }

    fn problem(&self, kind: &FieldKind) -> Option<String> {
        let fits = matches!(kind, FieldKind::Text { max_chars } if is_line(self, *max_chars));
        (!fits).then(|| kind.misfit())
    }
}

impl Value for Vec<String> {
    fn read(text: &str, _: &FieldKind) -> Result<Self, String> {
        Ok(text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect())
    }

    fn show(&self) -> String {
        self.join(", ")
    }

    fn problem(&self, kind: &FieldKind) -> Option<String> {
        let fits = matches!(kind, FieldKind::Names { most, max_chars }
            if (1..=*most).contains(&self.len())
                && self.iter().all(|name| is_line(name, *max_chars) && !name.contains(',')));
        (!fits).then(|| kind.misfit())
    }
}

impl Value for Platform {
    fn read(text: &str, kind: &FieldKind) -> Result<Self, String> {
        Self::ALL.into_iter().find(|platform| platform.as_str() == text.trim()).ok_or_else(|| kind.misfit())
    }

    fn show(&self) -> String {
        self.as_str().to_owned()
    }

    fn problem(&self, kind: &FieldKind) -> Option<String> {
        let fits = matches!(kind, FieldKind::Choice { words } if words.contains(&self.as_str()));
        (!fits).then(|| kind.misfit())
    }
}

impl<T: Value> Value for Option<T> {
    const OPTIONAL: bool = true;

    fn read(text: &str, kind: &FieldKind) -> Result<Self, String> {
        if text.trim().is_empty() { Ok(None) } else { T::read(text, kind).map(Some) }
    }

    fn show(&self) -> String {
        self.as_ref().map(T::show).unwrap_or_default()
    }

    fn problem(&self, kind: &FieldKind) -> Option<String> {
        self.as_ref().and_then(|value| value.problem(kind))
    }
}

/// Whether a text is one line with something on it, and nothing hidden in it or blank around it.
fn is_line(text: &str, max_chars: usize) -> bool {
    !text.is_empty() && text == text.trim() && text.chars().count() <= max_chars && check_line("", text).is_ok()
}
