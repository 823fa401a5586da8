//! `/history` and `/history/:number`: what was live when, and how it came to be.

use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::words::counted;

use crate::api::history::{Origin, RevisionView, revision_list, revision_load};
use crate::components::{AuditList, Badge, Moment, NextLink, PageTitle, Stateful, Table, loaded};
use crate::live::{Live, Topic};
use crate::pages::runs::took;
use crate::pages::{before, number, query};
use crate::paths;

/// The revisions of an environment, newest first.
#[component]
pub fn HistoryPage() -> impl IntoView {
    let (env, before) = (query("env"), before());
    let news = Live::version(move || Topic::Environment(env.get()));
    let view =
        Resource::new(move || (env.get(), before.get(), news.get()), |(env, before, _)| revision_list(env, before));
    view! {
        <Title text="History" />
        {loaded(view, |view| {
            let environment = view.environment.clone();
            let rows: Vec<_> = view
                .revisions
                .into_iter()
                .map(|revision| {
                    let from = match (revision.change, revision.run) {
                        (Some(change), Some(run)) => Either::Left(view! {
                            <a href=paths::change(change)>{format!("#{change} {}", revision.title)}</a>
                            ", " <a href=paths::run(run)>{format!("run {run}")}</a>
                        }),
                        _ => Either::Right(revision.title.clone()),
                    };
                    view! {
                        <tr>
                            <th scope="row"><a href=paths::revision(&environment, revision.number)>{format!("Revision {}", revision.number)}</a></th>
                            <td><Moment at=revision.made_at /></td>
                            <td>{revision.made_by.name.clone()}</td>
                            <td>{from}</td>
                            <td class="number">{revision.node_count}</td>
                            <td><code>{short(&revision.content_hash)}</code></td>
                        </tr>
                    }
                })
                .collect();
            let body = if rows.is_empty() {
                Either::Left(view! { <p class="empty">"No revision yet. The first import makes revision 1."</p> })
            } else {
                Either::Right(view! {
                    <Table of="revisions" columns=&["Revision", "Live since", "Made by", "From", "Nodes", "Content"]>{rows}</Table>
                })
            };
            view! {
                <h1>"History " <span class="of">{view.environment}</span></h1>
                <p class="lead">"Revisions are immutable: each is what was live from its time to the next one's."</p>
                {body}
                <NextLink next=view.next />
            }
        })}
    }
}

/// One revision: who asked, who approved, what ran, what was recorded, and the topology itself.
#[component]
pub fn RevisionPage() -> impl IntoView {
    let env = query("env");
    let number = number("number");
    let view = Resource::new(move || (env.get(), number.get()), |(env, number)| revision_load(env, number));
    view! {
        <PageTitle text=move || format!("Revision {}", number.get()) />
        {loaded(view, |view| view! { <RevisionBody view /> })}
    }
}

#[component]
fn RevisionBody(view: RevisionView) -> impl IntoView {
    let RevisionView { revision, file, origin, audit } = view;
    let origin = match origin {
        Some(origin) => Either::Left(view! { <OriginBody origin /> }),
        None => Either::Right(view! {
            <section class="panel"><h2>"Where it came from"</h2><p>{revision.title.clone()} ", by " {revision.made_by.name.clone()}</p></section>
        }),
    };
    view! {
        <p class="crumbs"><a href=paths::history(&revision.environment)>{format!("History of {}", revision.environment)}</a></p>
        <h1>{format!("Revision {}", revision.number)}</h1>
        <p class="facts">
            "Live since " <Moment at=revision.made_at /> {format!(", {}, content ", counted(revision.node_count, "node"))}
            <code title=revision.content_hash.clone()>{short(&revision.content_hash)}</code>
        </p>
        {origin}
        <section class="panel" aria-labelledby="audit-heading">
            <h2 id="audit-heading">"Recorded"</h2>
            <AuditList entries=audit />
        </section>
        <section class="panel" aria-labelledby="file-heading">
            <h2 id="file-heading">"Topology"</h2>
            <p><a href=paths::role_map_at(&revision.environment, Some(revision.number))>"Show this revision on the role map"</a></p>
            <details>
                <summary>{format!("The topology file ({})", counted(file.lines().count(), "line"))}</summary>
                <pre class="file" tabindex="0" role="region" aria-label="Topology file">{file}</pre>
            </details>
        </section>
    }
}

#[component]
fn OriginBody(origin: Origin) -> impl IntoView {
    let Origin { change, votes, run, steps } = origin;
    let votes: Vec<_> = votes
        .into_iter()
        .map(|vote| {
            view! {
                <li>
                    <strong>{vote.voter.name}</strong>
                    {match vote.groups.is_empty() {
                        true => " ".to_owned(),
                        false => format!(" ({}) ", vote.groups.iter().cloned().collect::<Vec<_>>().join(", ")),
                    }}
                    {vote.verdict.past()} " at " <Moment at=vote.at />
                </li>
            }
        })
        .collect();
    let rows: Vec<_> = steps
        .into_iter()
        .map(|step| {
            view! {
                <tr>
                    <th scope="row">{step.position}</th>
                    <td><Badge of=Stateful::Step(step.state) /></td>
                    <td>{step.description.clone()}</td>
                    <td>{step.started_at.map(|at| view! { <Moment at /> })}</td>
                    <td>{took(step.started_at, step.finished_at)}</td>
                </tr>
            }
        })
        .collect();
    let asked = change.submitted_by.clone().unwrap_or_else(|| change.created_by.clone());
    view! {
        <section class="panel" aria-labelledby="origin-heading">
            <h2 id="origin-heading">"How it came to be"</h2>
            <dl class="pairs">
                <dt>"Change"</dt>
                <dd><a href=paths::change(change.id)>{format!("#{} {}", change.id, change.title)}</a></dd>
                <dt>"Asked by"</dt>
                <dd>{asked.name} {change.submitted_at.map(|at| view! { " at " <Moment at /> })}</dd>
                <dt>"Approved by"</dt>
                <dd><ul class="plain-list">{votes}</ul></dd>
                <dt>"Applied by"</dt>
                <dd>{run.requested_by.name.clone()} " at " <Moment at=run.requested_at /></dd>
                <dt>"Run"</dt>
                <dd><a href=paths::run(run.id)>{format!("Run {}", run.id)}</a> ", log and all"</dd>
                <dt>"Plan"</dt>
                <dd><code title=run.digest.clone()>{short(&run.digest)}</code></dd>
            </dl>
            <Table of="steps" columns=&["#", "State", "What it did", "Began", "Took"]>{rows}</Table>
        </section>
    }
}

/// The first characters of a hash; the whole of it is in a title beside.
fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}
