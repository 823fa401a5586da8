//! A number of people who have to approve something.

use leptos::prelude::*;
use strata_domain::review::{Missing, missing_text};

use crate::api::review::ShownTally;

/// One thing that is asked, how far it is met, why it is asked, and, while it waits, who could meet it; in a list.
pub fn tally_item(tally: ShownTally, waits: bool) -> impl IntoView {
    /// Names that are listed; in a large house more of them help nobody.
    const NAMED: usize = 8;
    let ShownTally { rule, group, have, quorum, because, could } = tally;
    let met = have >= quorum;
    let mark = if met { "✓" } else { "○" };
    let words = missing_text(&[Missing { rule: rule.clone(), group, have: have.min(quorum), quorum }]);
    let more = could.len().saturating_sub(NAMED);
    let names = could.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    // While nothing waits for it nobody can give anything, and that is nothing to worry about.
    let could = (!met && waits).then(|| match (names.is_empty(), more) {
        (true, _) => view! { <p class="why-not">"Nobody who could give it is left."</p> }.into_any(),
        (false, 0) => view! { <p class="hint">{format!("Could be given by {names}.")}</p> }.into_any(),
        (false, more) => {
            view! { <p class="hint">{format!("Could be given by {names} and {more} more.")}</p> }.into_any()
        }
    });
    view! {
        <li data-met=met.then_some("true")>
            <p><span aria-hidden="true">{mark}</span> " " <strong>{words}</strong></p>
            <p class="hint">{format!("{rule}: {because}")}</p>
            {could}
        </li>
    }
}
