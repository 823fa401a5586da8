//! Nodes as CSV, for spreadsheets.

use crate::cells::Column;
use crate::text::visible;
use crate::topology::Topology;

/// What a spreadsheet takes for the start of a formula; some take the wide forms as well.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The nodes as CSV (RFC 4180: commas, double quotes, CR and LF at line ends, UTF-8), a header and one row for each;
/// cells of what is not known are empty. Roles stand in one cell, such as `queue; sql (replication: master)`.
///
/// A cell that starts with `=`, `+`, `-`, `@`, a tab or a line end gets a `'` before it: spreadsheets would take it for
/// a formula, and names come from people. What would not be seen in a cell, or would move what is seen, is written out
/// ([`visible`]). Programs that read the file take that `'` off; so that they can, a cell that
/// starts with `'` and then such a letter gets one more. [`crate::cells::paste`] is one of these programs.
pub fn csv(topology: &Topology) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let rows = topology.nodes.iter().map(|node| Column::ALL.map(|column| column.text(node)));
    let rows = std::iter::once(Column::ALL.map(|column| column.name().to_owned())).chain(rows);
    for row in rows {
        writer
            .write_record(row.map(|cell| guarded(visible(&cell).into_owned())))
            .expect("writing to memory, rows of one length");
    }
    let bytes = writer.into_inner().expect("writing to memory");
    String::from_utf8(bytes).expect("made of texts")
}

fn guarded(cell: String) -> String {
    if needs_guard(&cell) { format!("'{cell}") } else { cell }
}

/// The cell without the `'` that keeps it from being a formula.
pub(crate) fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| needs_guard(rest)).unwrap_or(cell)
}

fn needs_guard(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use crate::topology::Node;

    #[test]
    fn one_row_for_each_node() {
        let mut topology = sample::healthy();
        topology.nodes.truncate(2);
        topology.nodes[1].site = Some("a, \"b\"\nc\u{1b}[31m".to_owned());
        topology.nodes[1].container = None;
        topology.nodes[1].roles.insert(0, sample::role("queue", &[]));
        insta::assert_snapshot!(csv(&topology).replace("\r\n", "\n"), @r#"
        hostname,private_ip,public_ip,site,platform,ha,vcpus,memory_mib,disk,disk_gib,iops,roles,id
        sql-1.example.net,10.0.0.1,,dc1,vmware,true,8,65536,nvme,512,50000,sql (replication: master),
        sql-2.example.net,10.0.0.2,,"a, ""b""<U+000A>c<U+001B>[31m",,,8,65536,nvme,512,50000,queue; sql (replication: slave),
        "#);
        assert_eq!(csv(&Topology::empty("lab")).matches("\r\n").count(), 1);
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"x\")", "＝1+1"] {
            let mut topology = Topology::empty("lab");
            topology.nodes.push(Node { site: Some(formula.to_owned()), ..sample::node("a", "10.0.0.1") });
            let text = csv(&topology);
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let row = reader.records().next().expect("a row").expect("well formed");
            assert_eq!(row.get(3), Some(format!("'{formula}").as_str()));
        }
    }

    #[test]
    fn the_guard_comes_off_and_nothing_else() {
        for cell in ["=1+1", "'=1", "''=1", "'", "''", "'a", "a", "", "\t", "'\n", "it's", "-"] {
            assert_eq!(unguarded(&guarded(cell.to_owned())), cell);
        }
        assert_eq!(unguarded("'dc1"), "'dc1");
    }
}
