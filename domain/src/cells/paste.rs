//! Rows from a spreadsheet.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};

use csv::StringRecord;

use super::column::Column;
use super::heading::{Heading, heading};
use super::put::{hostname, put, suggested};
use super::roles::Bare;
use super::{edits_between, shown};
use crate::catalogue::Catalogue;
use crate::edit::Edit;
use crate::export::unguarded;
use crate::topology::{Hardware, Node, Topology};

/// Most rows of one paste, its headings not counted.
pub const MAX_ROWS: usize = 20_000;
/// Most bytes of one paste.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Most columns of one paste, those that are not read counted too.
pub const MAX_COLUMNS: usize = 100;

/// What pasted rows do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pasted {
    /// In the order of the rows; applied in order over the topology they all fit.
    pub edits: Vec<Edit>,
    /// Nodes that are new.
    pub added: usize,
    /// Nodes that change.
    pub updated: usize,
    /// Nodes that have all that their rows say.
    pub unchanged: usize,
    /// What could not be read, in the order of the lines; rows with a problem give no edit.
    pub problems: Vec<RowProblem>,
}

/// Something in a paste that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProblem {
    /// The line of the text where the row starts, from 1; a row can have several lines.
    pub line: usize,
    /// The column, where it is one cell's problem.
    pub column: Option<Column>,
    /// A sentence for people.
    pub message: String,
}

/// What it does to paste a text of rows: tabs between cells as spreadsheets copy them, or CSV as
/// [`crate::export::csv`] writes it, also with semicolons; cells can be in double quotes and then have line ends.
///
/// A first line such as `sep=;` says what stands between the cells, as spreadsheets mean it. The first row is taken for headings where it names columns, by [`Column::name`], [`Column::title`] or other common
/// names; else the columns are those of [`Column::ALL`], as many as there are. A row whose hostname the topology has, in
/// any case, updates that node; a row with another hostname adds a node, which needs a private address. Nothing is
/// cleared: an empty cell, and a role without settings in brackets, leave what the node has. Roles that a cell of roles
/// does not name are unassigned. Ids are not read: a node keeps its own.
///
/// At most [`MAX_ROWS`] rows, [`MAX_COLUMNS`] columns and [`MAX_BYTES`] bytes; more is one problem and no edit.
pub fn paste(text: &str, topology: &Topology, catalogue: &Catalogue) -> Pasted {
    if text.len() > MAX_BYTES {
        let mib = MAX_BYTES / 1024 / 1024;
        return refused(format!("The pasted text is longer than {mib} MiB; paste it in parts."));
    }
    // Programs of Windows start a file with a mark that is no part of its first cell.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = match separator(text).and_then(|separator| rows(text, separator)) {
        Ok(rows) => rows,
        Err(message) => return refused(message),
    };
    let Some((first, rest)) = rows.split_first() else { return Pasted::default() };
    let mut pasted = Pasted::default();
    let (layout, rows) = match Layout::of_headings(first, &mut pasted.problems) {
        Some(layout) => (layout, rest),
        None => (Layout::default(), rows.as_slice()),
    };
    if layout.position(Column::Hostname).is_none() {
        let message = "There is no column of hostnames, so nothing can be read.".to_owned();
        pasted.problems.push(RowProblem { line: first.line, column: Some(Column::Hostname), message });
        return pasted;
    }
    if rows.len() > MAX_ROWS {
        return refused(format!("There are more than {MAX_ROWS} rows; paste them in parts."));
    }
    let mut nodes: HashMap<String, &Node> = HashMap::with_capacity(topology.nodes.len());
    for node in &topology.nodes {
        // Of nodes that share a hostname, edits mean the first.
        nodes.entry(node.hostname.to_ascii_lowercase()).or_insert(node);
    }
    let mut reading = Reading { layout, catalogue, nodes, seen: HashSet::new() };
    for row in rows {
        match reading.row(row) {
            Ok(Row::Added(node)) => {
                pasted.added += 1;
                pasted.edits.push(Edit::AddNode { node });
            }
            Ok(Row::Known(edits)) if edits.is_empty() => pasted.unchanged += 1,
            Ok(Row::Known(edits)) => {
                pasted.updated += 1;
                pasted.edits.extend(edits);
            }
            Err(problems) => pasted.problems.extend(problems.into_iter().map(|(column, message)| RowProblem {
                line: row.line,
                column,
                message,
            })),
        }
    }
    pasted
}

fn refused(message: String) -> Pasted {
    Pasted { problems: vec![RowProblem { line: 1, column: None, message }], ..Pasted::default() }
}

/// Cells, and the line where they start.
struct Cells {
    line: usize,
    cells: StringRecord,
}

impl Cells {
    fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// What stands between cells, and how many bytes of the text are a line that says so and no row.
#[derive(Clone, Copy)]
struct Separator {
    between: u8,
    said: usize,
}

/// As a first line `sep=;` says, which spreadsheets write and read; else as the first row looks.
fn separator(text: &str) -> Result<Separator, String> {
    let blank = text.len() - text.trim_start_matches(['\r', '\n']).len();
    let rest = &text[blank..];
    let line = &rest[..rest.find(['\r', '\n']).unwrap_or(rest.len())];
    let said = line.trim_end_matches('\t').trim_matches(|letter: char| matches!(letter, '"' | ' '));
    let Some(after) = said.get(..4).filter(|sep| sep.eq_ignore_ascii_case("sep=")).map(|_| line_after_sep(line)) else {
        return Ok(Separator { between: delimiter(text), said: 0 });
    };
    match after.as_bytes() {
        [between] if between.is_ascii() && !between.is_ascii_alphanumeric() && *between != b'"' => {
            Ok(Separator { between: *between, said: blank + line.len() })
        }
        _ => Err(format!("The first line is {}, which names no single sign that stands between cells.", shown(line))),
    }
}

/// What follows `sep=` in a line, without the quotes that can stand around all of it. A tab can be the sign itself.
fn line_after_sep(line: &str) -> &str {
    let line = line.trim_start_matches([' ', '"']);
    let after = line.get(4..).unwrap_or_default();
    let plain = after.trim_end_matches(['"', ' ']);
    // Cells that are empty can follow where the line was copied from a table.
    match plain.trim_end_matches('\t') {
        "" if plain.starts_with('\t') => "\t",
        cut => cut,
    }
}

/// The rows that have something in them; one more than allowed where there are too many.
fn rows(text: &str, separator: Separator) -> Result<Vec<Cells>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator.between)
        .from_reader(&text.as_bytes()[separator.said..]);
    let mut rows = Vec::new();
    let mut lines = Lines { text, at: 0, line: 1 };
    for record in reader.records() {
        // Of a text in memory, with rows of any length, nothing is known to fail; the library could still say so.
        let cells = record.map_err(|_| "The pasted text is no table.".to_owned())?;
        let start = cells.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).unwrap_or(usize::MAX).saturating_add(separator.said);
        let row = Cells { line: lines.line_of(start), cells };
        if row.is_empty() {
            continue;
        }
        if row.cells.len() > MAX_COLUMNS {
            return Err(format!("There are more than {MAX_COLUMNS} columns in line {}; paste fewer.", row.line));
        }
        rows.push(row);
        // With its headings.
        if rows.len() > MAX_ROWS + 1 {
            break;
        }
    }
    Ok(rows)
}

/// Tabs where the first row has any outside of quotes; else commas or semicolons, of which roles have both inside: the
/// one that parts off more addresses and headings, or else the one of which there are more.
fn delimiter(text: &str) -> u8 {
    let (mut tabs, mut commas, mut semicolons) = (0usize, 0usize, 0usize);
    let (mut quoted, mut starts, mut blank) = (false, true, true);
    let mut end = text.len();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            // A quote elsewhere than at a cell's start is a letter; two inside of quotes end and start them again.
            b'"' if quoted || starts => quoted = !quoted,
            _ if quoted => {}
            b'\n' | b'\r' if blank => {}
            b'\n' | b'\r' => {
                end = at;
                break;
            }
            b'\t' => tabs += 1,
            b',' => commas += 1,
            b';' => semicolons += 1,
            _ => {}
        }
        starts = matches!(byte, b'"' | b'\t' | b',' | b';' | b'\n' | b'\r');
        blank &= matches!(byte, b'\n' | b'\r');
    }
    match (tabs, commas, semicolons) {
        (1.., ..) => b'\t',
        (0, 1.., 1..) => {
            let known = |delimiter: u8| known_cells(&text[..end], delimiter);
            match known(b';').cmp(&known(b',')).then(semicolons.cmp(&commas)) {
                Ordering::Greater => b';',
                Ordering::Equal | Ordering::Less => b',',
            }
        }
        (0, 0, 1..) => b';',
        (0, _, 0) => b',',
    }
}

/// How many cells of a row are addresses or headings.
fn known_cells(row: &str, delimiter: u8) -> usize {
    let reader = csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(row.as_bytes());
    let first = reader.into_records().next().and_then(Result::ok).unwrap_or_default();
    let is_known = |cell: &&str| heading(cell).is_some() || cell.parse::<IpAddr>().is_ok();
    first.iter().map(|cell| unguarded(cell).trim()).filter(is_known).count()
}

/// Counts the line ends before places that only move on.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of the first letter from that byte on that ends no line; a row starts there.
    fn line_of(&mut self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            let ends = matches!(byte, b'\n' | b'\r');
            if self.at >= start && !ends {
                break;
            }
            // CR and LF together end one line.
            let two = *byte == b'\r' && bytes.get(self.at + 1) == Some(&b'\n');
            self.line += usize::from(ends && !two);
            self.at += 1;
        }
        self.line
    }
}

/// Which column stands where.
struct Layout {
    /// In the order of [`Column::ALL`], so that the platform is read before what needs one.
    columns: Vec<(Heading, usize)>,
    /// Cells of a row that have a heading, read or not.
    width: usize,
}

impl Default for Layout {
    /// Without headings, the order of the export.
    fn default() -> Self {
        let columns = Column::ALL.into_iter().map(|column| Heading { column, unit: None });
        Self { columns: columns.zip(0..).collect(), width: Column::ALL.len() }
    }
}

impl Layout {
    /// The layout that headings say, if these are headings: more than half of them name a column, or one names the
    /// hostnames; and no cell is an address, as every row but the headings has one.
    fn of_headings(row: &Cells, problems: &mut Vec<RowProblem>) -> Option<Self> {
        let cells = || row.cells.iter().map(|cell| unguarded(cell).trim()).enumerate();
        let given = cells().filter(|(_, cell)| !cell.is_empty()).count();
        let known = || cells().filter_map(|(at, cell)| Some((heading(cell)?, at)));
        let hostname = known().any(|(heading, _)| heading.column == Column::Hostname);
        let address = cells().any(|(_, cell)| cell.parse::<IpAddr>().is_ok());
        if address || !(hostname || known().count() * 2 > given) {
            return None;
        }
        let mut layout = Self { columns: Vec::new(), width: row.cells.len() };
        for (at, cell) in cells().filter(|(_, cell)| !cell.is_empty()) {
            let (column, message) = match heading(cell) {
                Some(heading) if layout.position(heading.column).is_none() => {
                    layout.columns.push((heading, at));
                    continue;
                }
                Some(Heading { column, .. }) => {
                    let message =
                        format!("{} is the column {} a second time, so it is not read.", shown(cell), column.title());
                    (Some(column), message)
                }
                None => (None, format!("There is no column {}, so it is not read; {}", shown(cell), meant(cell))),
            };
            problems.push(RowProblem { line: row.line, column, message });
        }
        layout.columns.sort_by_key(|(heading, _)| heading.column);
        Some(layout)
    }

    fn position(&self, column: Column) -> Option<usize> {
        self.columns.iter().find(|(heading, _)| heading.column == column).map(|(_, at)| *at)
    }
}

/// Names of two letters are near to every short word, so they are not suggested.
fn meant(heading: &str) -> String {
    let names: Vec<&str> = Column::ALL.iter().map(|column| column.name()).filter(|name| name.len() > 2).collect();
    suggested(heading, &names)
}

/// What the rows are read with.
struct Reading<'a> {
    layout: Layout,
    catalogue: &'a Catalogue,
    /// By hostname in lower case.
    nodes: HashMap<String, &'a Node>,
    /// Hostnames of earlier rows, in lower case.
    seen: HashSet<String>,
}

/// What one good row does.
enum Row {
    Added(Node),
    Known(Vec<Edit>),
}

impl Reading<'_> {
    fn row(&mut self, row: &Cells) -> Result<Row, Vec<(Option<Column>, String)>> {
        let cell = |at: usize| row.cells.get(at).map(unguarded).filter(|cell| !cell.trim().is_empty());
        let given = self.layout.position(Column::Hostname).and_then(cell).map_or("", str::trim);
        let hostname = hostname(given).map_err(|error| vec![(Some(Column::Hostname), error.message)])?;
        if !self.seen.insert(hostname.to_ascii_lowercase()) {
            let message = format!("{hostname} is in an earlier row already.");
            return Err(vec![(Some(Column::Hostname), message)]);
        }
        let before = self.nodes.get(&hostname.to_ascii_lowercase()).copied();
        let mut node = before.cloned().unwrap_or_else(|| blank(hostname));
        let mut problems = Vec::new();
        if (self.layout.width..row.cells.len()).any(|at| cell(at).is_some()) {
            problems.push((None, format!("The row has more than {} cells.", self.layout.width)));
        }
        let mut addressed = before.is_some();
        for (heading, at) in &self.layout.columns {
            let column = heading.column;
            if matches!(column, Column::Hostname | Column::Id) {
                continue;
            }
            let Some(text) = cell(*at) else { continue };
            addressed |= column == Column::PrivateIp;
            let with_unit = heading.unit.filter(|_| text.trim_end().ends_with(|last: char| last.is_ascii_digit()));
            let with_unit = with_unit.map(|unit| format!("{text} {unit}"));
            let text = with_unit.as_deref().unwrap_or(text);
            if let Err(error) = put(&mut node, column, text, self.catalogue, Bare::KeepsSettings) {
                problems.push((Some(column), error.message));
            }
        }
        if !addressed {
            let message = format!("{} is new, so it needs a private address.", node.hostname);
            problems.push((Some(Column::PrivateIp), message));
        }
        match before {
            _ if !problems.is_empty() => Err(problems),
            Some(before) => Ok(Row::Known(edits_between(before, &node))),
            None => Ok(Row::Added(node)),
        }
    }
}

/// A node that has nothing yet; its row has to say the address.
fn blank(hostname: String) -> Node {
    Node {
        id: None,
        hostname,
        private_ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        public_ip: None,
        site: None,
        container: None,
        hardware: Hardware::default(),
        roles: Vec::new(),
    }
}
