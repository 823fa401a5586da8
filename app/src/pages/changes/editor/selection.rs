//! Acts on the selected nodes, each saying how many it touches; the way to move nodes without a drag.

use std::collections::BTreeSet;

use leptos::prelude::*;
use strata_domain::edit::bulk;

use super::board::layout::Grouping;
use super::board::{assign, move_to};
use super::counted;
use super::session::Session;
use super::shortcuts::remove;
use super::workbench::CatalogueNow;

/// The bar below the views: it comes over the page rather than into it, so that nothing moves under the pointer when a
/// drag selects what it takes along.
#[component]
pub fn SelectionBar(
    /// The draft.
    session: Session,
) -> impl IntoView {
    let CatalogueNow(catalogue) = expect_context();
    let count = Memo::new(move |_| session.selection.with(BTreeSet::len));
    let nodes = move || counted(count.get());
    let none = move || session.refused.get().is_some();
    let sites = Memo::new(move |_| {
        let shown = session.shown();
        let sites: BTreeSet<&str> = shown.rows.iter().filter_map(|row| row.node.site.as_deref()).collect();
        sites.into_iter().map(str::to_owned).collect::<Vec<_>>()
    });
    let groups = Memo::new(move |_| session.with(|draft| draft.desired().availability_groups.clone()));
    let roles = Memo::new(move |_| {
        catalogue.with(|catalogue| {
            catalogue.roles.iter().map(|role| (role.id.to_string(), role.name.clone())).collect::<Vec<_>>()
        })
    });
    let (site, group, role) =
        (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let chosen_role = Memo::new(move |_| of_list(&role.get(), &roles.get(), |(id, _)| id.clone()));
    let set_site = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        move_to(session, Grouping::Site, &session.chosen(), site.get_untracked().trim());
    };
    let set_group = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let name = group.get_untracked();
        if groups.with_untracked(|groups| groups.iter().any(|group| group == name.trim())) {
            move_to(session, Grouping::Group, &session.chosen(), name.trim());
        } else {
            session.say(
                format!("There is no availability group “{}”. Add it in the panel first.", name.trim()),
                "attention",
            );
        }
    };
    let give_role = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        assign(session, &chosen_role.get_untracked(), &session.chosen());
    };
    let take_role = move |_| {
        let (nodes, id) = (session.chosen_nodes(), chosen_role.get_untracked());
        let done = session.with_now(|draft| {
            let role = draft.catalogue().role(&id)?;
            let edits = bulk::unassign(draft.desired(), &nodes, &role.id);
            Some((format!("Unassign {} from {}", role.name, counted(edits.len())), edits))
        });
        if let Some((label, edits)) = done {
            session.act(label, edits);
        }
    };
    let said = move || format!("{} {} selected.", nodes(), if count.get() == 1 { "is" } else { "are" });
    view! {
        <section class="selection" aria-label="Selection" hidden=move || count.get() == 0>
            <p class="selection-count">{said}</p>
            <button type="button" class="button" on:click=move |_| session.selection.set(BTreeSet::new())>
                "Select none"
            </button>
            <button
                type="button"
                class="button"
                aria-pressed=move || if session.several.get() { "true" } else { "false" }
                on:click=move |_| session.several.update(|several| *several = !*several)
            >
                "Select several"
            </button>
            <form class="bulk" on:submit=set_site>
                <NameField id="bulk-site" label="Site" names=sites value=site />
                <button type="submit" class="button" disabled=none>{move || format!("Set site of {}", nodes())}</button>
            </form>
            <form class="bulk" on:submit=set_group>
                <NameField id="bulk-group" label="Availability group" names=groups value=group />
                <button type="submit" class="button" disabled=move || none() || groups.with(Vec::is_empty)>{move || format!("Move {} to group", nodes())}</button>
            </form>
            <form class="bulk" on:submit=give_role>
                <label class="visually-hidden" for="bulk-role">"Role"</label>
                <select id="bulk-role" on:change=move |event| role.set(event_target_value(&event))>
                    {move || roles.get().into_iter().map(|(id, name)| view! { <option value=id>{name}</option> }).collect_view()}
                </select>
                <button type="submit" class="button" disabled=none>{move || format!("Assign role to {}", nodes())}</button>
                <button type="button" class="button" disabled=none on:click=take_role>{move || format!("Unassign role from {}", nodes())}</button>
            </form>
            <button type="button" class="button" data-tone="danger" disabled=none on:click=move |_| { remove(session); }>
                {move || format!("Remove {}", nodes())}
            </button>
        </section>
    }
}

/// A field for a name, with those that there are to choose from.
#[component]
fn NameField(
    id: &'static str,
    label: &'static str,
    names: Memo<Vec<String>>,
    value: RwSignal<String>,
) -> impl IntoView {
    let list = format!("{id}-names");
    let options = move || names.get().into_iter().map(|name| view! { <option value=name></option> }).collect_view();
    view! {
        <label class="visually-hidden" for=id>{label}</label>
        <input id=id list=list.clone() placeholder=label autocomplete="off" prop:value=value on:input=move |event| value.set(event_target_value(&event)) />
        <datalist id=list>{options}</datalist>
    }
}

/// What is chosen in a list; its first where nothing of it is.
fn of_list<T>(wanted: &str, list: &[T], word: impl Fn(&T) -> String) -> String {
    let words = || list.iter().map(&word);
    words().find(|word| word == wanted).or_else(|| words().next()).unwrap_or_default()
}
