//! What a change does, in the order a reviewer fears it: what is removed, what goes down, what changes, what comes.

use leptos::prelude::*;
use strata_domain::plan::Impact;

use crate::api::review::{Cut, Does};
use crate::components::{Badge, Stateful};

/// Removals, outages, changes and additions, each counted.
#[component]
pub fn ChangeSummary(
    /// What differs.
    does: Does,
    /// Steps that cost something, the worst first.
    costly: Cut<(Impact, String)>,
) -> impl IntoView {
    let Does { removed, changed, added } = does;
    let same = (removed.count + changed.count + added.count == 0)
        .then(|| view! { <p class="empty">"The draft says the same as its base."</p> });
    let items = costly.first.into_iter().map(|(impact, said)| {
        view! { <li><Badge of=Stateful::Impact(impact) /> " " {said} " — " {impact.meaning()}</li> }.into_any()
    });
    let costly = items_under("What it costs", "warning", items.collect(), costly.count);
    view! {
        {same}
        <div class="summary">
            {part("Removed", "danger", removed)} {costly} {part("Changed", "attention", changed)} {part("Added", "good", added)}
        </div>
    }
}

/// Lines under a heading that counts them; nothing where there is none.
pub(super) fn part(title: &'static str, tone: &'static str, lines: Cut<String>) -> Option<impl IntoView> {
    let items = lines.first.into_iter().map(|line| view! { <li>{line}</li> }.into_any());
    items_under(title, tone, items.collect(), lines.count)
}

/// Items under a heading that counts all there are: the first are read at once, the rest by whoever unfolds them.
fn items_under(
    title: &'static str,
    tone: &'static str,
    mut items: Vec<AnyView>,
    count: usize,
) -> Option<impl IntoView> {
    /// What a minute is enough for.
    const FIRST: usize = 25;
    (count > 0).then(|| {
        let left = count.saturating_sub(items.len());
        let rest = items.split_off(items.len().min(FIRST));
        let more = count.saturating_sub(items.len());
        let left = (left > 0).then(|| view! { <p class="hint">{format!("And {left} more.")}</p> });
        let rest = (more > 0).then(|| {
            view! {
                <details class="more">
                    <summary>{format!("{more} more")}</summary>
                    <ul>{rest}</ul>
                    {left}
                </details>
            }
        });
        view! {
            <section class="summary-part" data-tone=tone>
                <h3>{format!("{title} ({count})")}</h3>
                <ul>{items}</ul>
                {rest}
            </section>
        }
    })
}
