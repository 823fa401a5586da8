//! `/what-if`: take nodes, a group, a site or a platform away, and see what is lost.

mod loss;

use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::whatif::Extent;

use crate::api::what_if::{Taken, WhatIfAnswer, WhatIfView, what_if_load};
use crate::components::{Badge, SelectField, Stateful, TextArea, loaded, plain_words};
use crate::live::{Live, Topic};
use crate::pages::query;
use crate::paths;

pub use loss::LossPanel;

/// The question as a form in the address, its answer, and what single nodes and pairs mean.
#[component]
pub fn WhatIfPage() -> impl IntoView {
    let env = query("env");
    let (nodes, group, site, platform) = (query("nodes"), query("group"), query("site"), query("platform"));
    let taken = Memo::new(move |_| Taken {
        nodes: nodes.get().unwrap_or_default(),
        group: group.get().unwrap_or_default(),
        site: site.get().unwrap_or_default(),
        platform: platform.get().unwrap_or_default(),
    });
    let news = Live::version(move || Topic::Environment(env.get()));
    let view =
        Resource::new(move || (env.get(), taken.get(), news.get()), |(env, taken, _)| what_if_load(env, Some(taken)));
    view! {
        <Title text="What if" />
        {loaded(view, move |view| view! { <WhatIf view taken=taken.get() /> })}
    }
}

#[component]
fn WhatIf(view: WhatIfView, taken: Taken) -> impl IntoView {
    let WhatIfView { environment, revision, answer, counts, worst, pair, groups, sites, platforms } = view;
    let facts = match revision {
        Some(number) => format!("On revision {number}, which is live: what is lost without some of its nodes."),
        None => "This environment has no topology yet.".to_owned(),
    };
    let answer = answer.map(|answer| match answer {
        WhatIfAnswer::Lost(loss) => Either::Left(view! { <LossPanel heading="Without them" table="losses" loss /> }),
        WhatIfAnswer::Unknown(message) => Either::Right(
            view! { <p class="notice" data-tone="attention" role="alert">{format!("In this topology {message}")}</p> },
        ),
    });
    let pair = pair.map(|([one, other], loss)| {
        let heading = format!("The worst two: {one} and {other}");
        view! { <LossPanel heading table="losses without the worst two" loss /> }
    });
    let of_env = environment.clone();
    view! {
        <p class="crumbs"><a href=paths::role_map(&environment)>{environment.clone()}</a></p>
        <h1>"What if"</h1>
        <p class="lead">{facts}</p>
        <div class="columns">
            <div class="column-main">
                <form method="get" action="/what-if" class="panel" aria-label="What to take away">
                    <input type="hidden" name="env" value=of_env />
                    <TextArea id="nodes" name="nodes" label="Nodes" hint="hostnames, between spaces or commas" rows=2 value=taken.nodes />
                    <div class="fields">
                        <SelectField id="group" name="group" label="Availability group" none="none" options=plain_words(groups) value=taken.group />
                        <SelectField id="site" name="site" label="Site" none="none" options=plain_words(sites) value=taken.site />
                        <SelectField id="platform" name="platform" label="Container platform" none="none" options=plain_words(platforms) value=taken.platform />
                    </div>
                    <p><button class="button" data-tone="primary" type="submit">"Take them away"</button></p>
                </form>
                {answer}
                {pair}
            </div>
            <aside class="column-side" aria-label="Single nodes"><SingleNodes environment counts worst /></aside>
        </div>
    }
}

/// How many nodes matter how much, as a bar, and those that matter most.
#[component]
fn SingleNodes(environment: String, counts: Vec<(Extent, usize)>, worst: Vec<(String, Extent)>) -> impl IntoView {
    let total: usize = counts.iter().map(|(_, count)| count).sum();
    let missed: usize = counts.iter().filter(|(extent, _)| *extent > Extent::Nothing).map(|(_, count)| count).sum();
    let rows: Vec<_> = counts
        .into_iter()
        .map(|(extent, count)| {
            view! {
                <li>
                    <Badge of=Stateful::Extent(extent) />
                    <meter min="0" max=total.max(1) value=count aria-label=format!("Nodes: {}", extent.title())></meter>
                    <span class="number">{count}</span>
                </li>
            }
        })
        .collect();
    let shown = worst.len();
    let cut = (missed > shown).then(|| view! { <p class="hint">{format!("The worst {shown} of {missed}.")}</p> });
    let items: Vec<_> = worst
        .into_iter()
        .map(|(name, extent)| {
            view! { <li><a href=paths::what_if_node(&environment, &name)>{name.clone()}</a> " " <Badge of=Stateful::Extent(extent) /></li> }
        })
        .collect();
    view! {
        <section class="panel" aria-labelledby="single-heading">
            <h2 id="single-heading">"Without a single node"</h2>
            <ul class="extents">{rows}</ul>
            <ul class="node-list">{items}</ul>
            {cut}
        </section>
    }
}
