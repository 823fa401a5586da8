//! What dragging comes to: roles onto nodes, nodes into columns. The bar of the selection does the same without a drag.

use leptos::wasm_bindgen::JsCast;
use strata_domain::edit::bulk;
use strata_domain::edit::bulk::Nodes;

use super::card::Dragged;
use super::layout::Grouping;
use crate::pages::changes::editor::counted;
use crate::pages::changes::editor::session::Session;

/// What is under the pointer during a drag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Over {
    /// A cell, by its band's title and its column.
    Cell(String, String),
    /// A node, for a role.
    Node(String),
}

/// What the pointer is over that could take what is dragged.
pub fn target_of(event: &leptos::ev::DragEvent, dragged: &Dragged) -> Option<Over> {
    let element = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    let (selector, attribute) = match dragged {
        Dragged::Role(_) => ("[data-node]", "data-node"),
        Dragged::Nodes(_) => ("[data-column]", "data-column"),
    };
    let element = element.closest(selector).ok()??;
    let name = element.get_attribute(attribute)?;
    Some(match dragged {
        Dragged::Role(_) => Over::Node(name),
        Dragged::Nodes(_) => Over::Cell(element.get_attribute("data-band")?, name),
    })
}

/// Does what a drop asks for.
pub fn drop_on(session: Session, grouping: Grouping, dragged: &Dragged, target: &Over) {
    match (dragged, target) {
        (Dragged::Role(role), Over::Node(hostname)) => {
            let chosen = session.chosen();
            let onto = if chosen.contains(hostname) { chosen } else { vec![hostname.clone()] };
            assign(session, role, &onto);
        }
        (Dragged::Nodes(hostnames), Over::Cell(_, column)) => move_to(session, grouping, hostnames, column),
        (Dragged::Role(_), Over::Cell(..)) | (Dragged::Nodes(_), Over::Node(_)) => {}
    }
}

/// A role onto those nodes.
pub fn assign(session: Session, role: &str, hostnames: &[String]) {
    let nodes: Nodes = hostnames.iter().map(String::as_str).collect();
    let done = session.with_now(|draft| {
        let role = draft.catalogue().role(role)?;
        let edits = bulk::assign(draft.desired(), &nodes, role);
        Some((format!("Assign {} to {}", role.name, counted(edits.len())), edits))
    });
    if let Some((label, edits)) = done {
        session.act(label, edits);
    }
}

/// Those nodes into that column.
pub fn move_to(session: Session, grouping: Grouping, hostnames: &[String], column: &str) {
    let nodes: Nodes = hostnames.iter().map(String::as_str).collect();
    match grouping {
        Grouping::Site => {
            let site = (!column.is_empty()).then_some(column);
            let edits = session.with_now(|draft| bulk::set_site(draft.desired(), &nodes, site));
            let what = site.map_or_else(|| "no site".to_owned(), |site| format!("site {site}"));
            session.act(format!("Move {} to {what}", counted(edits.len())), edits);
        }
        Grouping::Group if column.is_empty() => {
            session.say("A node leaves its group by leaving the role, or by its settings.".to_owned(), "attention");
        }
        Grouping::Group => {
            let edits =
                session.with_now(|draft| bulk::move_to_group(draft.desired(), draft.catalogue(), &nodes, column));
            if edits.is_empty() {
                session.say(
                    format!("None of them has a role that joins groups, or they are in {column} already."),
                    "attention",
                );
            } else {
                session.act(format!("Move {} to {column}", counted(edits.len())), edits);
            }
        }
        Grouping::Role if column.is_empty() => {
            session.say("A role is taken away in the panel, or in the bar of the selection.".to_owned(), "attention");
        }
        Grouping::Role => assign(session, column, hostnames),
    }
}
