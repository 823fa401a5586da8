//! The list twin of the map: the same as a table.

use leptos::prelude::*;

use crate::api::role_map::Band;
use crate::components::FindingCounts;
use crate::paths;

/// One row for each role.
#[component]
pub fn RoleList(bands: Vec<Band>, environment: String) -> impl IntoView {
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
                    <th scope="row"><a href=paths::role(&environment, &role.id)>{role.name}</a></th>
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
        <div class="table-scroll" tabindex="0" role="region" aria-label="Table of roles">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"Role"</th>
                        <th scope="col">"Layer"</th>
                        <th scope="col">"Instances"</th>
                        <th scope="col">"Shape"</th>
                        <th scope="col">"Availability groups"</th>
                        <th scope="col">"Findings"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
