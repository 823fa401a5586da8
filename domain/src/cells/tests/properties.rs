//! What holds for every text and every topology.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::arbitrary::{hostile_topology, topology};
use crate::catalogue::{Catalogue, SettingKind};
use crate::cells::{Column, Pasted, edit_cell, paste};
use crate::edit::{apply, replay};
use crate::export::csv;
use crate::topology::{Assignment, SettingValue, Topology};

/// Pieces of tables, good and bad, put together at random.
fn table() -> impl Strategy<Value = String> {
    let pieces = [
        "\t",
        "\t",
        "\t",
        "\n",
        "\n",
        "\r\n",
        "\r",
        ",",
        ";",
        "\"",
        "\"\"",
        "'",
        "=",
        "(",
        ")",
        ":",
        " ",
        "hostname",
        "ip",
        "site",
        "ram gb",
        "roles",
        "ha",
        "platform",
        "colour",
        "n1.example.net",
        "N2.example.net",
        "n3",
        "n_4",
        "10.0.0.1",
        "::1",
        "dc1",
        "yes",
        "kvm",
        "64 GiB",
        "1.5",
        "99999999999999999999999",
        "sql",
        "sql (replication: master)",
        "queue; web",
        "worker (concurrency: 3",
        "fax",
        "é",
        "\u{feff}",
        "\0",
    ];
    vec(prop_oneof![12 => select(pieces.to_vec()).prop_map(str::to_owned), 1 => any::<String>()], 0..60)
        .prop_map(|pieces| pieces.concat())
}

/// The same rows with headings and tabs, so that most of them reach the nodes.
fn rows() -> impl Strategy<Value = String> {
    let host = select(vec!["n1.example.net", "N1.example.net", "n2.example.net", "n30", "n31", "n_1", ""]);
    let cell = |texts: &[&'static str]| select(texts.to_vec());
    let row = (
        host,
        cell(&["10.0.0.1", "10.9.9.9", "", "x"]),
        cell(&["", "kvm", "Bare metal"]),
        cell(&["", "yes", "no", "?"]),
        cell(&["", "1 TiB", "65,536", "lots"]),
        cell(&["", "sql", "SQL (replication: slave); queue", "queue, web", "ddb", "worker (concurrency: 9)", "web ()"]),
    )
        .prop_map(|(a, b, c, d, e, f)| [a, b, c, d, e, f].join("\t"));
    vec(row, 0..12).prop_map(|rows| format!("host\tip\tplatform\tha\tmemory\troles\n{}", rows.join("\n")))
}

/// Values of the types that the catalogue says; others cannot be told from a text.
fn typed(mut topology: Topology) -> Topology {
    let catalogue = Catalogue::built_in();
    for Assignment { role, settings } in topology.nodes.iter_mut().flat_map(|node| &mut node.roles) {
        let role = catalogue.role(role.as_str()).expect("built in");
        for (name, value) in settings.iter_mut() {
            let integer = matches!(role.setting(name).expect("has it").kind, SettingKind::Integer { .. });
            *value = match (&*value, integer) {
                (SettingValue::Integer(number), true) => SettingValue::Integer(*number),
                (_, true) => SettingValue::Integer(-7),
                (other, false) => SettingValue::Text(other.to_string()),
            };
        }
    }
    topology
}

/// The edits of a paste fit, and its figures are those of its rows.
fn sound(pasted: &Pasted, topology: &Topology) {
    let after = replay(topology, &pasted.edits, Catalogue::built_in()).expect("all edits of a paste fit");
    assert_eq!(after.nodes.len(), topology.nodes.len() + pasted.added);
    let changed = topology.nodes.iter().zip(&after.nodes).filter(|(before, after)| before != after).count();
    assert_eq!(changed, pasted.updated);
    for problem in &pasted.problems {
        assert!(problem.line > 0 && problem.message.ends_with(['.', '?']), "{problem:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_can_be_pasted(text in prop_oneof![any::<String>(), table()], topology in hostile_topology()) {
        let pasted = paste(&text, &topology, Catalogue::built_in());
        prop_assert!(pasted.problems.iter().all(|problem| problem.message.chars().count() < 1_000));
    }

    #[test]
    fn edits_of_a_paste_fit(text in prop_oneof![table(), rows(), rows()], topology in topology()) {
        sound(&paste(&text, &topology, Catalogue::built_in()), &topology);
    }

    #[test]
    fn pasting_twice_changes_nothing_more(text in prop_oneof![table(), rows(), rows()], topology in topology()) {
        let first = paste(&text, &topology, Catalogue::built_in());
        let after = replay(&topology, &first.edits, Catalogue::built_in()).expect("fits");
        let second = paste(&text, &after, Catalogue::built_in());
        prop_assert_eq!(second.edits, Vec::new());
        prop_assert!(second.unchanged >= first.added + first.updated + first.unchanged);
    }

    #[test]
    fn an_export_comes_back(topology in topology()) {
        let topology = typed(topology);
        let pasted = paste(&csv(&topology), &Topology::empty("test"), Catalogue::built_in());
        prop_assert_eq!(&pasted.problems, &Vec::new());
        prop_assert_eq!(pasted.added, topology.nodes.len());
        let after = replay(&Topology::empty("test"), &pasted.edits, Catalogue::built_in()).expect("fits");
        prop_assert_eq!(after.nodes, topology.nodes);
    }

    #[test]
    fn an_export_over_itself_changes_nothing(topology in topology()) {
        let pasted = paste(&csv(&topology), &topology, Catalogue::built_in());
        prop_assert_eq!(pasted, Pasted { unchanged: topology.nodes.len(), ..Pasted::default() });
    }

    #[test]
    fn any_text_can_be_typed(text in prop_oneof![any::<String>(), table()], topology in hostile_topology(), column in select(Column::ALL.to_vec())) {
        for node in &topology.nodes {
            match edit_cell(node, column, &text, Catalogue::built_in()) {
                Ok(edits) => prop_assert!(edits.len() <= 1 || column == Column::Roles),
                Err(error) => prop_assert!(error.message.ends_with(['.', '?']), "{error}"),
            }
        }
    }

    #[test]
    fn what_a_cell_says_can_be_typed_into_any_node(topology in topology(), from in 0usize..14, to in 0usize..14) {
        let topology = typed(topology);
        let (Some(from), Some(to)) = (topology.nodes.get(from), topology.nodes.get(to)) else { return Ok(()) };
        for column in Column::ALL.into_iter().filter(|column| !matches!(column, Column::Hostname | Column::Ha)) {
            let text = column.text(from);
            let edits = edit_cell(to, column, &text, Catalogue::built_in()).expect("fits");
            let mut after = topology.clone();
            for edit in &edits {
                apply(&mut after, edit, Catalogue::built_in()).expect("fits");
            }
            let after = after.node(&to.hostname).expect("stays");
            if column == Column::Roles {
                let role = |assignment: &Assignment| from.roles.contains(assignment);
                prop_assert!(after.roles.len() == from.roles.len() && after.roles.iter().all(role));
            } else {
                prop_assert_eq!(column.text(after), text);
            }
        }
    }
}
