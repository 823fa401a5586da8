//! Topologies in the words of other programs: Ansible, Mermaid, spreadsheets.
//!
//! Names come from people, and what reads these files trusts them more than we do. So each writer escapes for its
//! reader: Ansible must not take a name for a template, Mermaid not for a drawing, a spreadsheet not for a formula.

mod ansible;
mod mermaid;
mod table;

pub use ansible::ansible;
pub(crate) use ansible::group_name;
pub use mermaid::mermaid;
pub use table::csv;
pub(crate) use table::unguarded;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::arbitrary::hostile_topology;
    use crate::catalogue::Catalogue;
    use crate::findings::{check, to_json};
    use crate::text::{json_for_showing, visible, visible_lines};
    use crate::topology::Topology;

    /// What a program prints of a topology that no file reader would let through, as an old revision may be.
    fn printed(topology: &Topology) -> Vec<String> {
        let catalogue = Catalogue::built_in();
        let json = |value: String| json_for_showing(&value).into_owned();
        let findings = check(topology, catalogue);
        let mut printed = vec![
            crate::file::write_yaml(topology),
            super::ansible(topology, catalogue),
            super::mermaid(topology, catalogue),
            super::csv(topology).replace("\r\n", "\n"),
            json(crate::file::write_json(topology)),
            json(format!("{:#}", to_json(&findings))),
        ];
        printed.extend(findings.iter().map(|finding| visible(&finding.message).into_owned()));
        printed
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_printed(topology in hostile_topology()) {
            for text in printed(&topology) {
                prop_assert_eq!(visible_lines(&text), text.as_str());
            }
        }
    }
}
