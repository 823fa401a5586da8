//! The edits of a change with their authors.

use leptos::prelude::*;
use strata_domain::change::LoggedEdit;

use crate::components::Moment;

/// The append-only log of the draft.
#[component]
pub fn EditLog(
    /// First come first.
    #[prop(into)]
    edits: Signal<Vec<LoggedEdit>>,
    /// How many are listed, the newest.
    #[prop(default = usize::MAX)]
    newest: usize,
    /// How many come before these and are not given.
    #[prop(default = 0)]
    earlier: usize,
) -> impl IntoView {
    let count = Memo::new(move |_| earlier + edits.with(Vec::len));
    let listed = move || edits.with(|edits| edits.iter().rev().take(newest).cloned().collect::<Vec<_>>());
    let none = move || (count.get() == 0).then(|| view! { <p class="empty">"No edit yet."</p> });
    let cut = move || {
        let count = count.get();
        let listed = newest.min(count - earlier);
        (count > listed).then(|| view! { <p class="hint">{format!("The newest {listed} of {count}.")}</p> })
    };
    view! {
        <section class="panel" aria-labelledby="edits-heading">
            <h2 id="edits-heading">{move || format!("Edits ({})", count.get())}</h2>
            {none}
            <ol class="edit-log" reversed>
                <For each=listed key=|logged| logged.sequence let:logged>
                    <li value=logged.sequence>
                        <p>{logged.edit.describe()}</p>
                        <p class="hint">{logged.author.name.clone()} ", " <Moment at=logged.at /></p>
                    </li>
                </For>
            </ol>
            {cut}
        </section>
    }
}
