//! Places by name.

use std::collections::{BTreeSet, HashMap};

/// Where names are in a list. Names can be there more than once, as in a file with two nodes of one hostname.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(HashMap<String, Spot>);

#[derive(Clone, Debug)]
enum Spot {
    One(usize),
    Many(BTreeSet<usize>),
}

impl Names {
    pub(super) fn with_room(names: usize) -> Self {
        Self(HashMap::with_capacity(names))
    }

    pub(super) fn first(&self, name: &str) -> Option<usize> {
        match self.0.get(name)? {
            Spot::One(place) => Some(*place),
            Spot::Many(places) => places.first().copied(),
        }
    }

    /// Whether the name is at another place too, or instead.
    pub(super) fn has_other(&self, name: &str, than: usize) -> bool {
        match self.0.get(name) {
            None => false,
            Some(Spot::One(place)) => *place != than,
            Some(Spot::Many(places)) => places.iter().take(2).any(|place| *place != than),
        }
    }

    pub(super) fn insert(&mut self, name: &str, place: usize) {
        match self.0.get_mut(name) {
            None => {
                self.0.insert(name.to_owned(), Spot::One(place));
            }
            Some(Spot::Many(places)) => {
                places.insert(place);
            }
            Some(spot @ Spot::One(_)) => {
                if let Spot::One(first) = *spot {
                    *spot = Spot::Many(BTreeSet::from([first, place]));
                }
            }
        }
    }

    pub(super) fn remove(&mut self, name: &str, place: usize) {
        let is_empty = match self.0.get_mut(name) {
            None => return,
            Some(Spot::One(only)) => *only == place,
            Some(Spot::Many(places)) => {
                places.remove(&place);
                places.is_empty()
            }
        };
        if is_empty {
            self.0.remove(name);
        }
    }

    pub(super) fn remove_all(&mut self, name: &str) -> Vec<usize> {
        match self.0.remove(name) {
            None => Vec::new(),
            Some(Spot::One(place)) => vec![place],
            Some(Spot::Many(places)) => places.into_iter().collect(),
        }
    }
}
