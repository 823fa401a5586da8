//! One layer of the map with its role cards.

use leptos::prelude::*;
use strata_domain::diff::Presence;
use strata_domain::findings::Severity;
use strata_domain::whatif::Extent;

use crate::api::role_map::{Band, Cluster, Pip, RoleCard};
use crate::components::FindingCounts;
use crate::paths;

/// A band with its roles side by side.
#[component]
pub fn BandView(band: Band, environment: String, at: Option<i64>, opened: Option<String>) -> impl IntoView {
    let heading = format!("layer-{}", band.layer.as_str());
    let cards: Vec<_> = band
        .roles
        .into_iter()
        .map(|role| {
            let is_open = opened.as_deref() == Some(role.id.as_str());
            view! { <RoleCardView role environment=environment.clone() at is_open /> }
        })
        .collect();
    view! {
        <section class="band" data-layer=band.layer.as_str() aria-labelledby=heading.clone()>
            <h2 id=heading.clone()>{band.layer.title()}</h2>
            <ul class="cards">{cards}</ul>
        </section>
    }
}

#[component]
fn RoleCardView(role: RoleCard, environment: String, at: Option<i64>, is_open: bool) -> impl IntoView {
    let clusters: Vec<_> = role.clusters.into_iter().map(|cluster| view! { <ClusterView cluster /> }).collect();
    let rest = (role.not_drawn > 0).then(|| view! { <span class="rest">{format!("+{}", role.not_drawn)}</span> });
    let href = if is_open { paths::role_map_at(&environment, at) } else { paths::role(&environment, &role.id, at) };
    view! {
        <li class="card" data-open=is_open.then_some("true")>
            <h3>
                <a href=href aria-expanded=if is_open { "true" } else { "false" }>{role.name}</a>
            </h3>
            <p class="shape">{role.shape}</p>
            <div class="clusters" aria-hidden="true">{clusters} {rest}</div>
            <FindingCounts summary=role.summary />
        </li>
    }
}

/// Instances as small squares; said in words by the shape line and by the list twin.
#[component]
pub fn ClusterView(
    /// What is drawn together.
    cluster: Cluster,
) -> impl IntoView {
    let pips: Vec<_> = cluster
        .pips
        .into_iter()
        .map(|Pip { place, mark, worst, without, change }| {
            let place = change.map_or_else(|| place.clone(), |change| format!("{place}, {}", change.as_str()));
            let title = match without {
                Extent::Nothing => place,
                extent => format!("{place}; without it: {}", extent.title().to_lowercase()),
            };
            view! { <span class="pip" data-mark=mark data-worst=worst.map(Severity::as_str) data-without=without.as_str() data-change=change.map(Presence::as_str) title=title></span> }
        })
        .collect();
    let name = (!cluster.name.is_empty()).then(|| view! { <span class="cluster-name">{cluster.name}</span> });
    view! { <span class="cluster">{name} <span class="pips">{pips}</span></span> }
}
