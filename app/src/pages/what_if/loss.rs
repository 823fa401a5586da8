//! What is lost, role by role.

use leptos::prelude::*;

use crate::api::what_if::{LossView, RoleLossView};
use crate::components::{Badge, Stateful, Table};

/// The extent, the story in a few sentences, and each role with its reasons.
#[component]
pub fn LossPanel(
    /// What was taken away.
    #[prop(into)]
    heading: String,
    /// What the table is called where it is not seen: no two tables of a page are called the same.
    table: &'static str,
    /// What is lost.
    loss: LossView,
) -> impl IntoView {
    let LossView { extent, said, roles } = loss;
    let rows = (!roles.is_empty()).then(|| {
        let rows: Vec<_> = roles
            .into_iter()
            .map(|RoleLossView { name, extent, left, of, reasons }| {
                view! {
                    <tr>
                        <th scope="row">{name}</th>
                        <td><Badge of=Stateful::Extent(extent) /></td>
                        <td class="number">{format!("{left} of {of}")}</td>
                        <td>{reasons.join(" ")}</td>
                    </tr>
                }
            })
            .collect();
        view! { <Table of=table columns=&["Role", "Loss", "Left", "Why"]>{rows}</Table> }
    });
    view! {
        <section class="panel" aria-label=heading.clone()>
            <h2>{heading.clone()} " " <Badge of=Stateful::Extent(extent) /></h2>
            <p>{said}</p>
            {rows}
        </section>
    }
}
