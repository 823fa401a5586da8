//! `/settings/schedule/entry`: a window or a freeze, new or changed.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::schedule::{Day, Kind};

use crate::api::schedule::{EntryForm, EntryFormView, ScheduleEntrySave, schedule_entry_load};
use crate::components::{Act, ActError, CheckField, SelectField, TextField, loaded};
use crate::error::AppError;
use crate::pages::query;
use crate::paths;

/// The months, for people.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The form, for a new entry or for the one that the address names.
#[component]
pub fn EntryFormPage() -> impl IntoView {
    let (env, entry) = (query("env"), query("entry"));
    let save = ServerAction::<ScheduleEntrySave>::new();
    let entry = Memo::new(move |_| entry.get().and_then(|id| id.parse::<i64>().ok()));
    // Not on news: what is being typed stays.
    let view = Resource::new(move || (env.get(), entry.get()), |(env, entry)| schedule_entry_load(env, entry));
    view! {
        <Title text="Window or freeze" />
        {loaded(view, move |view| view! { <EntryBody view save /> })}
    }
}

#[component]
fn EntryBody(view: EntryFormView, save: ServerAction<ScheduleEntrySave>) -> impl IntoView {
    let EntryFormView { environment, form, zones, asks_why, edit_refused } = view;
    let heading =
        if !form.id.is_empty() { format!("Change “{}”", form.name) } else { "Add a window or a freeze".to_owned() };
    let answer = move || save.value().get().and_then(Result::err);
    let of = move |field: &'static str| {
        Signal::derive(move || answer().and_then(|error| error.for_field(field).map(ToOwned::to_owned)))
    };
    // What belongs to no field with a place of its own stands above the form.
    let other = Signal::derive(move || {
        answer().filter(|error| match error {
            AppError::Invalid { field, .. } => {
                !["name", "reason", "why", "zone", "from", "to"].contains(&field.as_str())
            }
            _ => true,
        })
    });
    let zone_error = of("zone");
    let zones: Vec<_> = zones.into_iter().map(|zone| view! { <option value=zone></option> }).collect();
    let EntryForm { id, version, kind, name, reason, zone, every, from, to, days, .. } = form.clone();
    let kinds = vec![
        (Kind::Freeze.as_str().to_owned(), "Freeze: closes the environment".to_owned()),
        (Kind::Window.as_str().to_owned(), "Window: opens it, and closes it outside of windows".to_owned()),
    ];
    let recurrences = [("once", "Once"), ("weekly", "Every week"), ("yearly", "Every year")];
    let recurrences: Vec<_> = recurrences
        .into_iter()
        .map(|(word, label)| {
            let checked = every == word;
            view! {
                <p class="field check">
                    <input id=format!("every-{word}") type="radio" name="form[every]" value=word checked=checked />
                    <label for=format!("every-{word}")>{label}</label>
                </p>
            }
        })
        .collect();
    let days: Vec<_> = Day::ALL
        .iter()
        .map(|day| {
            let word = day.as_str();
            view! { <CheckField id=format!("day-{word}") name=format!("form[days][{word}]") label=day.title() checked=days.contains_key(word) /> }
        })
        .collect();
    let months =
        MONTHS.iter().enumerate().map(|(place, month)| ((place + 1).to_string(), (*month).to_owned())).collect();
    view! {
        <p class="crumbs"><a href=paths::schedule(&environment)>{format!("Schedule of {environment}")}</a></p>
        <h1>{heading}</h1>
        <ActError error=other />
        <ActionForm action=save attr:class="panel form-wide entry-form" attr:aria-label="Window or freeze">
            <input type="hidden" name="environment" value=environment />
            <input type="hidden" name="form[id]" value=id />
            <input type="hidden" name="form[version]" value=version />
            <SelectField id="kind" name="form[kind]" label="What it does" options=kinds value=kind />
            <TextField id="name" name="form[name]" label="Name" hint="such as Christmas" value=name required=true error=of("name") />
            <TextField id="reason" name="form[reason]" label="Why" hint="whoever has to wait reads it" value=reason required=true error=of("reason") />
            <p class="hint">"A window that opens the environment at more times than now, as a change or beside others, becomes a proposal: leads put it in force, as a policy."</p>
            {asks_why.then(|| view! { <TextField id="why" name="form[why]" label="If it ends sooner, why" hint="everybody is told" error=of("why") /> })}
            <p class="field">
                <label for="zone">"Time zone " <span class="hint">"its clock counts, summer time too"</span></label>
                <input id="zone" name="form[zone]" list="zones" value=zone required autocomplete="off" aria-invalid=move || zone_error.try_get().flatten().is_some().then_some("true") />
                {move || zone_error.try_get().flatten().map(|message| view! { <span class="field-error" role="alert">{message}</span> })}
            </p>
            <datalist id="zones">{zones}</datalist>
            <fieldset class="bare">
                <legend>"When"</legend>
                <div class="checks">{recurrences}</div>
            </fieldset>
            <fieldset class="bare when-once">
                <legend>"Once"</legend>
                <div class="fields">
                    <TextField id="from" name="form[from]" label="From" kind="datetime-local" value=from error=of("from") />
                    <TextField id="to" name="form[to]" label="To" kind="datetime-local" value=to error=of("to") />
                </div>
            </fieldset>
            <fieldset class="bare when-weekly">
                <legend>"Every week"</legend>
                <div class="checks">{days}</div>
                <div class="fields">
                    <TextField id="weekly-at" name="form[weekly_at]" label="Begins at" kind="time" value=form.weekly_at />
                    <TextField id="weekly-hours" name="form[weekly_hours]" label="Lasts" hint="hours" value=form.weekly_hours />
                </div>
            </fieldset>
            <fieldset class="bare when-yearly">
                <legend>"Every year"</legend>
                <div class="fields">
                    <SelectField id="month" name="form[month]" label="Month" options=months value=form.month />
                    <TextField id="day" name="form[day]" label="Day" value=form.day />
                    <TextField id="yearly-at" name="form[yearly_at]" label="Begins at" kind="time" value=form.yearly_at />
                    <TextField id="yearly-hours" name="form[yearly_hours]" label="Lasts" hint="hours; a day has 24" value=form.yearly_hours />
                </div>
            </fieldset>
            <Act label="Save it" tone="primary" refused=edit_refused pending=save.pending() />
        </ActionForm>
    }
}
