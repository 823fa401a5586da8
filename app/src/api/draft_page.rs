//! The page of a draft: what of it is listed at once, worked out where it holds up nobody.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::catalogue::Own;
use strata_domain::change::{Change, LoggedEdit};
use strata_domain::findings::{Finding, Summary};
use strata_domain::plan::Plan;
use strata_domain::topology::{Node, Service};

use super::editing::DraftView;
use crate::error::AppError;

/// Groups that are listed at once, with their forms, or to choose among.
pub const LISTED_GROUPS: usize = 50;

/// The first of many, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut<T> {
    /// The first ones.
    pub listed: Vec<T>,
    /// How many were found, with those that are not listed.
    pub found: usize,
    /// How many there are, found or not.
    pub total: usize,
}

impl<T> Cut<T> {
    /// All of them.
    pub fn whole(all: Vec<T>) -> Self {
        Self { found: all.len(), total: all.len(), listed: all }
    }

    /// The first of those that were found, of so many in all.
    fn of(found: impl IntoIterator<Item = T>, most: usize, total: usize) -> Self {
        let mut found = found.into_iter();
        let listed: Vec<T> = found.by_ref().take(most).collect();
        Self { found: listed.len() + found.count(), listed, total }
    }

    /// How many are listed of how many, where that is not all that were found.
    pub fn told(&self) -> Option<String> {
        let listed = self.listed.len();
        (listed < self.found).then(|| format!("The first {listed} of {}; search to narrow down.", self.found))
    }
}

impl Cut<(String, usize)> {
    /// The groups, each with how many nodes are in it; those without a node may be missing among the members. Where they
    /// are many, those that have the wanted text in their name, which is in lower case.
    pub fn of_groups(groups: &[String], members: &BTreeMap<String, usize>, wanted: &str) -> Self {
        let is_found = |group: &&String| groups.len() <= LISTED_GROUPS || group.to_lowercase().contains(wanted);
        let counted = |group: &String| (group.clone(), members.get(group).copied().unwrap_or_default());
        Self::of(groups.iter().filter(is_found).map(counted), LISTED_GROUPS, groups.len())
    }
}

/// The groups to choose one from. A list of hundreds serves nobody: a name is typed then, and a rule tells where there is no
/// such group.
pub fn groups_to_choose(groups: &[String]) -> Option<Vec<String>> {
    (groups.len() <= LISTED_GROUPS).then(|| groups.to_vec())
}

/// A node of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedNode {
    /// Its hostname.
    pub hostname: String,
    /// Its roles, by id.
    pub roles: Vec<String>,
}

/// What the page of a draft shows, however large the draft is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DraftPage {
    /// The change.
    pub change: Change,
    /// Number of the live revision.
    pub live: i64,
    /// Why it cannot be edited, if it cannot.
    pub refused: Option<String>,
    /// What the environment adds to the built-in catalogue.
    pub own: Own,
    /// The nodes that the search finds, by hostname.
    pub nodes: Cut<ListedNode>,
    /// The node whose forms are asked for, where the draft has it.
    pub node: Option<Node>,
    /// Its availability groups, by name, each with how many nodes are in it.
    pub groups: Cut<(String, usize)>,
    /// The names of its groups, where they are few enough to choose from.
    pub choice: Option<Vec<String>>,
    /// Its external services.
    pub services: Cut<Service>,
    /// Its findings, the worst first.
    pub findings: Cut<Finding>,
    /// All of its findings, counted.
    pub summary: Summary,
    /// The first steps of its plan.
    pub plan: Plan,
    /// How many steps the plan has.
    pub steps: usize,
    /// The newest edits, first come first.
    pub edits: Vec<LoggedEdit>,
    /// How many come before them.
    pub earlier: usize,
    /// All of a small draft, which the editor in the browser begins with. What is large it asks for itself.
    pub whole: Option<DraftView>,
}

/// The page of a draft, with the forms of one node, and with what the search finds.
#[server(prefix = "/api", endpoint = "draft_page_load", input = GetUrl)]
pub async fn draft_page_load(id: i64, node: Option<String>, search: Option<String>) -> Result<DraftPage, AppError> {
    use strata_backend::heavy;

    use crate::server_context::{actor, answer, backend};

    let (backend, actor) = (backend(), actor());
    let view = answer(strata_backend::changes::change_load(&backend, &actor, id).await)?;
    let parts = heavy::parts_left(&view.desired) + view.edits.len();
    let asked_by = actor.clone();
    answer(heavy::run(&asked_by, parts, move || shown::page_of(view, &actor, node.as_deref(), search.as_deref())).await)
}

#[cfg(feature = "ssr")]
mod shown {
    use std::collections::BTreeMap;

    use strata_backend::changes::ChangeView;
    use strata_backend::ctx::Actor;
    use strata_backend::heavy;
    use strata_domain::findings::Finding;
    use strata_domain::plan::{Plan, Step};
    use strata_domain::topology::{Node, Service};

    use super::{Cut, DraftPage, ListedNode, groups_to_choose};
    use crate::api::drafting::edit_refused;
    use crate::api::editing::DraftView;

    /// Nodes that the list shows at once; the search narrows it down.
    pub(super) const LISTED_NODES: usize = 100;
    /// The same of services.
    pub(super) const LISTED_SERVICES: usize = 50;
    /// Findings, steps, edits and alternatives that are listed; the review has all of them.
    pub(super) const LISTED: usize = 100;
    /// Nodes, services, groups and edits of a draft that comes along whole with its page.
    const WHOLE: usize = 1_000;

    /// All of the page. For a large draft, [`heavy::run`] is the place for that.
    pub(super) fn page_of(view: ChangeView, actor: &Actor, node: Option<&str>, search: Option<&str>) -> DraftPage {
        let (desired, catalogue) = (&*view.desired.topology, &*view.desired.catalogue);
        let wanted = search.unwrap_or_default().to_lowercase();
        let is_found = |name: &str| wanted.is_empty() || name.to_lowercase().contains(&wanted);
        let mut nodes: Vec<&Node> = desired.nodes.iter().filter(|node| is_node_found(node, is_found)).collect();
        nodes.sort_by(|a, b| a.hostname.cmp(&b.hostname));
        let mut groups = desired.availability_groups.clone();
        groups.sort();
        let mut members = BTreeMap::<String, usize>::new();
        for group in desired.nodes.iter().filter_map(|node| catalogue.group_of(node)) {
            *members.entry(group.to_owned()).or_default() += 1;
        }
        let services = desired.services.len();
        let is_service_found = |service: &&Service| services <= LISTED_SERVICES || is_found(&service.name);
        let found = view.desired.findings();
        let summary = view.desired.summary();
        let is_small = heavy::parts_of(&view.base.topology) + view.edits.len() <= WHOLE;
        let earlier = view.edits.len().saturating_sub(LISTED);
        DraftPage {
            refused: edit_refused(&view.standing, view.change.state),
            live: view.live,
            nodes: Cut::of(nodes.into_iter().map(listed), LISTED_NODES, desired.nodes.len()),
            node: node.and_then(|hostname| desired.node(hostname)).cloned(),
            groups: Cut::of_groups(&groups, &members, &wanted),
            choice: groups_to_choose(&groups),
            services: Cut::of(desired.services.iter().filter(is_service_found).cloned(), LISTED_SERVICES, services),
            findings: Cut::of(found.iter().cloned().map(without_edits), LISTED, found.len()),
            summary,
            steps: view.plan.steps.len(),
            plan: cut(&view.plan),
            edits: view.edits[earlier..].to_vec(),
            earlier,
            whole: is_small.then(|| DraftView::of(view.clone(), actor)),
            change: view.change,
            own: view.own,
        }
    }

    fn is_node_found(node: &Node, is_found: impl Fn(&str) -> bool) -> bool {
        is_found(&node.hostname) || node.roles.iter().any(|assignment| is_found(assignment.role.as_str()))
    }

    fn listed(node: &Node) -> ListedNode {
        let roles = node.roles.iter().map(|assignment| assignment.role.to_string()).collect();
        ListedNode { hostname: node.hostname.clone(), roles }
    }

    /// The page says what would mend it; one fix may have as many edits as the draft has nodes.
    fn without_edits(mut finding: Finding) -> Finding {
        finding.fixes.truncate(LISTED);
        finding.fixes.iter_mut().for_each(|fix| fix.edits.clear());
        finding
    }

    /// The first steps, and of what each waits for, what is among them. What a step changes is told by the review.
    fn cut(plan: &Plan) -> Plan {
        let steps = plan.steps.iter().take(LISTED);
        let ids: Vec<&str> = steps.clone().map(|step| step.id.as_str()).collect();
        let steps = steps.map(|step| Step {
            depends_on: step.depends_on.iter().filter(|id| ids.contains(&id.as_str())).cloned().collect(),
            ..step.clone()
        });
        Plan {
            steps: steps.collect(),
            alternatives: plan.alternatives.iter().take(LISTED).cloned().collect(),
            risk: plan.risk,
            digest: plan.digest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_is_counted() {
        let groups: Vec<String> = (0..20_000).map(|number| format!("AG-{number:05}")).collect();
        let members = BTreeMap::from([("AG-00007".to_owned(), 3)]);
        let all = Cut::of_groups(&groups, &members, "");
        assert_eq!((all.listed.len(), all.found, all.total), (LISTED_GROUPS, 20_000, 20_000));
        assert_eq!(all.told().as_deref(), Some("The first 50 of 20000; search to narrow down."));
        let found = Cut::of_groups(&groups, &members, "ag-0000");
        assert_eq!((found.listed.len(), found.found, found.total), (10, 10, 20_000));
        assert_eq!((found.listed[7].1, found.told()), (3, None));
        assert_eq!(groups_to_choose(&groups), None);
        let few = &groups[..2];
        assert_eq!(Cut::of_groups(few, &members, "no such").found, 2, "few are not narrowed down");
        assert_eq!(groups_to_choose(few).as_deref(), Some(few));
    }
}
