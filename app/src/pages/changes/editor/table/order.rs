//! Which rows of the table are shown, and in which order.

use std::collections::BTreeMap;

use strata_domain::cells::Column;

use crate::pages::changes::editor::shown::{Shown, by_number};
use crate::pages::changes::editor::wanted::Wanted;

/// Columns that the table shows; the id is nobody's to read.
pub fn columns() -> impl Iterator<Item = Column> {
    Column::ALL.into_iter().filter(|column| *column != Column::Id)
}

/// How rows are ordered and which are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The column that rows are sorted by.
    pub by: Column,
    /// Whether the last come first.
    pub descending: bool,
    /// What each column is narrowed down to, as typed.
    pub filters: BTreeMap<Column, String>,
}

impl Default for Order {
    fn default() -> Self {
        Self { by: Column::Hostname, descending: false, filters: BTreeMap::new() }
    }
}

/// Places of the rows to show, in order.
pub fn in_order(shown: &Shown, order: &Order, wanted: &Wanted) -> Vec<usize> {
    let mut places: Vec<usize> = (0..shown.rows.len())
        .filter(|&place| {
            let row = &shown.rows[place];
            wanted.finds(row)
                && order.filters.iter().all(|(column, filter)| passes(*column, &column.text(&row.node), filter))
        })
        .collect();
    // Rows come in the order of hostnames.
    if order.by != Column::Hostname {
        let mut keyed: Vec<(String, usize)> =
            places.iter().map(|&place| (order.by.text(&shown.rows[place].node), place)).collect();
        keyed.sort_by(|(one, _), (other, _)| by_number(one, other));
        places = keyed.into_iter().map(|(_, place)| place).collect();
    }
    if order.descending {
        places.reverse();
    }
    places
}

/// Whether a cell passes its filter: a part of its text, or `>`, `<`, `=` and a number.
fn passes(column: Column, text: &str, filter: &str) -> bool {
    let filter = filter.trim();
    if column.is_number()
        && let Some((sign, number)) = filter.split_at_checked(1)
        && let Ok(number) = number.trim().parse::<u64>()
        && let "<" | ">" | "=" = sign
    {
        return text.parse::<u64>().is_ok_and(|value| match sign {
            "<" => value < number,
            ">" => value > number,
            _ => value == number,
        });
    }
    filter.is_empty() || text.to_lowercase().contains(&filter.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_texts_and_numbers() {
        assert!(passes(Column::Site, "dc1", "DC"));
        assert!(!passes(Column::Site, "dc1", ">1"));
        assert!(passes(Column::MemoryMib, "512", "> 256"));
        assert!(!passes(Column::MemoryMib, "512", "<512"));
        assert!(passes(Column::MemoryMib, "512", "=512"));
        assert!(!passes(Column::MemoryMib, "", ">0"));
        assert!(passes(Column::MemoryMib, "512", "51"));
    }
}
