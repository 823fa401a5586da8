//! Which card of the board stands where, and which are drawn.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use strata_domain::catalogue::{Catalogue, Layer};
use strata_domain::findings::Severity;
use strata_domain::topology::Topology;

use crate::pages::changes::editor::shown::{Shown, by_number};
use crate::pages::changes::editor::wanted::Wanted;

/// What the columns of the board are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// Sites; the bands are layers.
    #[default]
    Site,
    /// Availability groups; the bands are layers.
    Group,
    /// Roles, without bands: a node stands under each of its roles.
    Role,
}

impl Grouping {
    /// All of them, in the order that the page offers them.
    pub const ALL: [Self; 3] = [Self::Site, Self::Group, Self::Role];

    /// The word in the address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Group => "group",
            Self::Role => "role",
        }
    }

    /// The word for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Site => "Site",
            Self::Group => "Availability group",
            Self::Role => "Role",
        }
    }
}

/// Cards that the board draws at most; what is more stands as a count in its cell.
pub const DRAWN: usize = 300;

/// Sites that still fit beside each other, one under the other in every band.
const ALIGNED: usize = 8;

/// The board: bands of cells, each cell a part of one column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    /// Bands from top to bottom, empty ones left out.
    pub bands: Vec<Band>,
    /// How many nodes it has in all cells.
    pub total: usize,
}

/// One band of the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// Its heading: a layer, or what stands outside of all.
    pub title: String,
    /// The layer's word, for its colour; empty outside of all.
    pub layer: &'static str,
    /// Its cells, in the order of columns.
    pub cells: Vec<Cell>,
}

/// The nodes of one band in one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The column: a site, a group, a role's id; empty for nodes that have none.
    pub key: String,
    /// The column's heading.
    pub title: String,
    /// Places of rows that are drawn, in order.
    pub drawn: Vec<usize>,
    /// How many more there are.
    pub more: usize,
    /// Worst finding of all its nodes.
    pub worst: Option<Severity>,
    /// Worst finding among those that are not drawn.
    pub more_worst: Option<Severity>,
}

impl Cell {
    /// All of its nodes.
    pub fn total(&self) -> usize {
        self.drawn.len() + self.more
    }
}

impl Board {
    /// Lays out the rows that the search finds. Groups and roles that nothing is in are there too while
    /// nothing is searched: to be dropped on.
    pub fn of(shown: &Shown, catalogue: &Catalogue, topology: &Topology, grouping: Grouping, wanted: &Wanted) -> Self {
        let found: Vec<usize> =
            shown.rows.iter().enumerate().filter(|(_, row)| wanted.finds(row)).map(|(place, _)| place).collect();
        let bands: [(&str, &'static str); 5] = [
            (Layer::Functionality.title(), Layer::Functionality.as_str()),
            (Layer::Management.title(), Layer::Management.as_str()),
            (Layer::Storage.title(), Layer::Storage.as_str()),
            ("No role", ""),
            ("Roles", ""),
        ];
        // By name alone first: of thousands of nodes few columns come.
        let mut named: HashMap<(usize, Option<&str>), Vec<usize>> = HashMap::new();
        for &place in &found {
            let row = &shown.rows[place];
            let band = row.layer.map_or(3, |layer| match layer {
                Layer::Functionality => 0,
                Layer::Management => 1,
                Layer::Storage => 2,
            });
            match grouping {
                Grouping::Site => named.entry((band, row.node.site.as_deref())).or_default().push(place),
                Grouping::Group => named.entry((band, row.group.as_deref())).or_default().push(place),
                Grouping::Role if row.node.roles.is_empty() => named.entry((3, None)).or_default().push(place),
                Grouping::Role => {
                    for assignment in &row.node.roles {
                        named.entry((4, Some(assignment.role.as_str()))).or_default().push(place);
                    }
                }
            }
        }
        let key = |name: Option<&str>| match (grouping, name) {
            (Grouping::Site, name) => Key::named(name, "No site"),
            (Grouping::Group, name) => Key::named(name, "No group"),
            (Grouping::Role, None) => Key::named(None, "No role"),
            (Grouping::Role, Some(role)) => Key::role(role, catalogue),
        };
        let mut cells: BTreeMap<(usize, Key), Vec<usize>> =
            named.into_iter().map(|((band, name), places)| ((band, key(name)), places)).collect();
        // Groups and roles without a node are there to be dropped on.
        if wanted.is_anything() {
            match grouping {
                // The same sites in every band, so that columns stand under each other and any can be dropped on.
                Grouping::Site => {
                    let sites: BTreeSet<Key> = cells.keys().map(|(_, key)| key.clone()).collect();
                    let bands: BTreeSet<usize> = cells.keys().map(|(band, _)| *band).collect();
                    if sites.len() <= ALIGNED {
                        for band in bands {
                            for site in &sites {
                                cells.entry((band, site.clone())).or_default();
                            }
                        }
                    }
                }
                Grouping::Group => {
                    for group in &topology.availability_groups {
                        if !cells.keys().any(|(_, key)| key.key == *group) {
                            cells.entry((2, Key::named(Some(group), ""))).or_default();
                        }
                    }
                }
                Grouping::Role => {
                    for role in &catalogue.roles {
                        cells.entry((4, Key::role(role.id.as_str(), catalogue))).or_default();
                    }
                }
            }
        }
        let room = room_for_each(cells.values().map(Vec::len), DRAWN);
        let mut board = Self { total: found.len(), ..Self::default() };
        for ((band, key), places) in cells {
            let (title, layer) = bands[band];
            let cell = cut(key, places, room, shown);
            match board.bands.last_mut() {
                Some(last) if last.title == title => last.cells.push(cell),
                _ => board.bands.push(Band { title: title.to_owned(), layer, cells: vec![cell] }),
            }
        }
        board
    }
}

/// Where a card is: its band, its cell in it, its place in that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Of the bands.
    pub band: usize,
    /// Of the cells of the band.
    pub cell: usize,
    /// Of the cards of the cell.
    pub place: usize,
}

/// A step of the keyboard from card to card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the card before, in the cell or in the band above.
    Up,
    /// To the card after, in the cell or in the band below.
    Down,
    /// To the column on the left.
    Left,
    /// To the column on the right.
    Right,
    /// To the first card of all.
    First,
    /// To the last.
    Last,
}

impl Board {
    /// Whether a card of that node is drawn.
    pub fn has(&self, shown: &Shown, hostname: &str) -> bool {
        self.drawn().any(|place| shown.rows[place].node.hostname == hostname)
    }

    /// The cells that a card of that node is drawn in, by the band's title and the column's key.
    pub fn cells_of(&self, shown: &Shown, hostname: &str) -> Vec<(String, String)> {
        let has = |cell: &Cell| cell.drawn.iter().any(|&place| shown.rows[place].node.hostname == hostname);
        let of_band = |band: &Band| {
            let cells = band.cells.iter().filter(|cell| has(cell));
            cells.map(|cell| (band.title.clone(), cell.key.clone())).collect::<Vec<_>>()
        };
        self.bands.iter().flat_map(of_band).collect()
    }

    /// All cells, by the band's title and the column's key.
    pub fn cells(&self) -> impl Iterator<Item = (String, String)> {
        self.bands.iter().flat_map(|band| band.cells.iter().map(|cell| (band.title.clone(), cell.key.clone())))
    }

    /// The node of the first card.
    pub fn first(&self, shown: &Shown) -> Option<String> {
        self.drawn().next().map(|place| shown.rows[place].node.hostname.clone())
    }

    /// Where a step from this card leads.
    pub fn step(&self, from: Place, way: Way) -> Option<Place> {
        let Place { band, cell, place } = from;
        let cells = &self.bands.get(band)?.cells;
        let in_cell = |band: usize, cell: usize, wanted: usize| {
            let cards = self.bands[band].cells[cell].drawn.len();
            (cards > 0).then(|| Place { band, cell, place: wanted.min(cards - 1) })
        };
        let key = &cells.get(cell)?.key;
        match way {
            Way::Up if place > 0 => Some(Place { place: place - 1, ..from }),
            Way::Up => (0..band).rev().find_map(|band| in_cell(band, self.bands[band].under(key)?, usize::MAX)),
            Way::Down if place + 1 < cells[cell].drawn.len() => Some(Place { place: place + 1, ..from }),
            Way::Down => (band + 1..self.bands.len()).find_map(|band| in_cell(band, self.bands[band].under(key)?, 0)),
            Way::Left => (0..cell).rev().find_map(|cell| in_cell(band, cell, place)),
            Way::Right => (cell + 1..cells.len()).find_map(|cell| in_cell(band, cell, place)),
            Way::First => self.places().find_map(|(band, cell)| in_cell(band, cell, 0)),
            Way::Last => {
                let places: Vec<(usize, usize)> = self.places().collect();
                places.into_iter().rev().find_map(|(band, cell)| in_cell(band, cell, usize::MAX))
            }
        }
    }

    /// The card of that node in that band and column, by its title and key.
    pub fn place_in(&self, shown: &Shown, band: &str, column: &str, hostname: &str) -> Option<Place> {
        let band = self.bands.iter().position(|one| one.title == band)?;
        let cell = self.bands[band].cells.iter().position(|cell| cell.key == column)?;
        let drawn = &self.bands[band].cells[cell].drawn;
        let place = drawn.iter().position(|&place| shown.rows[place].node.hostname == hostname)?;
        Some(Place { band, cell, place })
    }

    fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        self.bands.iter().enumerate().flat_map(|(band, of_band)| (0..of_band.cells.len()).map(move |cell| (band, cell)))
    }

    fn drawn(&self) -> impl Iterator<Item = usize> {
        self.bands.iter().flat_map(|band| &band.cells).flat_map(|cell| &cell.drawn).copied()
    }
}

impl Band {
    /// Its cell in that column, or its first where it has none there; only cells with cards count.
    fn under(&self, key: &str) -> Option<usize> {
        let with_cards = || self.cells.iter().enumerate().filter(|(_, cell)| !cell.drawn.is_empty());
        with_cards().find(|(_, cell)| cell.key == key).or_else(|| with_cards().next()).map(|(place, _)| place)
    }
}

/// The place of a column among the others, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    /// Columns of nothing stand last.
    rank: usize,
    key: String,
    title: String,
}

impl Key {
    fn named(name: Option<&str>, nothing: &str) -> Self {
        match name {
            Some(name) => Self { rank: 0, key: name.to_owned(), title: name.to_owned() },
            None => Self { rank: usize::MAX, key: String::new(), title: nothing.to_owned() },
        }
    }

    fn role(id: &str, catalogue: &Catalogue) -> Self {
        let rank = catalogue.roles.iter().position(|role| role.id.as_str() == id).unwrap_or(usize::MAX - 1);
        let title = catalogue.role(id).map_or_else(|| id.to_owned(), |role| role.name.clone());
        Self { rank, key: id.to_owned(), title }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank).then_with(|| by_number(&self.key, &other.key))
    }
}

/// The most cards that each cell may draw so that all together stay within the budget.
fn room_for_each(sizes: impl Iterator<Item = usize>, budget: usize) -> usize {
    let mut sizes: Vec<usize> = sizes.collect();
    sizes.sort_unstable();
    let mut left = budget;
    for (place, size) in sizes.iter().enumerate() {
        let share = left / (sizes.len() - place);
        if *size > share {
            return share;
        }
        left -= size;
    }
    usize::MAX
}

/// A cell with as many cards as there is room for: what is changed or has findings before what is not.
fn cut(key: Key, places: Vec<usize>, room: usize, shown: &Shown) -> Cell {
    let Key { rank: _, key, title } = key;
    let worst_of = |places: &[usize]| places.iter().filter_map(|&place| shown.rows[place].worst).min();
    let worst = worst_of(&places);
    if places.len() <= room {
        return Cell { key, title, drawn: places, more: 0, worst, more_worst: None };
    }
    let mut ranked = places;
    ranked.sort_by_key(|&place| {
        let row = &shown.rows[place];
        (row.mark.is_none(), row.worst.map_or(usize::MAX, |worst| worst as usize), place)
    });
    let rest = ranked.split_off(room);
    ranked.sort_unstable();
    let more_worst = worst_of(&rest);
    Cell { key, title, drawn: ranked, more: rest.len(), worst, more_worst }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::changes::editor::shown::tests::{node, topology_of};

    fn board(topology: &Topology, grouping: Grouping, wanted: &str) -> (Shown, Board) {
        let catalogue = Catalogue::built_in();
        let shown = Shown::of(topology, topology, catalogue, None);
        let board = Board::of(&shown, catalogue, topology, grouping, &Wanted::of(wanted));
        (shown, board)
    }

    fn told(board: &Board) -> Vec<(String, Vec<(String, usize)>)> {
        let cells = |band: &Band| band.cells.iter().map(|cell| (cell.title.clone(), cell.total())).collect();
        board.bands.iter().map(|band| (band.title.clone(), cells(band))).collect()
    }

    #[test]
    fn nodes_stand_in_the_band_of_their_lowest_layer_and_in_their_column() {
        let mut both = node(1, Some("dc1"), &["worker", "sql"]);
        both.hostname = "both".to_owned();
        let topology =
            topology_of(vec![both, node(2, Some("dc2"), &["worker"]), node(3, None, &[]), node(4, None, &["web"])]);
        let (_, by_site) = board(&topology, Grouping::Site, "");
        let cell = |name: &str, nodes| (name.to_owned(), nodes);
        assert_eq!(
            told(&by_site),
            [
                ("Functionality".to_owned(), vec![cell("dc1", 0), cell("dc2", 0), cell("No site", 1)]),
                ("Infrastructure management".to_owned(), vec![cell("dc1", 0), cell("dc2", 1), cell("No site", 0)]),
                ("Storage".to_owned(), vec![cell("dc1", 1), cell("dc2", 0), cell("No site", 0)]),
                ("No role".to_owned(), vec![cell("dc1", 0), cell("dc2", 0), cell("No site", 1)]),
            ]
        );
        let (_, by_role) = board(&topology, Grouping::Role, "both");
        assert_eq!(told(&by_role), [("Roles".to_owned(), vec![cell("Worker", 1), cell("SQL", 1)])]);
        assert_eq!(by_role.total, 1);
    }

    #[test]
    fn no_more_cards_than_the_budget_are_drawn_and_all_are_counted() {
        let nodes = (0..5_000).map(|number| node(number, Some(&format!("dc{}", number % 7)), &["worker"])).collect();
        let (_, board) = board(&topology_of(nodes), Grouping::Site, "");
        assert!(board.drawn().count() <= DRAWN);
        assert!(board.drawn().count() > DRAWN - 8);
        assert_eq!(board.bands.iter().flat_map(|band| &band.cells).map(Cell::total).sum::<usize>(), 5_000);
    }

    #[test]
    fn the_keyboard_goes_from_card_to_card_and_past_empty_cells() {
        let topology = topology_of(vec![
            node(1, Some("a"), &["web"]),
            node(2, Some("c"), &["web"]),
            node(3, Some("b"), &["worker"]),
            node(4, Some("b"), &["worker"]),
        ]);
        let (shown, board) = board(&topology, Grouping::Site, "");
        let place_of = |name: &str| {
            let place = |band: &Band, cell: &Cell| board.place_in(&shown, &band.title, &cell.key, name);
            board.bands.iter().find_map(|band| band.cells.iter().find_map(|cell| place(band, cell)))
        };
        let step = |from: &str, way| board.step(place_of(from)?, way);
        assert_eq!(board.first(&shown).as_deref(), Some("n1"));
        assert_eq!(step("n1", Way::Right), place_of("n2"), "past the empty cell");
        assert_eq!(step("n2", Way::Left), place_of("n1"));
        assert_eq!(step("n1", Way::Down), place_of("n3"), "into the band below");
        assert_eq!(step("n3", Way::Down), place_of("n4"));
        assert_eq!(step("n4", Way::Down), None);
        assert_eq!(step("n3", Way::Up), place_of("n1"));
        assert_eq!(step("n1", Way::Last), place_of("n4"));
        assert_eq!(step("n4", Way::First), place_of("n1"));
        assert_eq!(step("nobody", Way::Up), None);
    }

    #[test]
    fn room_is_shared_evenly_and_small_cells_keep_all() {
        assert_eq!(room_for_each([1, 2, 3].into_iter(), 10), usize::MAX);
        assert_eq!(room_for_each([2, 100, 100].into_iter(), 22), 10);
        assert_eq!(room_for_each([5; 10].into_iter(), 3), 0, "hundreds of columns say how many they have");
        assert_eq!(room_for_each(std::iter::empty(), 3), usize::MAX);
    }
}
