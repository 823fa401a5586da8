//! States and counts as shape and word first, colour second.

use leptos::prelude::*;
use strata_domain::change::ChangeState;
use strata_domain::findings::{Severity, Summary};
use strata_domain::plan::{Impact, Risk};
use strata_domain::run::{RunState, StepState};
use strata_domain::whatif::Extent;

/// A word in a box, with a colour by `data-tone`.
#[component]
pub fn Badge(
    /// What it shows.
    of: Stateful,
) -> impl IntoView {
    let (tone, mark, word) = of.parts();
    view! { <span class="badge" data-tone=tone><span aria-hidden="true">{mark}</span> " " {word}</span> }
}

/// Everything that has a badge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stateful {
    /// A change.
    Change(ChangeState),
    /// A run.
    Run(RunState),
    /// A step of a run.
    Step(StepState),
    /// A plan.
    Risk(Risk),
    /// A step of a plan.
    Impact(Impact),
    /// A finding.
    Severity(Severity),
    /// What is lost without something.
    Extent(Extent),
}

impl Stateful {
    /// Tone, mark and word.
    fn parts(self) -> (&'static str, &'static str, String) {
        match self {
            Self::Change(state) => {
                let (tone, mark) = match state {
                    ChangeState::Draft => ("quiet", "✎"),
                    ChangeState::InReview => ("attention", "◔"),
                    ChangeState::Approved => ("good", "✓"),
                    ChangeState::Provisioning => ("active", "▶"),
                    ChangeState::Applied => ("good", "●"),
                    ChangeState::Rejected | ChangeState::Failed => ("danger", "✕"),
                    ChangeState::Withdrawn => ("quiet", "↩"),
                };
                (tone, mark, state.title().to_lowercase())
            }
            Self::Run(state) => {
                let (tone, mark) = match state {
                    RunState::Queued => ("quiet", "…"),
                    RunState::Running => ("active", "▶"),
                    RunState::Succeeded => ("good", "●"),
                    RunState::Failed => ("danger", "✕"),
                };
                (tone, mark, state.title().to_lowercase())
            }
            Self::Step(state) => {
                let (tone, mark) = match state {
                    StepState::Pending => ("quiet", "○"),
                    StepState::Running => ("active", "▶"),
                    StepState::Waiting => ("attention", "✋"),
                    StepState::Succeeded => ("good", "●"),
                    StepState::Failed => ("danger", "✕"),
                    StepState::Skipped => ("quiet", "–"),
                };
                (tone, mark, state.title().to_lowercase())
            }
            Self::Risk(risk) => {
                let (tone, mark) = match risk {
                    Risk::Low => ("good", "▁"),
                    Risk::Medium => ("attention", "▃"),
                    Risk::High => ("warning", "▅"),
                    Risk::Critical => ("danger", "▇"),
                };
                (tone, mark, format!("{} risk", risk.as_str()))
            }
            Self::Impact(impact) => {
                let (tone, mark) = match impact {
                    Impact::None => ("quiet", "·"),
                    Impact::LiveUpgrade => ("good", "↑"),
                    Impact::Manual => ("attention", "✋"),
                    Impact::Degraded | Impact::Rebalance | Impact::Reindex | Impact::RedundancyLost => ("warning", "▲"),
                    Impact::Outage => ("danger", "■"),
                };
                (tone, mark, impact.as_str().replace('-', " "))
            }
            Self::Extent(extent) => {
                let (tone, mark) = match extent {
                    Extent::Nothing => ("good", "·"),
                    Extent::RedundancyLost => ("attention", "◐"),
                    Extent::Degraded => ("attention", "▼"),
                    Extent::RoleLost => ("warning", "▲"),
                    Extent::TotalOutage => ("danger", "■"),
                };
                (tone, mark, extent.title().to_lowercase())
            }
            Self::Severity(severity) => {
                let (tone, mark) = severity_mark(severity);
                (tone, mark, severity.as_str().to_owned())
            }
        }
    }
}

/// Tone and shape of a severity.
pub const fn severity_mark(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Blocker => ("danger", "■"),
        Severity::Warning => ("warning", "▲"),
        Severity::Advice => ("info", "●"),
    }
}

/// Counts of findings by severity: "1 blocker, 2 warnings"; "no finding" where there is none.
#[component]
pub fn FindingCounts(
    /// The counts.
    summary: Summary,
) -> impl IntoView {
    let counts = [
        (Severity::Blocker, summary.blocker, "blocker", "blockers"),
        (Severity::Warning, summary.warning, "warning", "warnings"),
        (Severity::Advice, summary.advice, "advice", "advice"),
    ];
    let shown: Vec<_> = counts
        .into_iter()
        .filter(|(_, count, ..)| *count > 0)
        .map(|(severity, count, one, many)| {
            let (tone, mark) = severity_mark(severity);
            let word = if count == 1 { one } else { many };
            view! {
                <span class="count" data-tone=tone>
                    <span aria-hidden="true">{mark}</span>
                    " "
                    {format!("{count} {word}")}
                </span>
            }
        })
        .collect();
    let none = shown.is_empty().then(
        || view! { <span class="count" data-tone="good"><span aria-hidden="true">"✓"</span> " no finding"</span> },
    );
    view! { <span class="counts">{shown} {none}</span> }
}
