//! Audit rows as a table.

use leptos::prelude::*;
use strata_domain::audit::AuditEntry;

use super::moment::Moment;
use super::table::Table;

/// Who did what, when, to what and why.
#[component]
pub fn AuditList(
    /// Newest first.
    entries: Vec<AuditEntry>,
) -> impl IntoView {
    if entries.is_empty() {
        return view! { <p class="empty">"Nothing was recorded yet."</p> }.into_any();
    }
    let rows: Vec<_> = entries
        .into_iter()
        .map(|entry| {
            let details = [("before", entry.before), ("after", entry.after)]
                .into_iter()
                .filter_map(|(name, value)| value.map(|value| format!("{name}: {value}")))
                .collect::<Vec<_>>()
                .join("\n");
            let details = (!details.is_empty())
                .then(|| view! { <details><summary>"Details"</summary><pre>{details}</pre></details> });
            view! {
                <tr>
                    <th scope="row">{entry.sequence}</th>
                    <td><Moment at=entry.at /></td>
                    <td>{entry.actor.name}</td>
                    <td>{entry.action.describe()}</td>
                    <td>{format!("{} {}", entry.subject_kind, entry.subject)}</td>
                    <td>{entry.reason} {details}</td>
                </tr>
            }
        })
        .collect();
    view! {
        <Table of="audit rows" columns=&["Row", "When", "Who", "What", "On", "Why and details"]>{rows}</Table>
    }
    .into_any()
}
