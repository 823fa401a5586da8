//! Puts drafts of steps into one canonical order, each after all it depends on.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::changes::Site;
use super::{Effect, Impact, Step, StepKind};
use crate::topology::RoleId;

/// What a step will be; its texts are made last, once.
pub(super) struct Draft<'a> {
    pub kind: StepKind,
    pub about: About<'a>,
    pub impact: Impact,
    pub effect: Effect,
    pub rank: Rank<'a>,
    /// Places in the list of drafts of those that it depends on.
    pub after: Vec<usize>,
}

/// What a step works on; with its kind, this is its id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum About<'a> {
    Node(&'a str),
    Instance {
        place: &'a str,
        is_service: bool,
        role: &'a RoleId,
    },
    Role(&'a RoleId),
    /// What is left of a role when some of it is gone.
    RestOfRole(&'a RoleId),
    /// An availability group, and the role that has such groups.
    Group {
        group: &'a str,
        role: Option<&'a RoleId>,
    },
}

impl<'a> About<'a> {
    pub fn instance(site: Site<'a>, role: &'a RoleId) -> Self {
        Self::Instance { place: site.name(), is_service: matches!(site, Site::Service(_)), role }
    }

    /// Such as `install-role:sql-2.example.net:sql`; `again` counts steps that are about the same.
    fn id(self, kind: StepKind, again: usize) -> String {
        let none = "";
        let (mark, place, role, rest) = match self {
            Self::Node(node) => (":", node, none, none),
            Self::Instance { place, is_service: false, role } => (":", place, role.as_str(), none),
            Self::Instance { place, is_service: true, role } => (":service/", place, role.as_str(), none),
            Self::Role(role) => (none, none, role.as_str(), none),
            Self::RestOfRole(role) => (none, none, role.as_str(), ":remaining"),
            Self::Group { group, role } => (":group/", group, role.map_or(none, RoleId::as_str), none),
        };
        let parts = [kind.as_str(), mark, place, if role.is_empty() { none } else { ":" }, role, rest];
        let mut id = parts.concat();
        if again > 0 {
            id.push_str(&format!("#{}", again + 1));
        }
        id
    }

    /// What tells it from others of the same rank: the exact name.
    fn name(self) -> &'a str {
        match self {
            Self::Node(name) | Self::Instance { place: name, .. } | Self::Group { group: name, .. } => name,
            Self::Role(role) | Self::RestOfRole(role) => role.as_str(),
        }
    }

    /// Node, service and role, as far as there are.
    fn fields(self) -> (Option<String>, Option<String>, Option<RoleId>) {
        match self {
            Self::Node(node) => (Some(node.to_owned()), None, None),
            Self::Instance { place, is_service: false, role } => (Some(place.to_owned()), None, Some(role.clone())),
            Self::Instance { place, is_service: true, role } => (None, Some(place.to_owned()), Some(role.clone())),
            Self::Role(role) | Self::RestOfRole(role) => (None, None, Some(role.clone())),
            Self::Group { group: _, role } => (None, None, role.cloned()),
        }
    }
}

/// Where a step wants to be among those that could run at the same time; made of content only, never of list order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank<'a> {
    /// 0 groups and nodes made ready, 1 roles built up, 2 roles taken down, 3 nodes and groups given up.
    pub stage: u8,
    /// The role's place: storage first when building up, last when taking down.
    pub role: usize,
    /// 0 for single instances, 1 for the role as a whole.
    pub whole: u8,
    /// The place's name in lower case.
    pub place: Cow<'a, str>,
}

/// Steps in order.
pub(super) struct Ordered {
    pub steps: Vec<Step>,
    /// By step: the places of those that it depends on, all before its own.
    pub waits_for: Vec<Vec<usize>>,
}

/// The steps, smallest rank first among those whose dependencies are done.
pub(super) fn in_order(mut drafts: Vec<Draft<'_>>) -> Ordered {
    for draft in &mut drafts {
        draft.after.sort_unstable();
        draft.after.dedup();
    }
    let by_rank = by_rank(&drafts);
    let again = counted_again(&drafts, &by_rank);
    let order = sequence(&drafts, by_rank);
    let mut position = vec![0; drafts.len()];
    for (place, &index) in order.iter().enumerate() {
        position[index] = place;
    }
    let mut drafts: Vec<Option<Draft<'_>>> = drafts.into_iter().map(Some).collect();
    let mut steps: Vec<Step> = Vec::with_capacity(drafts.len());
    let mut waits_for = Vec::with_capacity(drafts.len());
    for index in order {
        let Some(Draft { kind, about, impact, effect, rank: _, mut after }) = drafts[index].take() else { continue };
        for before in &mut after {
            *before = position[*before];
        }
        after.sort_unstable();
        // Were there a circle after all, what cannot come before is not waited for.
        after.retain(|&before| before < steps.len());
        let depends_on = after.iter().map(|&before| steps[before].id.clone()).collect();
        let (node, service, role) = about.fields();
        let id = about.id(kind, again.get(&index).copied().unwrap_or(0));
        steps.push(Step { id, kind, node, service, role, impact, depends_on, effect });
        waits_for.push(after);
    }
    Ordered { steps, waits_for }
}

/// The drafts' places in the list, smallest rank first; texts are compared here and nowhere after.
fn by_rank(drafts: &[Draft<'_>]) -> Vec<usize> {
    let mut by_rank: Vec<usize> = (0..drafts.len()).collect();
    by_rank.sort_by(|&one, &other| {
        let (one, other) = (&drafts[one], &drafts[other]);
        let by_name = || one.about.name().cmp(other.about.name());
        one.rank.cmp(&other.rank).then(one.kind.cmp(&other.kind)).then_with(by_name)
    });
    by_rank
}

/// Hostnames that occur twice (a blocker, but a plan is still shown) would give two steps one id: how many steps about
/// the same come before each, where any do. Such steps follow each other by rank.
fn counted_again(drafts: &[Draft<'_>], by_rank: &[usize]) -> HashMap<usize, usize> {
    let mut again = HashMap::new();
    for pair in by_rank.windows(2) {
        let (one, other) = (&drafts[pair[0]], &drafts[pair[1]]);
        if one.kind == other.kind && one.about == other.about {
            let before = again.get(&pair[0]).copied().unwrap_or(0);
            again.insert(pair[1], before + 1);
        }
    }
    again
}

/// The drafts' places in the list, in the order of the steps.
fn sequence(drafts: &[Draft<'_>], by_rank: Vec<usize>) -> Vec<usize> {
    let followers = Followers::of(drafts);
    let mut number = vec![0; drafts.len()];
    for (place, &index) in by_rank.iter().enumerate() {
        number[index] = place;
    }
    let mut waits_for: Vec<usize> = drafts.iter().map(|draft| draft.after.len()).collect();
    let mut free: BinaryHeap<Reverse<usize>> =
        (0..drafts.len()).filter(|&index| waits_for[index] == 0).map(|index| Reverse(number[index])).collect();
    let mut order = Vec::with_capacity(drafts.len());
    while let Some(Reverse(number_of_next)) = free.pop() {
        let index = by_rank[number_of_next];
        order.push(index);
        for &follower in followers.of_step(index) {
            waits_for[follower] -= 1;
            if waits_for[follower] == 0 {
                free.push(Reverse(number[follower]));
            }
        }
    }
    // Dependencies never go round in a circle (a property test holds it); if they did, no step would be lost.
    order.extend(by_rank.into_iter().filter(|&index| waits_for[index] > 0));
    order
}

/// Who waits for each draft, all in one list.
struct Followers {
    list: Vec<usize>,
    /// By draft: where its part of the list begins; the next one's beginning is its end.
    begins: Vec<usize>,
}

impl Followers {
    fn of(drafts: &[Draft<'_>]) -> Self {
        let mut ends = vec![0; drafts.len() + 1];
        for &before in drafts.iter().flat_map(|draft| &draft.after) {
            ends[before] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum;
        }
        let mut begins = ends;
        let mut list = vec![0; sum];
        for (index, draft) in drafts.iter().enumerate() {
            for &before in &draft.after {
                begins[before] -= 1;
                list[begins[before]] = index;
            }
        }
        Self { list, begins }
    }

    fn of_step(&self, index: usize) -> &[usize] {
        &self.list[self.begins[index]..self.begins[index + 1]]
    }
}
