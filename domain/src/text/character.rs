//! Characters that a reader does not see, or that move what they see.

use std::fmt;

/// Why a character is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Acts on what shows it: U+0000 to U+001F, U+007F to U+009F.
    Control,
    /// Breaks a line where nobody expects it: U+2028 and U+2029.
    LineBreak,
    /// Turns the direction of writing.
    Bidirectional,
    /// Takes no room.
    ZeroWidth,
    /// Stands for no character at all: U+FFFE and its like.
    NoCharacter,
}

/// What it is, within a sentence.
impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Control => "a control character",
            Self::LineBreak => "a line break of its own kind",
            Self::Bidirectional => "one that turns the direction of writing",
            Self::ZeroWidth => "one that takes no room",
            Self::NoCharacter => "no character",
        })
    }
}

/// Why a character is not taken after the one before it; none where it is.
pub fn class_of(character: char, before: Option<char>) -> Option<Class> {
    // Nearly all text ends here.
    if matches!(character, ' '..='~') {
        return None;
    }
    Some(match character {
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Class::Control,
        '\u{2028}' | '\u{2029}' => Class::LineBreak,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Class::Bidirectional,
        // How a symbol is drawn (in colour, or as text); after anything else it would be hidden.
        '\u{fe0e}' | '\u{fe0f}' if before.is_some_and(is_symbol) => return None,
        // Soft hyphen, joiners, fillers (an empty cell of Braille among them), marks of shorthand and music, variation selectors, tags, annotations.
        '\u{ad}'
        | '\u{34f}'
        | '\u{600}'..='\u{605}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{890}'..='\u{891}'
        | '\u{8e2}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{110bd}'
        | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => Class::ZeroWidth,
        _ if matches!(u32::from(character) & 0xffff, 0xfffe | 0xffff)
            || matches!(character, '\u{fdd0}'..='\u{fdef}') =>
        {
            Class::NoCharacter
        }
        _ => return None,
    })
}

fn is_symbol(character: char) -> bool {
    !character.is_ascii()
        && !character.is_alphanumeric()
        && !character.is_whitespace()
        && class_of(character, None).is_none()
}

/// What people call it, for those that turn up most.
pub(super) fn name_of(character: char) -> Option<&'static str> {
    Some(match character {
        '\0' => "null",
        '\u{7}' => "bell",
        '\u{8}' => "backspace",
        '\t' => "tab",
        '\n' => "line feed",
        '\u{b}' => "vertical tab",
        '\u{c}' => "form feed",
        '\r' => "carriage return",
        '\u{1b}' => "escape",
        '\u{7f}' => "delete",
        '\u{85}' => "next line",
        '\u{9b}' => "control sequence introducer",
        '\u{ad}' => "soft hyphen",
        '\u{61c}' => "Arabic letter mark",
        '\u{200b}' => "zero-width space",
        '\u{200c}' => "zero-width non-joiner",
        '\u{200d}' => "zero-width joiner",
        '\u{200e}' => "left-to-right mark",
        '\u{200f}' => "right-to-left mark",
        '\u{2028}' => "line separator",
        '\u{2029}' => "paragraph separator",
        '\u{202a}' => "left-to-right embedding",
        '\u{202b}' => "right-to-left embedding",
        '\u{202c}' => "pop directional formatting",
        '\u{202d}' => "left-to-right override",
        '\u{202e}' => "right-to-left override",
        '\u{2060}' => "word joiner",
        '\u{2066}' => "left-to-right isolate",
        '\u{2067}' => "right-to-left isolate",
        '\u{2068}' => "first strong isolate",
        '\u{2069}' => "pop directional isolate",
        '\u{fe00}'..='\u{fe0f}' => "variation selector",
        '\u{feff}' => "byte order mark",
        '\u{0}'..='\u{1f}' | '\u{80}'..='\u{9f}' => "control",
        _ => return None,
    })
}
