//! `/settings/schedule`: when changes may be applied.

mod form;

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::schedule::{EndedEarly, Entry, Kind, Occurrence, Verdict, describe};

use crate::api::proposals::WindowRemovalPropose;
use crate::api::schedule::{
    ApprovalLifetimeSet, EntryView, FreezeEnd, ScheduleEntryRemove, SchedulePageView, schedule_load,
};
use crate::components::{Act, ActError, Moment, SettingsTabs, TextField, kept_list, loaded};
use crate::live::{Live, Topic};
use crate::pages::query;
use crate::paths;

pub use form::EntryFormPage;

/// The acts of the page; made once, so that they outlive each new reading.
#[derive(Clone, Copy)]
struct Actions {
    end: ServerAction<FreezeEnd>,
    remove: ServerAction<ScheduleEntryRemove>,
    propose: ServerAction<WindowRemovalPropose>,
    lifetime: ServerAction<ApprovalLifetimeSet>,
}

/// Freezes, windows, what they say now, and how long approvals hold.
#[component]
pub fn SchedulePage() -> impl IntoView {
    let env = query("env");
    let actions = Actions {
        end: ServerAction::new(),
        remove: ServerAction::new(),
        propose: ServerAction::new(),
        lifetime: ServerAction::new(),
    };
    let news = Live::version(move || Topic::Environment(env.get()));
    let acted = move || actions.end.version().get() + actions.remove.version().get() + actions.lifetime.version().get();
    let view = Resource::new(move || (env.get(), news.get(), acted()), |(env, ..)| schedule_load(env));
    view! {
        <Title text="Schedule" />
        {loaded(view, move |view| view! { <Schedule view actions /> })}
    }
}

#[component]
fn Schedule(view: SchedulePageView, actions: Actions) -> impl IntoView {
    let SchedulePageView { environment, entries, verdict, lifetime_hours, edit_refused } = view;
    let add = match edit_refused.clone() {
        None => view! { <a class="button" data-tone="primary" href=paths::schedule_entry(&environment, None)>"Add a window or a freeze"</a> }.into_any(),
        Some(reason) => view! { <span class="why-not">{reason}</span> }.into_any(),
    };
    let error = Signal::derive(move || {
        let of_end = actions.end.value().get().and_then(Result::err);
        let of_remove = actions.remove.value().get().and_then(Result::err);
        let of_propose = actions.propose.value().get().and_then(Result::err);
        of_end.or(of_remove).or(of_propose).or_else(|| actions.lifetime.value().get().and_then(Result::err))
    });
    let (freezes, windows): (Vec<_>, Vec<_>) = entries.into_iter().partition(|view| view.entry.kind == Kind::Freeze);
    let slug = environment.clone();
    let list = move |entries: Vec<EntryView>, empty: &'static str| {
        if entries.is_empty() {
            return view! { <p class="empty">{empty}</p> }.into_any();
        }
        let (slug, edit_refused) = (slug.clone(), edit_refused.clone());
        let entries = kept_list(entries, move |view| {
            view! { <EntryItem view environment=slug.clone() edit_refused=edit_refused.clone() actions /> }
        });
        view! { <ul class="plain-list schedule">{entries}</ul> }.into_any()
    };
    let freezes = list(freezes, "No freeze: nothing closes the environment.");
    let windows = list(windows, "No window: outside of freezes, changes may be applied at any time.");
    view! {
        <div class="page-head">
            <div>
                <h1>"Schedule " <span class="of">{environment.clone()}</span></h1>
                <p class="facts">"When approved changes may be applied. A freeze closes the environment, and wins over every window. Who applies meanwhile is not refused: the change waits, and starts by itself."</p>
            </div>
            <div class="page-acts">{add}</div>
        </div>
        <SettingsTabs environment=environment.clone() />
        <ActError error />
        <Now verdict />
        <section class="panel" aria-labelledby="freezes-heading"><h2 id="freezes-heading">"Freezes"</h2>{freezes}</section>
        <section class="panel" aria-labelledby="windows-heading"><h2 id="windows-heading">"Maintenance windows"</h2>{windows}</section>
        <section class="panel" aria-labelledby="lifetime-heading">
            <h2 id="lifetime-heading">"How long approvals hold"</h2>
            <p class="hint">"From the last vote that a change needed. A shorter time ends approvals that are older at once; a longer one serves only changes that are submitted after it."</p>
            <ActionForm action=actions.lifetime attr:class="inline-form">
                <input type="hidden" name="environment" value=environment />
                <TextField id="hours" name="hours" label="Hours" kind="number" value=lifetime_hours.to_string() required=true />
                <Act label="Set it" pending=actions.lifetime.pending() />
            </ActionForm>
        </section>
    }
}

/// Whether the environment is open now, and when if not.
#[component]
fn Now(verdict: Verdict) -> impl IntoView {
    match verdict {
        Verdict::Open => view! {
            <p class="notice" data-tone="good"><strong>"Open."</strong> " Approved changes start as soon as they are applied."</p>
        }
        .into_any(),
        Verdict::Waits { until, because } => {
            let named = |kind: Kind| {
                let names = because.iter().filter(|reason| reason.kind == kind).map(|reason| format!("“{}”", reason.name));
                names.collect::<Vec<_>>().join(", ")
            };
            // Where a freeze is on, windows are no matter.
            let why = match (named(Kind::Freeze), named(Kind::Window)) {
                (freezes, _) if !freezes.is_empty() => format!(" by {freezes}. "),
                (_, windows) => format!(" until {windows}. "),
            };
            let opens = match until {
                Some(at) => view! { "It opens " <Moment at /> "." }.into_any(),
                None => view! { "It does not open within two years." }.into_any(),
            };
            view! {
                <p class="notice" data-tone="attention"><strong>"Closed"</strong> {why} {opens}</p>
            }
            .into_any()
        }
    }
}

/// One window or freeze.
#[component]
fn EntryItem(view: EntryView, environment: String, edit_refused: Option<String>, actions: Actions) -> impl IntoView {
    let EntryView { entry, version, touched_by, touched_at, next, is_on, asks_why, end_refused, remove_refused } = view;
    let when = describe(&entry);
    let Entry { id, kind, name, reason, ended_early, .. } = entry;
    let on = is_on.then(|| {
        let tone = if kind == Kind::Freeze { "attention" } else { "good" };
        view! { <span class="badge" data-tone=tone><span aria-hidden="true">"●"</span> " on now"</span> }
    });
    let slug = environment.clone();
    let end = (is_on && kind == Kind::Freeze).then(|| {
        view! {
            <details class="more">
                <summary>"End it early"</summary>
                <ActionForm action=actions.end>
                    <input type="hidden" name="environment" value=slug />
                    <input type="hidden" name="id" value=id />
                    <TextField id=format!("end-{id}") name="reason" label="Why" required=true />
                    <Act label="End the freeze now" tone="danger" refused=end_refused pending=actions.end.pending() />
                </ActionForm>
            </details>
        }
    });
    let change = paths::schedule_entry(&environment, Some(id));
    let edit = edit_refused.is_none().then(|| view! { <a class="button" href=change>"Change"</a> });
    let remove = match kind {
        Kind::Window => {
            view! {
                <details class="more">
                    <summary>"Propose to remove it"</summary>
                    <p class="hint">"Leads put it in force, as a policy."</p>
                    <ActionForm action=actions.propose>
                        <input type="hidden" name="environment" value=environment />
                        <input type="hidden" name="id" value=id />
                        <input type="hidden" name="version" value=version />
                        <TextField id=format!("remove-{id}") name="reason" label="Reason" hint="for whoever decides" required=true />
                        <Act label="Propose it" refused=remove_refused pending=actions.propose.pending() />
                    </ActionForm>
                </details>
            }
            .into_any()
        }
        // Everybody is told that it ends, and why.
        Kind::Freeze if asks_why => {
            view! {
                <details class="more">
                    <summary>"Remove it"</summary>
                    <ActionForm action=actions.remove>
                        <input type="hidden" name="environment" value=environment />
                        <input type="hidden" name="id" value=id />
                        <input type="hidden" name="version" value=version />
                        <TextField id=format!("remove-{id}") name="why" label="Reason" hint="everybody is told" required=true />
                        <Act label="Remove the freeze" tone="danger" refused=remove_refused pending=actions.remove.pending() />
                    </ActionForm>
                </details>
            }
            .into_any()
        }
        Kind::Freeze => {
            edit_refused.is_none().then(|| {
                view! {
                    <ActionForm action=actions.remove>
                        <input type="hidden" name="environment" value=environment />
                        <input type="hidden" name="id" value=id />
                        <input type="hidden" name="version" value=version />
                        <Act label="Remove" refused=remove_refused pending=actions.remove.pending() />
                    </ActionForm>
                }
            })
            .into_any()
        }
    };
    let coming: Vec<_> = next
        .into_iter()
        .map(|Occurrence { from, to, .. }| view! { <li><Moment at=from /> " to " <Moment at=to /></li> })
        .collect();
    let none = coming.is_empty().then(|| view! { <p class="hint">"It does not come again."</p> });
    let ended: Vec<_> = ended_early
        .into_iter()
        .rev()
        .take(3)
        .map(|EndedEarly { by, reason, at, .. }| view! { <li class="hint">{format!("Ended early by {} ", by.name)} <Moment at /> {format!(": {reason}")}</li> })
        .collect();
    view! {
        <li>
            <p><strong>{name}</strong> " " {on}</p>
            <p>{when}</p>
            <p class="quote">{reason}</p>
            {none}
            <ul class="prose-list" aria-label="Next">{coming}</ul>
            <ul class="prose-list" aria-label="Ended early">{ended}</ul>
            <p class="hint">{format!("Last written by {touched_by} ")} <Moment at=touched_at /></p>
            <div class="row-acts">{edit} {end} {remove}</div>
        </li>
    }
}
