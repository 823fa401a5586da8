//! Which nodes and services have a text among their settings, such as the name of a group.

use std::collections::HashMap;

use crate::topology::{SettingValue, Settings, Topology};

/// Places by text. A place stays noted when the text is gone from it, so whoever asks looks there again.
#[derive(Clone, Debug, Default)]
pub(super) struct Naming {
    nodes: HashMap<String, Vec<usize>>,
    services: HashMap<String, Vec<usize>>,
}

impl Naming {
    pub(super) fn of(topology: &Topology) -> Self {
        let mut naming = Self::default();
        for (place, node) in topology.nodes.iter().enumerate() {
            node.roles.iter().for_each(|assignment| naming.node_says(place, &assignment.settings));
        }
        for (place, service) in topology.services.iter().enumerate() {
            naming.service_says(place, &service.settings);
        }
        naming
    }

    pub(super) fn node_says(&mut self, place: usize, settings: &Settings) {
        note(&mut self.nodes, place, settings);
    }

    pub(super) fn service_says(&mut self, place: usize, settings: &Settings) {
        note(&mut self.services, place, settings);
    }

    /// Each once, in order.
    pub(super) fn places(&self, text: &str) -> (Vec<usize>, Vec<usize>) {
        let sorted = |places: &HashMap<String, Vec<usize>>| {
            let mut places = places.get(text).cloned().unwrap_or_default();
            places.sort_unstable();
            places.dedup();
            places
        };
        (sorted(&self.nodes), sorted(&self.services))
    }
}

fn note(places: &mut HashMap<String, Vec<usize>>, place: usize, settings: &Settings) {
    for text in settings.values().filter_map(SettingValue::as_text) {
        match places.get_mut(text) {
            // The same node is set again and again by somebody who tries things out.
            Some(known) if known.last() == Some(&place) => {}
            Some(known) => known.push(place),
            None => drop(places.insert(text.to_owned(), vec![place])),
        }
    }
}
