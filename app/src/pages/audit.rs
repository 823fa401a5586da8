//! The audit log of an environment.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::history::audit_list;
use crate::components::{AuditList, NextLink, loaded};
use crate::live::{Live, Topic};
use crate::pages::{before, query};

/// Who did what, newest first.
#[component]
pub fn AuditPage() -> impl IntoView {
    let (env, before) = (query("env"), before());
    let news = Live::version(move || Topic::Environment(env.get()));
    let view = Resource::new(move || (env.get(), before.get(), news.get()), |(env, before, _)| audit_list(env, before));
    view! {
        <Title text="Audit" />
        {loaded(view, |view| {
            view! {
                <h1>"Audit " <span class="of">{view.environment}</span></h1>
                <p class="lead">"Each row was written in the transaction of the thing it records; the database refuses to change or remove one."</p>
                <AuditList entries=view.entries />
                <NextLink next=view.next />
            }
        })}
    }
}
