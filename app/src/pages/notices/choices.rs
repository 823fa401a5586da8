//! `/settings/notifications`: about what, and where, one is told.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::notice::{Channel, Topic};

use crate::api::notices::{ChoicesSave, ChoicesView, choices_load};
use crate::components::{Act, ActError, SettingsTabs, Table, loaded};
use crate::pages::query;

/// A table of topics with a box for each channel.
#[component]
pub fn ChoicesPage() -> impl IntoView {
    let env = query("env");
    let save = ServerAction::<ChoicesSave>::new();
    // Not on news: what is being chosen stays.
    let view = Resource::new(move || (env.get(), save.version().get()), |(env, _)| choices_load(env));
    view! {
        <Title text="Notifications" />
        {loaded(view, move |view| view! { <ChoicesForm view save /> })}
    }
}

#[component]
fn ChoicesForm(view: ChoicesView, save: ServerAction<ChoicesSave>) -> impl IntoView {
    let ChoicesView { environment, email, choices, mail_is_sent } = view;
    let rows: Vec<_> = Topic::ALL
        .iter()
        .map(|&topic| {
            let cells: Vec<_> = Channel::ALL
                .iter()
                .map(|&channel| {
                    let name = format!("wanted[{topic}][{channel}]");
                    let label = match channel {
                        Channel::Page => format!("{} in the page", topic.title()),
                        Channel::Mail => format!("{} by mail", topic.title()),
                    };
                    let (checked, fixed) = (choices.wants(topic, channel), !topic.can_be_chosen());
                    view! { <td><input type="checkbox" name=name value="on" checked=checked disabled=fixed aria-label=label /></td> }
                })
                .collect();
            view! {
                <tr>
                    <th scope="row">{topic.title()} <span class="hint block">{topic.describe()}</span></th>
                    {cells}
                </tr>
            }
        })
        .collect();
    let mail = if mail_is_sent {
        format!("Mails go to {email}.")
    } else {
        format!("No mail is sent at present, because this Strata knows of no mail server; it would go to {email}.")
    };
    let saved = move || {
        matches!(save.value().try_get(), Some(Some(Ok(()))))
            .then(|| view! { <p class="notice" data-tone="good" role="status">"Saved."</p> })
    };
    let error = Signal::derive(move || save.value().get().and_then(Result::err));
    view! {
        <h1>"Notifications"</h1>
        <SettingsTabs environment=environment.clone() />
        <p class="lead">"What you want to be told, in all of your environments. You are never told of what you did yourself."</p>
        <ActError error />
        {saved}
        <ActionForm action=save attr:class="form-wide notice-choices">
            <input type="hidden" name="environment" value=environment />
            <Table of="choices" columns=&["About", "In the page", "By mail"]>{rows}</Table>
            <p class="hint">{mail} " A mail has a link to the page; nobody votes by mail."</p>
            <Act label="Save" tone="primary" pending=save.pending() />
        </ActionForm>
    }
}
