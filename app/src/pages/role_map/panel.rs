//! One role, opened: what it is for, what it needs and why, where it runs.

use leptos::prelude::*;
use strata_domain::whatif::Extent;

use crate::api::role_map::{InstanceRow, RolePanel};
use crate::components::FindingList;
use crate::paths;

/// The opened role beside the map.
#[component]
pub fn RolePanelView(panel: RolePanel, environment: String, at: Option<i64>) -> impl IntoView {
    let requirements: Vec<_> = panel.role.requirements.iter().map(|text| view! { <li>{text.clone()}</li> }).collect();
    let shown = panel.instances.len();
    let cut =
        (panel.total > shown).then(|| view! { <p class="hint">{format!("The first {shown} of {}.", panel.total)}</p> });
    let rows: Vec<_> =
        panel.instances.into_iter().map(|row| view! { <InstanceItem row environment=environment.clone() /> }).collect();
    let findings = panel.findings.into_iter().map(|finding| (finding, false)).collect::<Vec<_>>();
    view! {
        <section class="panel role-panel" id="role" aria-labelledby="role-heading">
            <div class="panel-head">
                <h2 id="role-heading">{panel.role.name.clone()}</h2>
                <a class="button" href=paths::role_map_at(&environment, at)>"Close"</a>
            </div>
            <p>{panel.role.note.clone()}</p>
            <h3>"Findings"</h3>
            <FindingList findings />
            <h3>"Needs, and why"</h3>
            <ul class="prose-list">{requirements}</ul>
            <h3>{format!("Instances ({})", panel.total)}</h3>
            <ul class="instances">{rows}</ul>
            {cut}
        </section>
    }
}

#[component]
fn InstanceItem(row: InstanceRow, environment: String) -> impl IntoView {
    let service = row.service.then(|| view! { <span class="badge" data-tone="info">"service"</span> });
    let missed = (row.without > Extent::Nothing).then(|| {
        let href = paths::what_if_node(&environment, &row.place);
        view! { " · " <a href=href>{format!("without it: {}", row.without.title().to_lowercase())}</a> }
    });
    let facts = row
        .addresses
        .into_iter()
        .chain(row.site)
        .chain(Some(row.machine).filter(|machine| !machine.is_empty()))
        .collect::<Vec<_>>()
        .join(" · ");
    let settings: Vec<_> =
        row.settings.into_iter().map(|setting| view! { <span class="chip">{setting}</span> }).collect();
    view! {
        <li>
            <p><strong>{row.place}</strong> " " {service} " " {settings}</p>
            <p class="hint">{facts} {missed}</p>
        </li>
    }
}
