//! What is lost without single nodes once the change is applied, against what is lost now.

use leptos::prelude::*;
use strata_domain::whatif::Extent;

use crate::api::review::After;
use crate::components::Table;

/// Counts before and after, and the nodes that are worse to lose than before.
#[component]
pub fn AfterIt(
    /// What is lost.
    after: After,
) -> impl IntoView {
    let After { counts, worse, more } = after;
    if counts.is_empty() {
        return view! { <p class="empty">"No single node is missed, before or after it."</p> }.into_any();
    }
    let rows: Vec<_> = counts
        .into_iter()
        .map(|(extent, before, after)| {
            let trend = match after.cmp(&before) {
                std::cmp::Ordering::Less => "fewer",
                std::cmp::Ordering::Equal => "the same",
                std::cmp::Ordering::Greater => "more",
            };
            view! {
                <tr>
                    <th scope="row">{extent.title()}</th>
                    <td>{before}</td>
                    <td>{after}</td>
                    <td>{trend}</td>
                </tr>
            }
        })
        .collect();
    let some = !worse.is_empty();
    let items: Vec<_> = worse
        .into_iter()
        .map(|(hostname, before, after)| {
            let was = match before {
                None => " (new)".to_owned(),
                Some(Extent::Nothing) => " (nothing before)".to_owned(),
                Some(before) => format!(" ({} before)", before.title().to_lowercase()),
            };
            view! { <li><strong>{hostname}</strong> ": " {after.title().to_lowercase()} {was}</li> }
        })
        .collect();
    let worse = some.then(|| {
        view! {
            <h3>"Missed more than before"</h3>
            <ul class="prose-list">{items}</ul>
            {(more > 0).then(|| view! { <p class="hint">{format!("And {more} more.")}</p> })}
        }
    });
    view! {
        <Table of="losses" columns=&["Without one node", "Nodes now", "Nodes after it", "Trend"]>{rows}</Table>
        {worse}
    }
    .into_any()
}
