//! What is searched for: words, and parts of nodes by name, such as `site:dc1 role:worker`.

use std::borrow::Cow;

use super::shown::Row;

/// A search as typed, read: every term has to be met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted(Vec<Term>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    /// Somewhere in the node, in lower case.
    Word(String),
    /// Exactly that part, in lower case; an empty one finds nodes that have none.
    Exactly(Part, String),
}

/// A part of a node that a search can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The site.
    Site,
    /// The availability group.
    Group,
    /// One of the roles, by id or by name.
    Role,
    /// The layer, by its word: `storage`.
    Layer,
}

impl Part {
    const ALL: [(&'static str, Self); 4] =
        [("site:", Self::Site), ("group:", Self::Group), ("role:", Self::Role), ("layer:", Self::Layer)];

    /// A search for exactly that, as somebody would type it.
    pub fn wanted(self, name: &str) -> String {
        let prefix = Self::ALL.into_iter().find(|(_, part)| *part == self).map_or("", |(prefix, _)| prefix);
        let is_plain = !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || letter == '"');
        let name = if is_plain { Cow::from(name) } else { Cow::from(format!("\"{}\"", name.replace('"', "\"\""))) };
        format!("{prefix}{name}")
    }
}

impl Wanted {
    /// Reads what was typed. A name with spaces stands in quotes: `site:"Data centre 1"`.
    pub fn of(typed: &str) -> Self {
        let mut terms = Vec::new();
        let mut rest = typed.trim_start();
        while !rest.is_empty() {
            let part = Part::ALL.into_iter().find_map(|(prefix, part)| {
                let has = rest.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
                has.then(|| (part, &rest[prefix.len()..]))
            });
            let (part, after) = part.map_or((None, rest), |(part, after)| (Some(part), after));
            let (text, after) = term(after);
            let text = text.to_lowercase();
            match part {
                Some(part) => terms.push(Term::Exactly(part, text)),
                None if text.is_empty() => {}
                None => terms.push(Term::Word(text)),
            }
            rest = after.trim_start();
        }
        Self(terms)
    }

    /// Whether nothing is searched for.
    pub fn is_anything(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the search finds that node.
    pub fn finds(&self, row: &Row) -> bool {
        self.0.iter().all(|term| match term {
            Term::Word(word) => has_word(row, word),
            Term::Exactly(part, name) => is_exactly(row, *part, name),
        })
    }
}

/// A term, in quotes or up to the next space, and what stands behind it.
fn term(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut read = String::new();
    let mut letters = quoted.char_indices().peekable();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' if letters.next_if(|(_, next)| *next == '"').is_some() => read.push('"'),
            '"' => return (read, &quoted[place + 1..]),
            other => read.push(other),
        }
    }
    (read, "")
}

fn has_word(row: &Row, word: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(word);
    has(&row.node.hostname)
        || row.node.private_ip.to_string().contains(word)
        || row.node.public_ip.is_some_and(|address| address.to_string().contains(word))
        || row.node.site.as_deref().is_some_and(has)
        || row.group.as_deref().is_some_and(has)
        || row.roles.iter().any(|role| has(role))
        || row.node.roles.iter().any(|assignment| has(assignment.role.as_str()))
        || row.mark.is_some_and(|mark| mark.as_str() == word)
}

fn is_exactly(row: &Row, part: Part, name: &str) -> bool {
    let same = |text: &str| text.to_lowercase() == name;
    let or_none = |text: Option<&str>| text.map_or(name.is_empty(), same);
    match part {
        Part::Site => or_none(row.node.site.as_deref()),
        Part::Group => or_none(row.group.as_deref()),
        Part::Layer => or_none(row.layer.map(strata_domain::catalogue::Layer::as_str)),
        Part::Role if name.is_empty() => row.node.roles.is_empty(),
        Part::Role => {
            row.node.roles.iter().any(|assignment| same(assignment.role.as_str()))
                || row.roles.iter().any(|role| same(role))
        }
    }
}

#[cfg(test)]
mod tests {
    use strata_domain::catalogue::Catalogue;

    use super::*;
    use crate::pages::changes::editor::shown::Shown;
    use crate::pages::changes::editor::shown::tests::{node, topology_of};

    fn found(typed: &str) -> Vec<String> {
        let topology = topology_of(vec![
            node(1, Some("dc1"), &["worker"]),
            node(2, Some("dc10"), &["worker", "sql"]),
            node(3, Some("Data \"centre\" 1"), &[]),
            node(4, None, &["elasticsearch"]),
        ]);
        let shown = Shown::of(&topology, &topology, Catalogue::built_in(), None);
        let wanted = Wanted::of(typed);
        shown.rows.iter().filter(|row| wanted.finds(row)).map(|row| row.hostname().to_owned()).collect()
    }

    #[test]
    fn words_are_found_anywhere_and_all_of_them_have_to_be() {
        assert_eq!(found("  "), ["n1", "n2", "n3", "n4"]);
        assert_eq!(found("DC1"), ["n1", "n2"]);
        assert_eq!(found("dc1 sql"), ["n2"]);
        assert_eq!(found("dc1 elastic"), [""; 0]);
    }

    #[test]
    fn parts_are_found_exactly_and_where_there_is_none() {
        assert_eq!(found("site:dc1"), ["n1"]);
        assert_eq!(found("site:"), ["n4"]);
        assert_eq!(found("role:Worker layer:storage"), ["n2"]);
        assert_eq!(found("layer:storage"), ["n2", "n4"]);
        assert_eq!(found("role:\"\""), ["n3"]);
    }

    #[test]
    fn what_is_offered_finds_what_it_says() {
        let odd = "Data \"centre\" 1";
        assert_eq!(found(&Part::Site.wanted(odd)), ["n3"]);
        assert_eq!(found(&Part::Site.wanted("dc1")), ["n1"]);
        assert_eq!(Part::Site.wanted("dc1"), "site:dc1");
        assert_eq!(found(&Part::Group.wanted("")), ["n1", "n2", "n3", "n4"]);
    }
}
