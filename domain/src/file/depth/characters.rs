//! The characters of a file, in the classes that libyaml has for them.

use super::Scanner;

impl<'t> Scanner<'t> {
    pub(super) fn rest(&self) -> &'t [u8] {
        self.text.get(self.offset..).unwrap_or_default()
    }

    /// The byte so far ahead; 0 behind the end.
    pub(super) fn at(&self, ahead: usize) -> u8 {
        self.text.get(self.offset + ahead).copied().unwrap_or(0)
    }

    /// Skips one character; a line break is one.
    pub(super) fn skip(&mut self) {
        if self.is_break(0) {
            self.offset += if self.at(0) == b'\r' && self.at(1) == b'\n' { 2 } else { width(self.at(0)) };
            self.line += 1;
            self.column = 0;
        } else if self.offset < self.text.len() {
            self.offset += width(self.at(0));
            self.column += 1;
        }
    }

    pub(super) fn skip_to_break(&mut self) {
        while !self.is_break(0) && self.at(0) != 0 {
            self.skip();
        }
    }

    pub(super) fn is_document_indicator(&self) -> bool {
        let indicator = [self.at(0), self.at(1), self.at(2)];
        self.column == 0 && (indicator == *b"---" || indicator == *b"...") && self.is_blankz(3)
    }

    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.at(ahead), b' ' | b'\t')
    }

    pub(super) fn is_break(&self, ahead: usize) -> bool {
        match self.at(ahead) {
            b'\n' | b'\r' => true,
            // U+0085, and U+2028 and U+2029.
            0xc2 => self.at(ahead + 1) == 0x85,
            0xe2 => self.at(ahead + 1) == 0x80 && matches!(self.at(ahead + 2), 0xa8 | 0xa9),
            _ => false,
        }
    }

    pub(super) fn is_blankz(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_break(ahead) || self.at(ahead) == 0
    }
}

/// The length of the character that begins so, in bytes.
fn width(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

pub(super) fn is_alpha(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

pub(super) fn is_of_uri(byte: u8) -> bool {
    is_alpha(byte) || b";/?:@&=+$.%!~*'()".contains(&byte)
}
