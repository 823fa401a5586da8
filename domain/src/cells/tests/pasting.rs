//! Rows from spreadsheets.

use crate::catalogue::Catalogue;
use crate::cells::{Column, MAX_BYTES, MAX_COLUMNS, MAX_ROWS, Pasted, paste};
use crate::edit::{Edit, replay};
use crate::export::csv;
use crate::sample;
use crate::topology::{Container, Platform, Topology};

fn into(topology: &Topology, text: &str) -> Pasted {
    paste(text, topology, Catalogue::built_in())
}

fn into_nothing(text: &str) -> Pasted {
    into(&Topology::empty("lab"), text)
}

/// What the nodes say afterwards, a line for each, and what could not be read.
fn after(topology: &Topology, text: &str) -> String {
    let pasted = into(topology, text);
    let now = replay(topology, &pasted.edits, Catalogue::built_in()).expect("pasted edits fit");
    let mut said = vec![format!("{} added, {} updated, {} unchanged", pasted.added, pasted.updated, pasted.unchanged)];
    said.extend(
        now.nodes
            .iter()
            .filter(|node| topology.node(&node.hostname) != Some(node))
            .map(|node| Column::ALL.map(|column| column.text(node)).join("|")),
    );
    said.extend(pasted.problems.iter().map(|problem| {
        let column = problem.column.map(|column| format!(", {}", column.name())).unwrap_or_default();
        format!("line {}{column}: {}", problem.line, problem.message)
    }));
    said.join("\n")
}

#[test]
fn rows_with_headings_of_people() {
    let text = "Server\tIP address\tDC\tRAM (GB)\tCores\tHigh availability\tPlatform\tRole\r\n\
                web-1\t10.1.0.1\tdc1\t64\t8\tyes\tVMware\tWeb management interface\r\n\
                sql-9\t10.1.0.2\tdc 2\t\"1,024\"\t\tno\tKVM\t\"SQL (replication: slave)\nqueue\"\r\n\
                es-9\t10.1.0.3\t\t512 MiB\t\t\t\t\r\n";
    insta::assert_snapshot!(after(&Topology::empty("lab"), text), @r"
    3 added, 0 updated, 0 unchanged
    web-1|10.1.0.1||dc1|vmware|true|8|65536||||web|
    sql-9|10.1.0.2||dc 2|kvm|false||1048576||||sql (replication: slave); queue|
    es-9|10.1.0.3||||||512|||||
    ");
}

#[test]
fn rows_without_headings() {
    let tabs = "n1\t10.1.0.1\t\tdc1\n\nn2\t10.1.0.2\n";
    insta::assert_snapshot!(after(&Topology::empty("lab"), tabs), @r"
    2 added, 0 updated, 0 unchanged
    n1|10.1.0.1||dc1|||||||||
    n2|10.1.0.2|||||||||||
    ");
    for other in
        [tabs.replace('\t', ","), tabs.replace('\t', ";"), tabs.replace('\n', "\r\n"), tabs.replace('\n', "\r")]
    {
        assert_eq!(into_nothing(&other), into_nothing(tabs), "{other:?}");
    }
}

#[test]
fn rows_of_nodes_that_are_there() {
    let topology = sample::healthy();
    let text = "hostname,site,public_ip,roles,ha\n\
                SQL-1.example.net,,,sql,\n\
                sql-2.example.net,dc2,,sql; queue,no\n\
                web-1.example.net,,,,\n\
                queue-1.example.net,,,worker (concurrency: 8),\n";
    insta::assert_snapshot!(after(&topology, text), @r"
    0 added, 2 updated, 2 unchanged
    sql-2.example.net|10.0.0.2||dc2|vmware|false|8|65536|nvme|512|50000|sql (replication: slave); queue|
    queue-1.example.net|10.0.0.12||dc1|vmware|true|8|65536|nvme|512|50000|worker (concurrency: 8)|
    ");
}

#[test]
fn the_order_of_columns_does_not_matter() {
    let pasted = into_nothing("ha,roles,platform,private_ip,hostname\nyes,queue,xen,10.1.0.1,n1\n");
    let [Edit::AddNode { node }] = &pasted.edits[..] else { panic!("{pasted:?}") };
    assert_eq!(node.container, Some(Container { platform: Platform::Xen, ha: true }));
    assert_eq!((node.hostname.as_str(), node.roles.len()), ("n1", 1));
}

#[test]
fn problems_name_their_line_and_column() {
    let topology = sample::healthy();
    let text = "hostname\tprivate_ip\tColour\tvcpus\tfqdn\tsit\tdisk\r\n\
                n1\t\tred\t\t\t\t\r\n\
                n2\t10.1.0.2\t\tmany\t\t\tfloppy\r\n\
                \"n3\"\t10.1.0.3\t\"two\r\nlines\"\r\n\
                \r\n\
                n_4\t10.1.0.4\r\n\
                N3\t10.1.0.5\r\n\
                \t10.1.0.6\r\n\
                sql-1.example.net\t10.0.0.300\r\n\
                n7\t10.1.0.7\t\t\t\t\t\t\tmore\r\n";
    insta::assert_snapshot!(after(&topology, text), @r#"
    1 added, 0 updated, 0 unchanged
    n3|10.1.0.3|||||||||||
    line 1: There is no column "Colour", so it is not read; expected one of `hostname`, `private_ip`, `public_ip`, `site`, `platform`, `vcpus`, `memory_mib`, `disk`, `disk_gib`, `iops`, `roles`.
    line 1, hostname: "fqdn" is the column Hostname a second time, so it is not read.
    line 1: There is no column "sit", so it is not read; did you mean `site`?
    line 2, private_ip: n1 is new, so it needs a private address.
    line 3, vcpus: "many" is no number of vCPUs: write a whole number such as 8.
    line 3, disk: "floppy" is no kind of disk; expected one of `hdd`, `ssd`, `nvme`.
    line 7, hostname: "n_4" is no hostname: only letters a to z, digits, hyphens and dots are allowed.
    line 8, hostname: N3 is in an earlier row already.
    line 9, hostname: A node needs a hostname.
    line 10, private_ip: "10.0.0.300" is no address: write IPv4 such as 10.0.0.5 or IPv6 such as fd00::5.
    line 11: The row has more than 7 cells.
    "#);
}

#[test]
fn a_table_without_hostnames_is_not_read() {
    insta::assert_snapshot!(after(&Topology::empty("lab"), "private_ip,site\n10.0.0.1,dc1\n"), @r"
    0 added, 0 updated, 0 unchanged
    line 1, hostname: There is no column of hostnames, so nothing can be read.
    ");
}

#[test]
fn a_first_row_of_values_is_no_heading() {
    // A node can be named as a column is.
    assert_eq!(into_nothing("name,10.1.0.1\nhost,10.1.0.2").added, 2);
    assert_eq!(into_nothing("hostname,private_ip\nname,10.1.0.1").added, 1);
    assert_eq!(into_nothing("hostname,10.1.0.1,,site").added, 1);
}

#[test]
fn nothing_is_nothing() {
    for text in ["", "\n", "\r\n\r\n", "\u{feff}", "\t\t\n\t\t\n", ",,,", "hostname,private_ip\n"] {
        assert_eq!(into_nothing(text), Pasted::default(), "{text:?}");
    }
}

#[test]
fn guards_of_formulas_come_off() {
    let mut topology = Topology::empty("lab");
    for (number, site) in ["=1", "'=1", "-", "@home", "+49", "'quoted'", "a;b", "\"a\", b"].into_iter().enumerate() {
        let mut node = sample::node(&format!("n{number}"), &format!("10.1.0.{number}"));
        node.site = Some(site.to_owned());
        topology.nodes.push(node);
    }
    let pasted = into_nothing(&csv(&topology));
    assert_eq!(replay(&Topology::empty("lab"), &pasted.edits, Catalogue::built_in()), Ok(topology));
}

#[test]
fn a_mark_of_byte_order_is_no_letter() {
    let text = format!("\u{feff}{}", csv(&sample::healthy()));
    assert_eq!(into(&sample::healthy(), &text).unchanged, sample::healthy().nodes.len());
}

#[test]
fn bounds_hold() {
    let rows = |count: usize| -> String {
        (0..count).map(|n| format!("n{n},10.{}.{}.{}\n", n >> 16, n >> 8 & 255, n & 255)).collect()
    };
    let full = into_nothing(&format!("host,ip\n{}", rows(MAX_ROWS)));
    assert_eq!((full.added, full.problems), (MAX_ROWS, Vec::new()));
    let long = " ".repeat(MAX_BYTES + 1);
    let wide = "a,".repeat(MAX_COLUMNS);
    let told: Vec<String> = [rows(MAX_ROWS + 1), format!("host,ip\n{}", rows(MAX_ROWS + 1)), long, wide]
        .iter()
        .map(|text| {
            let pasted = into_nothing(text);
            let [problem] = &pasted.problems[..] else { panic!("{:?}", pasted.problems) };
            assert_eq!((pasted.edits.len(), problem.line, problem.column), (0, 1, None));
            problem.message.clone()
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    There are more than 20000 rows; paste them in parts.
    There are more than 20000 rows; paste them in parts.
    The pasted text is longer than 16 MiB; paste it in parts.
    There are more than 100 columns in line 1; paste fewer.
    ");
}

/// Spreadsheets write such a line and read it: it says what stands between cells, and is no row.
#[test]
fn a_first_line_says_what_stands_between_cells() {
    let rows = |between: &str| {
        ["hostname,private ip,site,roles", "sep-1.example.net,10.77.1.5,dc1,worker"].join("\r\n").replace(',', between)
    };
    for (said, between) in [
        ("sep=;", ";"),
        ("SEP=;", ";"),
        ("\"sep=;\"", ";"),
        ("\u{feff}sep=;", ";"),
        ("\r\nsep=;", ";"),
        ("sep=;\t\t", ";"),
        ("sep=,", ","),
        ("sep=|", "|"),
        ("sep=\t", "\t"),
        ("sep=^", "^"),
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(after(&Topology::empty("lab"), &format!("{said}\r\n{}", rows(between))), @r"
            1 added, 0 updated, 0 unchanged
            sep-1.example.net|10.77.1.5||dc1||||||||worker|
            ");
        }
    }
    let wrong = into_nothing(&format!("sep=;\r\n{}\r\nn2;10.0.0.300", rows(";")));
    assert_eq!((wrong.added, wrong.problems.first().map(|problem| problem.line)), (1, Some(4)));
    for said in ["sep=", "sep=;;", "sep=ab", "sep=→", "sep=7"] {
        let refused = into_nothing(&format!("{said}\n{}", rows(";")));
        assert!(
            refused.edits.is_empty() && refused.problems[0].message.contains("names no single sign"),
            "{said}: {refused:?}"
        );
    }
}

/// Roles have semicolons between them and commas inside, so either can stand in a row beside the other.
#[test]
fn semicolons_and_commas_are_told_apart_without_headings() {
    for (row, roles) in [
        ("n1;10.1.0.1;;dc1;;;;;;;;queue, worker", "queue; worker"),
        ("n1;10.1.0.1;;room 1, left", ""),
        ("n1,10.1.0.1,,dc1,,,,,,,,queue; worker", "queue; worker"),
        ("n1,10.1.0.1,,dc1; left", ""),
        ("n1;10.1.0.1", ""),
    ] {
        let pasted = into_nothing(row);
        let [Edit::AddNode { node }] = &pasted.edits[..] else { panic!("{row}: {pasted:?}") };
        assert_eq!((node.hostname.as_str(), Column::Roles.text(node).as_str()), ("n1", roles), "{row}");
    }
    let known = sample::healthy();
    let moved = after(&known, "sql-1.example.net;;;room 1, left");
    assert!(moved.contains("sql-1.example.net|10.0.0.1||room 1, left|"), "{moved}");
}

#[test]
fn text_that_is_not_taken_is_a_problem_of_its_row() {
    let text = "hostname,private_ip,site,roles\nn1,10.1.0.1,dc\u{0}1,\nn2,10.1.0.2,dc1,distributed-database (availability_group: ag\u{202e}1)\n\
                n\u{200b}3,10.1.0.3,,\nn4,10.1.0.4,dc1,\n";
    let pasted = into_nothing(text);
    assert_eq!((pasted.added, pasted.problems.len()), (1, 3));
    for (problem, (line, character)) in pasted.problems.iter().zip([(2, "U+0000"), (3, "U+202E"), (4, "U+200B")]) {
        assert_eq!(problem.line, line);
        assert!(problem.message.contains(character), "{}", problem.message);
        assert_eq!(crate::text::visible(&problem.message), problem.message.as_str());
    }
}
