//! `/settings/webhooks`: who else is told, what was sent, and when people are reminded.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::notice::{Attempt, Delivery, DeliveryState, Means, Patience, Topic, Webhook};

use crate::api::webhooks::{
    DeliveryResend, PatienceSet, WebhookAdd, WebhookRemove, WebhookTest, WebhooksView, webhooks_load,
};
use crate::components::{Act, ActError, CheckField, Moment, NextLink, SettingsTabs, Table, TextField, loaded};
use crate::live::{self, Live};
use crate::pages::{before, query};

/// The acts of the page; made once, so that they outlive each new reading.
#[derive(Clone, Copy)]
struct Actions {
    add: ServerAction<WebhookAdd>,
    remove: ServerAction<WebhookRemove>,
    test: ServerAction<WebhookTest>,
    resend: ServerAction<DeliveryResend>,
    patience: ServerAction<PatienceSet>,
}

/// Webhooks, the delivery log, and the hours of reminders.
#[component]
pub fn WebhooksPage() -> impl IntoView {
    let (env, before) = (query("env"), before());
    let actions = Actions {
        add: ServerAction::new(),
        remove: ServerAction::new(),
        test: ServerAction::new(),
        resend: ServerAction::new(),
        patience: ServerAction::new(),
    };
    let news = Live::version(|| live::Topic::Deliveries);
    let acted = move || {
        actions.add.version().get()
            + actions.remove.version().get()
            + actions.test.version().get()
            + actions.resend.version().get()
            + actions.patience.version().get()
    };
    let view = Resource::new(
        move || (env.get(), before.get(), news.get(), acted()),
        |(env, before, ..)| webhooks_load(env, before),
    );
    let error = Signal::derive(move || {
        let errors = [
            actions.add.value().get().and_then(Result::err),
            actions.remove.value().get().and_then(Result::err),
            actions.test.value().get().and_then(Result::err),
            actions.resend.value().get().and_then(Result::err),
            actions.patience.value().get().and_then(Result::err),
        ];
        errors.into_iter().flatten().next()
    });
    let secret = move || {
        actions.add.value().get().and_then(Result::ok).map(|secret| {
            view! {
                <div class="notice" data-tone="good" role="status">
                    <p><strong>"The webhook is added. This is its secret; it is not shown again:"</strong></p>
                    <p><code>{secret}</code></p>
                </div>
            }
        })
    };
    view! {
        <Title text="Webhooks and mail" />
        <ActError error />
        {secret}
        {loaded(view, move |view| view! { <Webhooks view actions /> })}
    }
}

#[component]
fn Webhooks(view: WebhooksView, actions: Actions) -> impl IntoView {
    let WebhooksView { environment, webhooks, deliveries, next, patience } = view;
    let none = webhooks.is_empty().then(|| view! { <p class="empty">"Nobody but people is told."</p> });
    let slug = StoredValue::new(environment.clone());
    let items: Vec<_> = webhooks.into_iter().map(|webhook| view! { <WebhookItem webhook slug actions /> }).collect();
    let topics: Vec<_> = Topic::ALL
        .iter()
        .filter(|topic| topic.is_for_webhooks())
        .map(|topic| {
            view! { <CheckField id=format!("topic-{topic}") name=format!("topics[{topic}]") label=topic.title() checked=true /> }
        })
        .collect();
    let Patience { reminder_hours, escalation_hours } = patience;
    view! {
        <h1>"Webhooks and mail " <span class="of">{environment.clone()}</span></h1>
        <SettingsTabs environment />
        <section class="panel" aria-labelledby="webhooks-heading">
            <h2 id="webhooks-heading">"Webhooks"</h2>
            {none}
            <ul class="plain-list schedule">{items}</ul>
            <h3>"Add a webhook"</h3>
            <p class="hint">"Calls are signed as the Standard Webhooks specification has it, tried again for two days, and listed below. The secret is shown once, here, which needs JavaScript."</p>
            <ActionForm action=actions.add attr:class="form">
                <input type="hidden" name="environment" value=slug.get_value() />
                <TextField id="url" name="url" label="URL" hint="http or https" required=true />
                <div class="checks">{topics}</div>
                <Act label="Add it" tone="primary" pending=actions.add.pending() />
            </ActionForm>
        </section>
        <section class="panel" aria-labelledby="patience-heading">
            <h2 id="patience-heading">"Reminders"</h2>
            <p class="hint">"Who has to vote is reminded once; later, the next group is told: leads who could vote though nobody asked them, or else the admins."</p>
            <ActionForm action=actions.patience attr:class="inline-form">
                <input type="hidden" name="environment" value=slug.get_value() />
                <TextField id="reminder" name="reminder_hours" label="Remind after" hint="hours" kind="number" value=reminder_hours.to_string() required=true />
                <TextField id="escalation" name="escalation_hours" label="Tell the next group after" hint="hours" kind="number" value=escalation_hours.to_string() required=true />
                <Act label="Set it" pending=actions.patience.pending() />
            </ActionForm>
        </section>
        <section class="panel" aria-labelledby="log-heading">
            <h2 id="log-heading">"Delivery log"</h2>
            <Log deliveries slug actions />
            <NextLink next />
        </section>
    }
}

#[component]
fn WebhookItem(webhook: Webhook, slug: StoredValue<String>, actions: Actions) -> impl IntoView {
    let Webhook { id, url, topics, is_active, created_by, created_at } = webhook;
    let topics = topics.iter().map(|topic| topic.title()).collect::<Vec<_>>().join(", ");
    let off = (!is_active).then(|| {
        view! { <p class="why-not">"It answered that it wants no more (410), and is switched off. Remove it, and add it again when it is wanted."</p> }
    });
    let refused = (!is_active).then(|| "It is switched off.".to_owned());
    view! {
        <li>
            <p><strong>{url}</strong></p>
            <p class="hint">{topics}</p>
            <p class="hint">{format!("Added by {} ", created_by.name)} <Moment at=created_at /></p>
            {off}
            <div class="row-acts">
                <ActionForm action=actions.test>
                    <input type="hidden" name="environment" value=slug.get_value() />
                    <input type="hidden" name="id" value=id />
                    <Act label="Send a test" refused pending=actions.test.pending() />
                </ActionForm>
                <ActionForm action=actions.remove>
                    <input type="hidden" name="environment" value=slug.get_value() />
                    <input type="hidden" name="id" value=id />
                    <Act label="Remove" pending=actions.remove.pending() />
                </ActionForm>
            </div>
        </li>
    }
}

#[component]
fn Log(deliveries: Vec<Delivery>, slug: StoredValue<String>, actions: Actions) -> impl IntoView {
    if deliveries.is_empty() {
        return view! { <p class="empty">"Nothing was sent yet."</p> }.into_any();
    }
    let rows: Vec<_> = deliveries.into_iter().map(|delivery| row(delivery, slug, actions)).collect();
    view! { <Table of="deliveries" columns=&["What", "To", "When", "State", "Attempts", ""]>{rows}</Table> }.into_any()
}

fn row(delivery: Delivery, slug: StoredValue<String>, actions: Actions) -> impl IntoView {
    let Delivery { id, means, to, title, state, created_at, next_at, last_error, attempts, .. } = delivery;
    let (tone, mark) = match state {
        DeliveryState::Pending => ("quiet", "○"),
        DeliveryState::Failed => ("warning", "▲"),
        DeliveryState::Delivered => ("good", "●"),
        DeliveryState::GivenUp => ("danger", "✕"),
    };
    let means = match means {
        Means::Mail => "Mail",
        Means::Webhook => "Webhook",
    };
    let next = next_at.map(|at| view! { <p class="hint">"next " <Moment at /></p> });
    let count = attempts.len();
    let tried: Vec<_> = attempts
        .into_iter()
        .map(|Attempt { number, at, arrived, status, answer }| {
            let status = status.map(|status| format!(" {status}")).unwrap_or_default();
            let word = if arrived { "arrived" } else { "failed" };
            view! { <li>{format!("{number}: {word}{status} ")} <Moment at /> " " {answer}</li> }
        })
        .collect();
    let tried = (count > 0).then(
        || view! { <details><summary>{count.to_string()}</summary><ol class="prose-list">{tried}</ol></details> },
    );
    // What waits for its first attempt is sent anyway.
    let resend = (state != DeliveryState::Pending).then(|| {
        view! {
            <ActionForm action=actions.resend>
                <input type="hidden" name="environment" value=slug.get_value() />
                <input type="hidden" name="id" value=id />
                <Act label="Send again" pending=actions.resend.pending() />
            </ActionForm>
        }
    });
    view! {
        <tr>
            <th scope="row">{title}</th>
            <td>{means} " " {to}</td>
            <td><Moment at=created_at /></td>
            <td><span class="badge" data-tone=tone><span aria-hidden="true">{mark}</span> " " {state.title().to_lowercase()}</span> {next} {last_error.map(|error| view! { <p class="hint">{error}</p> })}</td>
            <td>{tried}</td>
            <td>{resend}</td>
        </tr>
    }
}
