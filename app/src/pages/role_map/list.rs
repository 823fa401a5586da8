//! The list twin of the map: the same as a table.

use leptos::prelude::*;

use crate::api::role_map::Band;
use crate::components::{FindingCounts, Table};
use crate::paths;

/// One row for each role.
#[component]
pub fn RoleList(bands: Vec<Band>, environment: String, at: Option<i64>) -> impl IntoView {
    let rows: Vec<_> = bands
        .into_iter()
        .flat_map(|band| band.roles.into_iter().map(move |role| (band.layer, role)))
        .map(|(layer, role)| {
            let groups = role.clusters.iter().filter(|cluster| !cluster.name.is_empty());
            let groups = groups
                .map(|cluster| format!("{} ({})", cluster.name, cluster.pips.len()))
                .collect::<Vec<_>>()
                .join(", ");
            view! {
                <tr>
                    <th scope="row"><a href=paths::role(&environment, &role.id, at)>{role.name}</a></th>
                    <td>{layer.title()}</td>
                    <td class="number">{role.instances}</td>
                    <td>{role.shape}</td>
                    <td>{groups}</td>
                    <td><FindingCounts summary=role.summary /></td>
                </tr>
            }
        })
        .collect();
    view! {
        <Table of="roles" columns=&["Role", "Layer", "Instances", "Shape", "Availability groups", "Findings"]>{rows}</Table>
    }
}
