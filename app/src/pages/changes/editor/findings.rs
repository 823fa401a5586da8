//! The findings of the draft as it stands, each a way to its subject, with its fixes one click away.

use leptos::prelude::*;
use strata_domain::findings::{Finding, Severity, Subject};

use super::focus::focus;
use super::session::Session;
use super::wanted::Part;
use crate::components::{Badge, Stateful};

/// Findings that are listed at most; whoever has more mends some first.
const LISTED: usize = 100;

/// All findings, grouped by severity, worst first.
#[component]
pub fn LiveFindings(
    /// The draft.
    session: Session,
) -> impl IntoView {
    let total = Memo::new(move |_| session.shown().findings.len());
    let of_severity = move |severity: Severity| {
        let shown = session.shown();
        let listed = shown.findings.iter().take(LISTED).filter(|finding| finding.severity == severity);
        listed.cloned().collect::<Vec<_>>()
    };
    let groups: Vec<_> = Severity::ALL
        .into_iter()
        .map(|severity| {
            let count = Memo::new(move |_| {
                session.shown().findings.iter().filter(|finding| finding.severity == severity).count()
            });
            view! {
                <section aria-label=severity.as_str() hidden=move || count.get() == 0>
                    <h3 class="finding-group"><Badge of=Stateful::Severity(severity) /> " " {count}</h3>
                    <ul class="findings">
                        <For each=move || of_severity(severity) key=key_of let:finding>
                            <FindingItem session finding />
                        </For>
                    </ul>
                </section>
            }
        })
        .collect();
    let rest = move || {
        let total = total.get();
        (total > LISTED).then(|| view! { <p class="hint">{format!("The worst {LISTED} of {total}.")}</p> })
    };
    let none = move || (total.get() == 0).then(|| view! { <p class="empty">"No finding: every rule is kept."</p> });
    view! {
        <section class="panel findings-panel" aria-labelledby="findings-heading">
            <h2 id="findings-heading">"Findings"</h2>
            {none}
            {groups}
            {rest}
        </section>
    }
}

/// What sets a finding apart from the others: it stays drawn while this stays.
fn key_of(finding: &Finding) -> (strata_domain::findings::RuleId, Subject, String) {
    (finding.rule, finding.subject.clone(), finding.message.clone())
}

#[component]
fn FindingItem(session: Session, finding: Finding) -> impl IntoView {
    let Finding { rule, severity: _, subject, message, why, fixes, role: _ } = finding;
    let name = subject.name().to_owned();
    let about = subject.clone();
    let go = move |_| go_to(session, &subject);
    let fixes: Vec<_> = fixes
        .into_iter()
        .map(|fix| {
            let label = fix.label.clone();
            let about = about.clone();
            // The edits as they are now: the finding stays drawn while others change what the fix would set as a whole.
            let apply = move |_| {
                let shown = session.shown_now();
                let finding = shown.findings.iter().find(|finding| (finding.rule, &finding.subject) == (rule, &about));
                let now = finding.and_then(|finding| finding.fixes.iter().find(|now| now.label == fix.label));
                if let Some(now) = now {
                    session.act(now.label.clone(), now.edits.clone());
                }
            };
            let refused = move || session.refused.get().is_some();
            view! { <li><button type="button" class="button fix" disabled=refused on:click=apply>{label}</button></li> }
        })
        .collect();
    let fixes = (!fixes.is_empty()).then(|| view! { <ul class="fixes" aria-label="Fixes">{fixes}</ul> });
    view! {
        <li class="finding">
            <p class="finding-line">
                <button type="button" class="link" on:click=go>{name}</button>
                " "
                <span>{message}</span>
            </p>
            {fixes}
            <details>
                <summary>"Why: " <code>{rule.as_str()}</code></summary>
                <p>{why}</p>
            </details>
        </li>
    }
}

/// Goes to what a finding is about.
fn go_to(session: Session, subject: &Subject) {
    match subject {
        Subject::Node(hostname) => to_node(session, hostname),
        Subject::Instance(name) => to_node(session, name.rsplit_once('/').map_or(name.as_str(), |(place, _)| place)),
        Subject::Role(role) => narrow(session, Part::Role, role.as_str()),
        Subject::Group(group) => narrow(session, Part::Group, group),
        Subject::Topology(_) => focus("editor-search"),
    }
}

/// Narrows the views down to those nodes.
fn narrow(session: Session, part: Part, name: &str) {
    session.search.set(part.wanted(name));
    focus("editor-search");
}

/// Selects the node and goes to it. A service has its forms in the panel.
fn to_node(session: Session, name: &str) {
    if session.with_now(|draft| draft.desired().node(name).is_none()) {
        return focus("services");
    }
    session.seek(name);
}
