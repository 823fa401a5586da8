//! The document, the routes and the frame around every page.

use leptos::prelude::*;
use leptos_meta::{Link, MetaTags, Stylesheet, Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::live::Live;
use crate::pages::advisor::AdvisorPage;
use crate::pages::approvals::ApprovalsPage;
use crate::pages::audit::AuditPage;
use crate::pages::catalogue::{CataloguePage, RoleFormPage};
use crate::pages::changes::{ChangeEditPage, ChangeListPage, RecordPage, ReviewPage};
use crate::pages::history::{HistoryPage, RevisionPage};
use crate::pages::import::ImportPage;
use crate::pages::layout::Layout;
use crate::pages::not_found::NotFound;
use crate::pages::notices::{ChoicesPage, NoticesPage};
use crate::pages::policy::{PolicyFormPage, PolicyPage};
use crate::pages::role_map::RoleMapPage;
use crate::pages::runs::{RunListPage, RunPage};
use crate::pages::schedule::{EntryFormPage, SchedulePage};
use crate::pages::sign_in::SignInPage;
use crate::pages::webhooks::WebhooksPage;
use crate::pages::what_if::WhatIfPage;

/// The HTML document that the server sends.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                {news_mark()}
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Says up to which news the page is read: taken before anything of it is, so that what is told later is heard by it.
fn news_mark() -> Option<impl IntoView> {
    #[cfg(feature = "ssr")]
    let mark = use_context::<strata_backend::Backend>().and_then(|backend| backend.news().mark());
    #[cfg(not(feature = "ssr"))]
    let mark: Option<String> = None;
    mark.map(|mark| view! { <meta name=crate::live::MARK content=mark /> })
}

/// All pages. Each is rendered whole on the server, so that it can be read before wasm arrives, or without it,
/// and so that its status is known before the first byte.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    Live::provide();
    #[cfg(feature = "ssr")]
    content_security_policy();
    view! {
        <Stylesheet id="style" href="/pkg/strata.css" />
        <Link rel="icon" type_="image/svg+xml" href="/favicon.svg" />
        <Title formatter=|title: String| if title.is_empty() { "Strata".to_owned() } else { format!("{title} · Strata") } />
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=Layout ssr=SsrMode::Async>
                    <Route path=path!("/") view=RoleMapPage ssr=SsrMode::Async />
                    <Route path=path!("/import") view=ImportPage ssr=SsrMode::Async />
                    <Route path=path!("/approvals") view=ApprovalsPage ssr=SsrMode::Async />
                    <Route path=path!("/changes") view=ChangeListPage ssr=SsrMode::Async />
                    <Route path=path!("/changes/:id") view=ReviewPage ssr=SsrMode::Async />
                    <Route path=path!("/changes/:id/edit") view=ChangeEditPage ssr=SsrMode::Async />
                    <Route path=path!("/changes/:id/record") view=RecordPage ssr=SsrMode::Async />
                    <Route path=path!("/runs") view=RunListPage ssr=SsrMode::Async />
                    <Route path=path!("/runs/:id") view=RunPage ssr=SsrMode::Async />
                    <Route path=path!("/history") view=HistoryPage ssr=SsrMode::Async />
                    <Route path=path!("/history/:number") view=RevisionPage ssr=SsrMode::Async />
                    <Route path=path!("/catalogue") view=CataloguePage ssr=SsrMode::Async />
                    <Route path=path!("/catalogue/role") view=RoleFormPage ssr=SsrMode::Async />
                    <Route path=path!("/settings/policy") view=PolicyPage ssr=SsrMode::Async />
                    <Route path=path!("/settings/policy/propose") view=PolicyFormPage ssr=SsrMode::Async />
                    <Route path=path!("/settings/schedule") view=SchedulePage ssr=SsrMode::Async />
                    <Route path=path!("/settings/schedule/entry") view=EntryFormPage ssr=SsrMode::Async />
                    <Route path=path!("/settings/notifications") view=ChoicesPage ssr=SsrMode::Async />
                    <Route path=path!("/settings/webhooks") view=WebhooksPage ssr=SsrMode::Async />
                    <Route path=path!("/notifications") view=NoticesPage ssr=SsrMode::Async />
                    <Route path=path!("/advisor") view=AdvisorPage ssr=SsrMode::Async />
                    <Route path=path!("/what-if") view=WhatIfPage ssr=SsrMode::Async />
                    <Route path=path!("/audit") view=AuditPage ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// Nothing runs that this very response did not bring: scripts by nonce, styles from ourselves, no frames.
#[cfg(feature = "ssr")]
fn content_security_policy() {
    use http::{HeaderName, HeaderValue};
    use leptos::nonce::use_nonce;
    use leptos_axum::ResponseOptions;

    let (Some(nonce), Some(options)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        options.insert_header(HeaderName::from_static("content-security-policy"), value);
    }
}
