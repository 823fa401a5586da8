//! Applying: at once, when the environment opens, or without approval; and what was applied without it.

use chrono::{DateTime, Utc};
use leptos::form::ActionForm;
use leptos::prelude::*;
use strata_domain::change::{Change, ChangeState};
use strata_domain::review::{BrokenGlass, REASON_MIN};
use strata_domain::schedule::{Kind, Reason, Verdict};

use super::actions::{Actions, Target};
use crate::components::{Act, Moment, TextField};
use crate::paths;

/// The button that applies, and what it does while the environment is closed.
#[component]
pub fn Applying(
    /// The change.
    change: Change,
    /// Why applying is refused, where it is.
    refused: Option<String>,
    /// What windows and freezes say now.
    gate: Verdict,
    /// When the approval ends.
    ends: Option<DateTime<Utc>>,
    /// The acts.
    actions: Actions,
) -> impl IntoView {
    if !matches!(change.state, ChangeState::InReview | ChangeState::Approved) || change.apply_asked.is_some() {
        return None;
    }
    let label = match gate {
        Verdict::Open => "Apply",
        Verdict::Waits { .. } => "Apply when it opens",
    };
    let too_late = too_late(&gate, ends);
    let closed = closed(gate, &change.environment);
    Some(view! {
        <ActionForm action=actions.apply>
            <Target change=(change.id, change.version) />
            <Act label tone="primary" refused pending=actions.apply.pending() />
        </ActionForm>
        {closed}
        {too_late}
    })
}

/// Says so where the approval ends before the environment opens.
fn too_late(gate: &Verdict, ends: Option<DateTime<Utc>>) -> Option<impl IntoView + use<>> {
    gate.opens_after(ends).then(|| {
        view! { <p class="why-not">"The approval ends " {ends.map(|at| view! { <Moment at /> })} ", before it opens: it has to be approved again then."</p> }
    })
}

/// Why it cannot start now, and when it could.
fn closed(gate: Verdict, environment: &str) -> Option<impl IntoView + use<>> {
    let Verdict::Waits { until, because } = gate else { return None };
    let reasons: Vec<_> = because.into_iter().map(reason).collect();
    let until = match until {
        Some(at) => view! { "It opens " <Moment at /> "." }.into_any(),
        None => view! { "It does not open within two years." }.into_any(),
    };
    Some(view! {
        <div class="hint closed">
            <p><a href=paths::schedule(environment)>"The environment is closed."</a> " " {until}</p>
            <ul class="prose-list">{reasons}</ul>
        </div>
    })
}

fn reason(reason: Reason) -> impl IntoView {
    let Reason { kind, name, reason, .. } = reason;
    let what = match kind {
        Kind::Freeze => format!("The freeze “{name}” is on"),
        Kind::Window => format!("The window “{name}” is not on yet"),
    };
    view! { <li>{format!("{what}: {reason}")}</li> }
}

/// Says that the change waits to be started, and when that will be.
#[component]
pub fn WaitsToStart(
    /// The change.
    change: Change,
    /// Why calling it off is refused, where it is.
    refused: Option<String>,
    /// What windows and freezes say now.
    gate: Verdict,
    /// When the approval ends.
    ends: Option<DateTime<Utc>>,
    /// The acts.
    actions: Actions,
) -> impl IntoView {
    let asked = change.apply_asked.clone()?;
    let target = (change.id, change.version);
    let too_late = too_late(&gate, ends);
    let (starts, reasons) = match gate {
        // The worker is about to see it, or another run is in its way.
        Verdict::Open => {
            (view! { "It starts as soon as a worker is free and no other run is under way." }.into_any(), None)
        }
        Verdict::Waits { until: Some(at), because } => {
            (view! { "It starts by itself " <Moment at /> "." }.into_any(), Some(because))
        }
        Verdict::Waits { until: None, because } => {
            (view! { "As the schedule is, it does not start within two years." }.into_any(), Some(because))
        }
    };
    let reasons: Vec<_> = reasons.into_iter().flatten().map(reason).collect();
    Some(view! {
        <div class="notice waits" data-tone="attention">
            <p><strong>"Waits to be started."</strong> " " {starts}</p>
            {too_late}
            <ul class="prose-list">{reasons}</ul>
            <p class="hint">{format!("Applied by {} ", asked.by.name)} <Moment at=asked.at /> " · " <a href=paths::schedule(&change.environment)>"Schedule"</a></p>
            <ActionForm action=actions.call_off>
                <Target change=target />
                <Act label="Call it off" refused pending=actions.call_off.pending() />
            </ActionForm>
        </div>
    })
}

/// Applying without the votes that are asked for; folded away, because it is for emergencies.
#[component]
pub fn BreakGlass(
    /// The change.
    change: i64,
    /// Of the plan on the page.
    digest: String,
    /// Why it is refused, where it is.
    refused: Option<String>,
    /// The acts.
    actions: Actions,
) -> impl IntoView {
    let hint = format!("at least {REASON_MIN} characters; everybody reads it");
    view! {
        <details class="more">
            <summary>"Apply without approval"</summary>
            <p class="hint">"For emergencies: no vote is waited for, and no window or freeze. Everybody in the environment is told, and nobody can do it again until a lead has reviewed it."</p>
            <ActionForm action=actions.break_glass>
                <input type="hidden" name="id" value=change />
                <input type="hidden" name="digest" value=digest />
                <TextField id="glass-reason" name="reason" label="Why now" hint required=true />
                <Act label="Break the glass and apply" tone="danger" refused pending=actions.break_glass.pending() />
            </ActionForm>
        </details>
    }
}

/// That a change was applied without approval, and what a lead made of it.
#[component]
pub fn GlassBroken(
    /// How it was.
    broken: BrokenGlass,
    /// Why the one who looks cannot review it, where they cannot.
    refused: Option<String>,
    /// The acts.
    actions: Actions,
) -> impl IntoView {
    let BrokenGlass { change, by, at, reason, authors: _, reviewed } = broken;
    let tone = if reviewed.is_some() { "info" } else { "danger" };
    let review = match reviewed {
        Some(review) => view! {
            <p>{format!("Reviewed by {} ", review.by.name)} <Moment at=review.at /></p>
            <p class="quote">{review.conclusion}</p>
        }
        .into_any(),
        None => view! {
            <p>"A lead has to review it; until then nobody can apply without approval again."</p>
            <ActionForm action=actions.review_glass>
                <input type="hidden" name="id" value=change />
                <TextField id="conclusion" name="conclusion" label="What you found" required=true />
                <Act label="I have reviewed it" tone="primary" refused pending=actions.review_glass.pending() />
            </ActionForm>
        }
        .into_any(),
    };
    view! {
        <section class="notice" data-tone=tone aria-labelledby="glass-heading">
            <h2 id="glass-heading">"Applied without approval"</h2>
            <p>{by.name} " " <Moment at /></p>
            <p class="quote">{reason}</p>
            {review}
        </section>
    }
}
