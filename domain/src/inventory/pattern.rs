//! Host patterns: `web[01:10].example.net`, `db-[a:f]`, `web-1:22`, `[fd00::1]:22`.

use std::net::{IpAddr, Ipv6Addr};

use super::LIMIT_HOSTS;

/// Longest pattern; a name on the network has at most 253 characters.
const LIMIT_LENGTH: usize = 300;

/// What a pattern stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hosts {
    pub names: Vec<String>,
    pub port: Option<u16>,
}

/// All hosts of a pattern, at most `room` of them. The error is a sentence without a place.
pub(super) fn expand(pattern: &str, room: usize) -> Result<Hosts, String> {
    if pattern.trim().is_empty() {
        return Err("the name of a host is empty".to_owned());
    }
    if pattern.len() > LIMIT_LENGTH {
        return Err(format!("the name of a host is longer than {LIMIT_LENGTH} bytes"));
    }
    let (name, port) = split_port(pattern)?;
    if name.parse::<IpAddr>().is_ok() {
        return Ok(Hosts { names: vec![name.to_owned()], port });
    }
    let parts = parts(name)?;
    let mut count = 1usize;
    for part in &parts {
        count = count.saturating_mul(part.len());
    }
    if count > room {
        return Err(format!("`{pattern}` is too many hosts; at most {LIMIT_HOSTS} are read"));
    }
    let mut names = vec![String::new()];
    for part in &parts {
        names =
            names.iter().flat_map(|start| (0..part.len()).map(move |at| format!("{start}{}", part.at(at)))).collect();
    }
    Ok(Hosts { names, port })
}

/// Takes `:22` off the end, and the brackets off an IPv6 address.
fn split_port(pattern: &str) -> Result<(&str, Option<u16>), String> {
    if pattern.parse::<Ipv6Addr>().is_ok() {
        return Ok((pattern, None));
    }
    if let Some((address, rest)) = pattern.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        && address.parse::<Ipv6Addr>().is_ok()
    {
        return match rest.strip_prefix(':') {
            None if rest.is_empty() => Ok((address, None)),
            Some(port) => Ok((address, Some(port_number(port)?))),
            None => Err(format!("`{rest}` follows the address, where only a port can")),
        };
    }
    let mut inside = false;
    let mut colons = pattern.char_indices().filter(|&(_, letter)| {
        inside = (inside || letter == '[') && letter != ']';
        letter == ':' && !inside
    });
    match (colons.next(), colons.next()) {
        (None, _) => Ok((pattern, None)),
        (Some((at, _)), None) => Ok((&pattern[..at], Some(port_number(&pattern[at + 1..])?))),
        _ => Err(format!("`{pattern}` is no host: a colon stands before a port, or in an IPv6 address")),
    }
}

fn port_number(text: &str) -> Result<u16, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| format!("`{text}` is no port"))
}

/// A piece of a pattern.
enum Part<'p> {
    Text(&'p str),
    /// Numbers from `first` in steps, filled with zeros to `width`.
    Numbers {
        first: u64,
        step: u64,
        count: usize,
        width: usize,
    },
    Letters {
        first: u8,
        step: u64,
        count: usize,
    },
}

impl Part<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Text(_) => 1,
            Self::Numbers { count, .. } | Self::Letters { count, .. } => *count,
        }
    }

    fn at(&self, index: usize) -> String {
        match self {
            Self::Text(text) => (*text).to_owned(),
            Self::Numbers { first, step, width, .. } => format!("{:0width$}", first + step * index as u64),
            Self::Letters { first, step, .. } => {
                let letter = letter_at(usize::from(*first) + *step as usize * index);
                letter.map(String::from).unwrap_or_default()
            }
        }
    }
}

/// Ansible counts the small letters, then the large ones.
fn letter_at(index: usize) -> Option<char> {
    ('a'..='z').chain('A'..='Z').nth(index)
}

fn letter_index(text: &str) -> Option<u8> {
    let at = ('a'..='z').chain('A'..='Z').position(|letter| text.chars().eq([letter]))?;
    u8::try_from(at).ok()
}

fn parts(name: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some((text, after)) = rest.split_once('[') {
        let Some((range, after)) = after.split_once(']') else {
            return Err(format!("`{name}` opens a range with `[` and does not close it"));
        };
        parts.push(Part::Text(text));
        parts.push(self::range(range)?);
        rest = after;
    }
    if rest.contains(']') {
        return Err(format!("`{name}` closes a range with `]` that is not open"));
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

/// `01:10`, `:3`, `a:f`, `0:10:2`.
fn range(text: &str) -> Result<Part<'_>, String> {
    let bad = |why: &str| format!("`[{text}]` is no range: {why}");
    let mut bounds = text.split(':');
    let (first, last, step) = match (bounds.next(), bounds.next(), bounds.next(), bounds.next()) {
        (Some(first), Some(last), step, None) => (first, last, step),
        _ => return Err(bad("it is written as `[first:last]` or `[first:last:step]`")),
    };
    let step: u64 = match step.map(str::parse) {
        None => 1,
        Some(Ok(step)) if step > 0 => step,
        Some(_) => return Err(bad("the step is no number above 0")),
    };
    let count = |first: u64, last: u64| {
        let count = last.checked_sub(first).ok_or_else(|| bad("the first is after the last"))? / step;
        usize::try_from(count).ok().and_then(|count| count.checked_add(1)).ok_or_else(|| bad("it is too large"))
    };
    if let (Some(first), Some(last)) = (letter_index(first), letter_index(last)) {
        return Ok(Part::Letters { first, step, count: count(first.into(), last.into())? });
    }
    let number = |text: &str| -> Result<u64, String> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad("both ends are numbers, or both are letters from a to z"));
        }
        text.parse().ok().filter(|number| *number < u64::MAX / 2).ok_or_else(|| bad("a number is too large"))
    };
    // Nothing before the colon is 0.
    let (low, high) = (if first.is_empty() { 0 } else { number(first)? }, number(last)?);
    let width = if first.len() > 1 && first.starts_with('0') { first.len() } else { 0 };
    if width > 0 && width != last.len() {
        return Err(bad("with leading zeros both ends have the same length"));
    }
    Ok(Part::Numbers { first: low, step, count: count(low, high)?, width })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pattern: &str) -> Vec<String> {
        expand(pattern, LIMIT_HOSTS).expect("good").names
    }

    #[test]
    fn ranges() {
        assert_eq!(names("web"), ["web"]);
        assert_eq!(names("web[1:3].x"), ["web1.x", "web2.x", "web3.x"]);
        assert_eq!(names("web[08:11]"), ["web08", "web09", "web10", "web11"]);
        assert_eq!(names("web[:2]"), ["web0", "web1", "web2"]);
        assert_eq!(names("web[1:6:2]"), ["web1", "web3", "web5"]);
        assert_eq!(names("db-[a:c]"), ["db-a", "db-b", "db-c"]);
        assert_eq!(names("[y:B]"), ["y", "z", "A", "B"]);
        assert_eq!(names("r[1:2]-[a:b]"), ["r1-a", "r1-b", "r2-a", "r2-b"]);
    }

    #[test]
    fn ports_and_addresses() {
        let one = |name: &str, port| Ok(Hosts { names: vec![name.to_owned()], port });
        assert_eq!(expand("web:2222", 9), one("web", Some(2222)));
        assert_eq!(expand("10.0.0.1:22", 9), one("10.0.0.1", Some(22)));
        assert_eq!(expand("fd00::1", 9), one("fd00::1", None));
        assert_eq!(expand("[fd00::1]", 9), one("fd00::1", None));
        assert_eq!(expand("[fd00::1]:22", 9), one("fd00::1", Some(22)));
        let ranged = expand("web[1:2]:22", 9).expect("good");
        assert_eq!((ranged.names.len(), ranged.port), (2, Some(22)));
    }

    #[test]
    fn what_is_no_pattern() {
        for bad in [
            "",
            " ",
            "web[",
            "web[1",
            "web]",
            "web[]",
            "web[1]",
            "web[1:2:3:4]",
            "web[2:1]",
            "web[1:2:0]",
            "web[1:2:x]",
            "web[01:100]",
            "web[a:2]",
            "web[1:]",
            "web[é:f]",
            "web:",
            "web:x",
            "web:99999",
            "web:+1",
            "a:1:2",
            "[fd00::1]x",
            "web[0:99999999999999999999]",
            "web[0:9223372036854775807]",
            &"x".repeat(301),
        ] {
            assert!(expand(bad, LIMIT_HOSTS).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_explosion_is_refused_before_it_is_built() {
        let error = expand("[0:99999][0:99999][0:99999]", LIMIT_HOSTS).expect_err("too many");
        assert!(error.contains("too many hosts"), "{error}");
        assert!(expand("[1:10]", 9).is_err());
        assert!(expand("[1:10]", 10).is_ok());
    }
}
