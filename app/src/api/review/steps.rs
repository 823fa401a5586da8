//! A plan of any length, cut to what one page shows.

use std::collections::{BTreeMap, BTreeSet};

use strata_domain::catalogue::Catalogue;
use strata_domain::discussion::Comment;
use strata_domain::plan::{Impact, Plan, Step};
use strata_domain::topology::RoleId;

use super::{Cut, Looked, NamedStep, PlanPage, ShownStep};

/// Steps on one page.
const PAGE: usize = 100;
/// Steps that cost something and are listed: what a minute is enough for, and as many again for who unfolds them.
const LISTED_COSTLY: usize = 100;

/// What of the plan is shown to who looks so; `comments` are all that were made.
pub(super) fn page_of(plan: &Plan, catalogue: &Catalogue, looked: &Looked, comments: &[Comment]) -> PlanPage {
    let wanted = looked.step.as_deref().unwrap_or_default().trim().to_owned();
    let found = found(plan, catalogue, &wanted.to_lowercase());
    let pages = found.len().div_ceil(PAGE).max(1);
    let page = looked.page.unwrap_or(1).clamp(1, pages);
    let places: BTreeMap<&str, usize> =
        plan.steps.iter().enumerate().map(|(index, step)| (step.id.as_str(), index + 1)).collect();
    let mut commented: BTreeMap<&str, usize> = BTreeMap::new();
    for step in comments.iter().filter_map(|comment| comment.step.as_deref()) {
        *commented.entry(step).or_default() += 1;
    }
    let mut alike: BTreeMap<_, usize> = BTreeMap::new();
    for (_, step) in &found {
        *alike.entry(doing(step)).or_default() += 1;
    }
    let shown = found.iter().skip((page - 1) * PAGE).take(PAGE).map(|(place, step)| ShownStep {
        place: *place,
        id: step.id.clone(),
        kind: step.kind,
        alike: alike.get(&doing(step)).copied().unwrap_or(1),
        role: step.role.clone(),
        impact: step.impact,
        said: step.describe(catalogue),
        after: after(step, &places),
        checklist: step.checklist(),
        comments: commented.get(step.id.as_str()).copied().unwrap_or_default(),
    });
    let about: BTreeSet<&str> = commented.keys().copied().chain(looked.about.as_deref()).collect();
    let named = about.into_iter().filter_map(|id| {
        let place = *places.get(id)?;
        let step = plan.steps.get(place.checked_sub(1)?)?;
        Some(NamedStep { id: id.to_owned(), place, said: step.describe(catalogue) })
    });
    // Of many, the worst are those that are read.
    let mut costly: Vec<&Step> = plan.steps.iter().filter(|step| step.impact != Impact::None).collect();
    costly.sort_by_key(|step| std::cmp::Reverse(step.impact));
    PlanPage {
        digest: plan.digest,
        risk: plan.risk,
        total: plan.steps.len(),
        found: found.len(),
        page,
        pages,
        steps: shown.collect(),
        named: named.collect(),
        costly: Cut::of(costly.into_iter().map(|step| (step.impact, step.describe(catalogue))), LISTED_COSTLY),
        alternatives: plan.alternatives.iter().map(|other| other.text.clone()).collect(),
        wanted,
    }
}

/// What steps are alike by.
fn doing(step: &Step) -> (&'static str, Option<&str>, &'static str) {
    (step.kind.as_str(), step.role.as_ref().map(RoleId::as_str), step.impact.as_str())
}

/// The steps that a search finds, each with its place in the whole plan, from 1; `wanted` in small letters.
fn found<'a>(plan: &'a Plan, catalogue: &Catalogue, wanted: &str) -> Vec<(usize, &'a Step)> {
    let is_it = |step: &Step| {
        wanted.is_empty()
            || step.kind.as_str() == wanted
            || step.impact.as_str() == wanted
            || step.describe(catalogue).to_lowercase().contains(wanted)
    };
    (1..).zip(&plan.steps).filter(|(_, step)| is_it(step)).collect()
}

/// After which others it comes, by their places.
fn after(step: &Step, places: &BTreeMap<&str, usize>) -> String {
    let mut after: Vec<usize> = step.depends_on.iter().filter_map(|id| places.get(id.as_str()).copied()).collect();
    after.sort_unstable();
    in_short(&after)
}

/// Numbers in order, runs of three and more as a span: `1, 4–9`.
fn in_short(numbers: &[usize]) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match spans.last_mut() {
            Some((_, end)) if *end + 1 == number => *end = number,
            _ => spans.push((number, number)),
        }
    }
    let told = spans.into_iter().map(|(start, end)| match end - start {
        0 => start.to_string(),
        1 => format!("{start}, {end}"),
        _ => format!("{start}–{end}"),
    });
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use strata_domain::plan::plan;
    use strata_domain::topology::{Assignment, Hardware, Node, Settings, Topology};

    use super::*;

    fn node(number: u16, role: &str) -> Node {
        let [high, low] = number.to_be_bytes();
        Node {
            id: None,
            hostname: format!("n{number}.example.net"),
            private_ip: std::net::Ipv4Addr::new(10, 0, high, low).into(),
            public_ip: None,
            site: None,
            container: None,
            hardware: Hardware::default(),
            roles: vec![Assignment { role: role.into(), settings: Settings::new() }],
        }
    }

    #[test]
    fn a_page_is_a_page_however_long_the_plan_is() {
        let catalogue = Catalogue::built_in();
        let base = Topology::empty("lab");
        let nodes = (1..=400).map(|number| node(number, "worker")).collect();
        let plan = plan(&base, &Topology { nodes, ..base.clone() }, catalogue);
        let look = |looked: Looked| page_of(&plan, catalogue, &looked, &[]);
        let first = look(Looked::default());
        assert_eq!(
            (first.total, first.found, first.page, first.steps.len()),
            (plan.steps.len(), plan.steps.len(), 1, PAGE)
        );
        assert_eq!(first.pages, plan.steps.len().div_ceil(PAGE));
        assert_eq!(
            first.steps.iter().map(|step| step.alike).min(),
            Some(400),
            "groups count what is on other pages, too"
        );
        let last = look(Looked { page: Some(9_999), ..Looked::default() });
        assert_eq!((last.page, last.steps.last().map(|step| step.place)), (last.pages, Some(plan.steps.len())));
        let found = look(Looked { step: Some("  N399.EXAMPLE ".to_owned()), ..Looked::default() });
        assert_eq!(
            found.found,
            plan.steps.iter().filter(|step| step.describe(catalogue).contains("n399.example")).count()
        );
        assert!(found.found > 0 && found.steps.iter().all(|step| step.said.contains("n399.example")));
        assert_eq!(look(Looked { step: Some("prepare-node".to_owned()), ..Looked::default() }).found, 400);
        // A step that is talked about has a name wherever it stands.
        let about = plan.steps[900].id.clone();
        let named = look(Looked { about: Some(about.clone()), ..Looked::default() }).named;
        assert_eq!(named, [NamedStep { id: about, place: 901, said: plan.steps[900].describe(catalogue) }]);
    }

    #[test]
    fn runs_of_numbers_are_spans() {
        assert_eq!(in_short(&[]), "");
        assert_eq!(in_short(&[1, 2, 4, 5, 6, 9]), "1, 2, 4–6, 9");
    }
}
