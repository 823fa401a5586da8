//! Findings as a list, worst first.

use leptos::prelude::*;
use strata_domain::findings::Finding;

use super::badge::{Badge, Stateful};

/// Each finding with its severity, its subject, its message, and its why on demand.
#[component]
pub fn FindingList(
    /// The findings, each with whether it is new with a change.
    findings: Vec<(Finding, bool)>,
) -> impl IntoView {
    if findings.is_empty() {
        return view! { <p class="empty">"No finding: every rule is kept."</p> }.into_any();
    }
    let items: Vec<_> = findings
        .into_iter()
        .map(|(finding, new)| {
            let fixes: Vec<_> = finding.fixes.iter().map(|fix| view! { <li>{fix.label.clone()}</li> }).collect();
            let fixes =
                (!fixes.is_empty()).then(|| view! { <p>"What would mend it:"</p> <ul class="prose-list">{fixes}</ul> });
            let new = new.then(|| view! { <span class="badge" data-tone="attention">"new"</span> });
            view! {
                <li class="finding">
                    <p class="finding-line">
                        <Badge of=Stateful::Severity(finding.severity) />
                        " "
                        {new}
                        " "
                        <strong>{finding.subject.name().to_owned()}</strong>
                        " "
                        <span>{finding.message.clone()}</span>
                    </p>
                    <details>
                        <summary>"Why: " <code>{finding.rule.as_str()}</code></summary>
                        <p>{finding.why.clone()}</p>
                        {fixes}
                    </details>
                </li>
            }
        })
        .collect();
    view! { <ul class="findings">{items}</ul> }.into_any()
}
