//! Tables that a narrow screen scrolls sideways.

use leptos::prelude::*;

/// Rows under these columns; can be focused, so that a keyboard scrolls it too.
#[component]
pub fn Table(
    /// What it is a table of, for those who hear it; style sheets know it by this too.
    of: &'static str,
    /// The heads of its columns.
    columns: &'static [&'static str],
    /// Its rows.
    children: Children,
) -> impl IntoView {
    let heads: Vec<_> = columns.iter().map(|column| view! { <th scope="col">{*column}</th> }).collect();
    view! {
        <div class="table-scroll" data-of=of tabindex="0" role="region" aria-label=format!("Table of {of}")>
            <table>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
