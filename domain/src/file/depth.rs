//! How deep the brackets of a file are nested, before the YAML parser sees it.
//!
//! That parser's time grows with the number of tokens times the number of open brackets: a file of opening brackets
//! would keep it busy for hours. Brackets in texts do not count, so what we write is read again whatever its texts
//! are. To tell them apart, this takes the steps of libyaml's scanner (`scanner.rs` of unsafe-libyaml), named alike.
//! Where libyaml stops with an error this goes on: what it then counts can only be too much. JSON, which is read by
//! another parser, counts the same.

mod characters;
#[cfg(test)]
mod tests;

use super::FileError;
use characters::{is_alpha, is_of_uri};

/// Brackets inside brackets, at most; the format needs five.
const LIMIT_BRACKETS: usize = 64;

/// Lists and keys inside one another by indentation, at most: so that counting needs little memory.
const LIMIT_BLOCKS: usize = 1024;

/// How far behind the start of a simple key its colon may be, in bytes.
const SIMPLE_KEY_BYTES: usize = 1024;

/// Refuses what is nested deeper than any file of ours, in time proportional to its length.
pub(crate) fn check(text: &str) -> Result<(), FileError> {
    match Scanner::new(text, LIMIT_BRACKETS).scan() {
        Ok(_) => Ok(()),
        Err(TooDeep { offset, what }) => {
            Err(FileError::at(text.as_bytes(), offset, format!("{what} are nested too deeply")))
        }
    }
}

#[derive(Debug)]
struct TooDeep {
    offset: usize,
    what: &'static str,
}

/// Where a key began that may turn out to be one when its colon comes.
struct SimpleKey {
    offset: usize,
    line: usize,
    column: usize,
}

struct Scanner<'t> {
    text: &'t [u8],
    offset: usize,
    line: usize,
    /// In characters, from 0.
    column: usize,
    limit: usize,
    level: usize,
    deepest: usize,
    /// The columns of the open blocks, from 1; libyaml counts from 0, with -1 for none.
    indents: Vec<usize>,
    /// Of level 0; those inside of brackets say nothing about depth.
    simple_key: Option<SimpleKey>,
    simple_key_allowed: bool,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str, limit: usize) -> Self {
        Self {
            text: text.as_bytes(),
            offset: 0,
            line: 0,
            column: 0,
            limit,
            level: 0,
            deepest: 0,
            indents: Vec::new(),
            simple_key: None,
            simple_key_allowed: true,
        }
    }

    /// The number of brackets that are open where most are.
    fn scan(mut self) -> Result<usize, TooDeep> {
        loop {
            self.scan_to_next_token();
            self.unroll_indent(self.column + 1);
            // The parser takes no NUL in a text, so this is the end in either case.
            if self.at(0) == 0 {
                return Ok(self.deepest);
            }
            self.fetch_next_token()?;
        }
    }

    fn fetch_next_token(&mut self) -> Result<(), TooDeep> {
        let in_flow = self.level > 0;
        let before_blank = self.is_blankz(1);
        match self.at(0) {
            b'%' if self.column == 0 => self.directive(),
            b'-' | b'.' if self.is_document_indicator() => self.document_indicator(),
            b'[' | b'{' => self.flow_start()?,
            b']' | b'}' => self.flow_end(),
            b',' => {
                self.remove_simple_key();
                self.simple_key_allowed = true;
                self.skip();
            }
            b'-' if before_blank => {
                self.block_start(self.column + 1)?;
                self.remove_simple_key();
                self.simple_key_allowed = true;
                self.skip();
            }
            b'?' if in_flow || before_blank => {
                self.block_start(self.column + 1)?;
                self.remove_simple_key();
                self.simple_key_allowed = !in_flow;
                self.skip();
            }
            b':' if in_flow || before_blank => self.value()?,
            b'*' | b'&' => self.anchor(),
            b'!' => self.tag(),
            b'|' | b'>' if !in_flow => self.block_scalar(),
            quote @ (b'\'' | b'"') => self.flow_scalar(quote),
            // No token starts with these: libyaml stops here.
            b'\t' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => self.skip(),
            _ => self.plain_scalar(),
        }
        Ok(())
    }

    fn scan_to_next_token(&mut self) {
        loop {
            if self.column == 0 && self.rest().starts_with("\u{feff}".as_bytes()) {
                self.skip();
            }
            while self.at(0) == b' ' || (self.at(0) == b'\t' && (self.level > 0 || !self.simple_key_allowed)) {
                self.skip();
            }
            if self.at(0) == b'#' {
                self.skip_to_break();
            }
            if !self.is_break(0) {
                return;
            }
            self.skip();
            if self.level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    fn flow_start(&mut self) -> Result<(), TooDeep> {
        self.save_simple_key();
        self.level += 1;
        self.deepest = self.deepest.max(self.level);
        if self.level > self.limit {
            return Err(TooDeep { offset: self.offset, what: "brackets" });
        }
        self.simple_key_allowed = true;
        self.skip();
        Ok(())
    }

    fn flow_end(&mut self) {
        self.remove_simple_key();
        self.level = self.level.saturating_sub(1);
        self.simple_key_allowed = false;
        self.skip();
    }

    fn value(&mut self) -> Result<(), TooDeep> {
        let key = self
            .simple_key
            .take_if(|_| self.level == 0)
            .filter(|key| key.line == self.line && self.offset - key.offset <= SIMPLE_KEY_BYTES);
        match key {
            Some(key) => {
                self.roll_indent(key.column + 1)?;
                self.simple_key_allowed = false;
            }
            None => {
                self.block_start(self.column + 1)?;
                self.simple_key_allowed = self.level == 0;
            }
        }
        self.skip();
        Ok(())
    }

    fn directive(&mut self) {
        self.unroll_indent(0);
        self.remove_simple_key();
        self.simple_key_allowed = false;
        self.skip_to_break();
    }

    fn document_indicator(&mut self) {
        self.unroll_indent(0);
        self.remove_simple_key();
        self.simple_key_allowed = false;
        for _ in 0..3 {
            self.skip();
        }
    }

    fn anchor(&mut self) {
        self.save_simple_key();
        self.simple_key_allowed = false;
        self.skip();
        while is_alpha(self.at(0)) {
            self.skip();
        }
    }

    fn tag(&mut self) {
        self.save_simple_key();
        self.simple_key_allowed = false;
        self.skip();
        let verbatim = self.at(0) == b'<';
        if verbatim {
            self.skip();
        }
        while is_of_uri(self.at(0)) || (verbatim && matches!(self.at(0), b',' | b'[' | b']')) {
            self.skip();
        }
        if verbatim && self.at(0) == b'>' {
            self.skip();
        }
    }

    /// A text in quotes.
    fn flow_scalar(&mut self, quote: u8) {
        self.save_simple_key();
        self.simple_key_allowed = false;
        self.skip();
        while self.at(0) != 0 {
            let byte = self.at(0);
            self.skip();
            if byte == b'\\' && quote == b'"' {
                self.skip();
            } else if byte == quote {
                if quote == b'"' || self.at(0) != b'\'' {
                    return;
                }
                self.skip();
            }
        }
    }

    fn plain_scalar(&mut self) {
        self.save_simple_key();
        self.simple_key_allowed = false;
        let inside = self.indent();
        let mut after_break = false;
        while !self.is_document_indicator() && self.at(0) != b'#' {
            while !self.is_blankz(0) && !self.ends_plain() {
                self.skip();
                after_break = false;
            }
            if !self.is_blank(0) && !self.is_break(0) {
                break;
            }
            while self.is_blank(0) || self.is_break(0) {
                after_break |= self.is_break(0);
                self.skip();
            }
            if self.level == 0 && self.column < inside {
                break;
            }
        }
        if after_break {
            self.simple_key_allowed = true;
        }
    }

    fn ends_plain(&self) -> bool {
        match self.at(0) {
            b':' => self.is_blankz(1),
            b',' | b'[' | b']' | b'{' | b'}' => self.level > 0,
            _ => false,
        }
    }

    /// A literal or folded text.
    fn block_scalar(&mut self) {
        self.remove_simple_key();
        self.simple_key_allowed = true;
        self.skip();
        let mut given = 0;
        if matches!(self.at(0), b'+' | b'-') {
            self.skip();
            given = self.block_scalar_digit();
        } else if self.at(0).is_ascii_digit() {
            given = self.block_scalar_digit();
            if matches!(self.at(0), b'+' | b'-') {
                self.skip();
            }
        }
        while self.is_blank(0) {
            self.skip();
        }
        if self.at(0) == b'#' {
            self.skip_to_break();
        }
        if !self.is_break(0) {
            return;
        }
        self.skip();
        let given = (given > 0).then(|| self.indent().saturating_sub(1) + given);
        let deepest = self.block_scalar_breaks(given.unwrap_or(usize::MAX));
        let indent = given.unwrap_or_else(|| deepest.max(self.indent()).max(1));
        while self.column == indent && self.at(0) != 0 {
            self.skip_to_break();
            self.skip();
            self.block_scalar_breaks(indent);
        }
    }

    fn block_scalar_digit(&mut self) -> usize {
        let digit = self.at(0);
        if !digit.is_ascii_digit() {
            return 0;
        }
        self.skip();
        usize::from(digit - b'0')
    }

    /// Skips empty lines and the indentation of the next line; gives the deepest indentation of these.
    fn block_scalar_breaks(&mut self, indent: usize) -> usize {
        let mut deepest = 0;
        loop {
            while self.column < indent && self.at(0) == b' ' {
                self.skip();
            }
            deepest = deepest.max(self.column);
            if !self.is_break(0) {
                return deepest;
            }
            self.skip();
        }
    }

    fn save_simple_key(&mut self) {
        if self.level == 0 && self.simple_key_allowed {
            self.simple_key = Some(SimpleKey { offset: self.offset, line: self.line, column: self.column });
        }
    }

    fn remove_simple_key(&mut self) {
        if self.level == 0 {
            self.simple_key = None;
        }
    }

    /// The column where the innermost block starts, from 1.
    fn indent(&self) -> usize {
        self.indents.last().copied().unwrap_or(0)
    }

    /// Where no block may start libyaml stops.
    fn block_start(&mut self, column: usize) -> Result<(), TooDeep> {
        if self.simple_key_allowed { self.roll_indent(column) } else { Ok(()) }
    }

    fn roll_indent(&mut self, column: usize) -> Result<(), TooDeep> {
        if self.level == 0 && self.indent() < column {
            if self.indents.len() == LIMIT_BLOCKS {
                return Err(TooDeep { offset: self.offset, what: "lists and keys" });
            }
            self.indents.push(column);
        }
        Ok(())
    }

    fn unroll_indent(&mut self, column: usize) {
        while self.level == 0 && self.indent() > column {
            self.indents.pop();
        }
    }
}
