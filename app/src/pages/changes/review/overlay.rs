//! The role map with the change laid over it.

use leptos::prelude::*;

use crate::api::role_map::{Band, RoleCard, Touched};
use crate::components::FindingCounts;
use crate::pages::role_map::band::ClusterView;

/// Bands of roles; roles that the change leaves alone are folded away into a line.
#[component]
pub fn ChangeMap(
    /// Layers from top to bottom.
    bands: Vec<Band>,
) -> impl IntoView {
    let bands: Vec<_> = bands.into_iter().filter_map(band_view).collect();
    if bands.is_empty() {
        return view! { <p class="empty">"It touches no role."</p> }.into_any();
    }
    view! {
        <div class="bands change-map">{bands}</div>
        <p class="hint legend" aria-hidden="true">
            <span><span class="pip" data-change="added"></span> "comes"</span>
            <span><span class="pip" data-change="changed"></span> "changes"</span>
            <span><span class="pip" data-change="removed"></span> "goes"</span>
            <span><span class="pip" data-change="stays"></span> "stays"</span>
        </p>
    }
    .into_any()
}

fn band_view(band: Band) -> Option<impl IntoView> {
    let (touched, rest): (Vec<RoleCard>, Vec<RoleCard>) =
        band.roles.into_iter().partition(|role| !role.touched.is_nothing());
    if touched.is_empty() {
        return None;
    }
    let cards: Vec<_> = touched.into_iter().map(card_view).collect();
    let rest: Vec<String> = rest.iter().map(|role| format!("{} ({})", role.name, role.instances)).collect();
    let rest = (!rest.is_empty()).then(|| view! { <p class="hint">"Unchanged: " {rest.join(", ")}</p> });
    Some(view! {
        <section class="band" data-layer=band.layer.as_str() aria-label=format!("{} on the map", band.layer.title())>
            <h3>{band.layer.title()}</h3>
            <ul class="cards">{cards}</ul>
            {rest}
        </section>
    })
}

fn card_view(role: RoleCard) -> impl IntoView {
    let clusters: Vec<_> = role.clusters.into_iter().map(|cluster| view! { <ClusterView cluster /> }).collect();
    let rest = (role.not_drawn > 0).then(|| view! { <span class="rest">{format!("+{}", role.not_drawn)}</span> });
    let said = said(role.instances, role.touched);
    view! {
        <li class="card">
            <h4>{role.name}</h4>
            <p class="shape">{said}</p>
            <div class="clusters" aria-hidden="true">{clusters} {rest}</div>
            <FindingCounts summary=role.summary />
        </li>
    }
}

/// "5 after it: 1 new, 2 changed; 1 goes".
fn said(instances: usize, touched: Touched) -> String {
    let Touched { added, changed, removed } = touched;
    let stay: Vec<String> = [(added, "new"), (changed, "changed")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let goes = match removed {
        0 => String::new(),
        1 => "; 1 goes".to_owned(),
        many => format!("; {many} go"),
    };
    let stay = if stay.is_empty() { String::new() } else { format!(": {}", stay.join(", ")) };
    format!("{instances} after it{stay}{goes}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_to_a_role_is_a_line() {
        assert_eq!(said(5, Touched { added: 1, changed: 2, removed: 1 }), "5 after it: 1 new, 2 changed; 1 goes");
        assert_eq!(said(0, Touched { removed: 3, ..Touched::default() }), "0 after it; 3 go");
    }
}
