//! What a file looks like before it is read.

use super::ini;

/// How an inventory is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Sections with lines of hosts.
    Ini,
    /// `all:` with `hosts` and `children`.
    Yaml,
    /// What `ansible-inventory --list` prints.
    Json,
}

/// As much as is looked at.
const GLANCE_BYTES: usize = 64 * 1024;

/// The dialect of an inventory, by its first line that is no comment.
pub fn dialect(text: &str) -> Dialect {
    let lines = text.lines().map(str::trim);
    let Some(line) = lines.into_iter().find(|line| !line.is_empty() && !line.starts_with(['#', ';'])) else {
        return Dialect::Ini;
    };
    if line.starts_with('{') {
        return Dialect::Json;
    }
    // A host never ends with a colon: after it would be a port.
    let first = line.split_whitespace().next().unwrap_or_default();
    let is_yaml = line.starts_with("---") || line.starts_with('%') || first.ends_with(':') || line.ends_with(':');
    if is_yaml { Dialect::Yaml } else { Dialect::Ini }
}

/// Whether a file seems to be an Ansible inventory and not a topology, at a glance over its beginning; for a message
/// that says how to import it.
pub fn looks_like_inventory(bytes: &[u8]) -> bool {
    let glance = String::from_utf8_lossy(&bytes[..bytes.len().min(GLANCE_BYTES)]);
    let text = glance.trim_start_matches('\u{feff}');
    let lines = || text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with(['#', ';']));
    match dialect(text) {
        Dialect::Json => {
            !text.contains("\"version\"")
                && ["\"_meta\"", "\"hosts\"", "\"children\""].iter().any(|key| text.contains(key))
        }
        Dialect::Yaml => {
            let is_key =
                |line: &str, key: &str| line.trim_end().strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
            let is_topology = lines().any(|line| is_key(line, "version") || is_key(line, "nodes"));
            let says_hosts = |line: &str| {
                is_key(line, "all")
                    || ["hosts", "children"].iter().any(|key| line.starts_with(' ') && is_key(line.trim_start(), key))
            };
            !is_topology && lines().any(says_hosts)
        }
        Dialect::Ini => lines().any(|line| ini::header(line.trim()).is_some() || line.contains(" ansible_host=")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file;
    use crate::sample;

    #[test]
    fn dialects_are_told_apart() {
        for (text, expected) in [
            ("", Dialect::Ini),
            ("# c\n; d\nweb1:22 a=b", Dialect::Ini),
            ("[web]\nw1", Dialect::Ini),
            ("w1 note='a: b'", Dialect::Ini),
            ("[fd00::1]:22", Dialect::Ini),
            ("# c\nall:\n", Dialect::Yaml),
            ("---\nweb:", Dialect::Yaml),
            ("\"all\": {hosts: }", Dialect::Yaml),
            ("all: {hosts: }", Dialect::Yaml),
            (" {\"_meta\": {}}", Dialect::Json),
        ] {
            assert_eq!(dialect(text), expected, "{text}");
        }
    }

    #[test]
    fn inventories_are_seen_and_topologies_are_not() {
        let inventories = [
            "[web]\nw1\n",
            "w1 ansible_host=10.0.0.1\n",
            "all:\n  hosts:\n",
            "---\nweb:\n  hosts:\n    w1:\n",
            "{\"_meta\": {\"hostvars\": {}}}",
            "{\"web\": {\"hosts\": [\"w1\"]}}",
        ];
        for text in inventories {
            assert!(looks_like_inventory(text.as_bytes()), "{text}");
        }
        let topology = sample::healthy();
        for text in [file::write_yaml(&topology), file::write_json(&topology), "just words".to_owned(), String::new()] {
            assert!(!looks_like_inventory(text.as_bytes()), "{text}");
        }
        assert!(!looks_like_inventory(&[0xff; 100_000]));
    }
}
