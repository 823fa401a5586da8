//! From what roles lose to what the whole platform loses.

use std::collections::HashMap;

use super::stock::{Held, Stock};
use super::{Extent, cause};
use crate::catalogue::Layer;

/// What becomes of a role once others are lost, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// Nothing that it depends on is lost.
    Untouched,
    /// A role that it depends on is lost.
    Weakened,
    /// Lost by itself, and what depends on it works on with less.
    Lost,
    /// Lost, and with it all that depend on it: it replicates, or depends on such a role.
    Down,
}

impl Fate {
    /// The least that it means for the role.
    pub const fn extent(self) -> Extent {
        match self {
            Self::Untouched => Extent::Nothing,
            Self::Weakened => Extent::Degraded,
            Self::Lost | Self::Down => Extent::RoleLost,
        }
    }
}

/// Whether a role takes all that depend on it down when it is lost.
pub(super) fn takes_all_down(stock: &Stock<'_>, role: usize) -> bool {
    stock.roles[role].role.replication.is_some()
}

/// What becomes of each role, by its place in the catalogue, once these are lost by themselves.
pub(super) fn fates(stock: &Stock<'_>, dependents: &[Vec<usize>], lost: &[usize]) -> Vec<Fate> {
    let mut fates = vec![Fate::Untouched; dependents.len()];
    let mut next: Vec<usize> = lost.iter().copied().filter(|&role| takes_all_down(stock, role)).collect();
    while let Some(role) = next.pop() {
        if std::mem::replace(&mut fates[role], Fate::Down) != Fate::Down {
            next.extend(&dependents[role]);
        }
    }
    for &role in lost {
        fates[role] = fates[role].max(Fate::Lost);
        // No further: what depends on a role that is only weakened does not notice.
        for &dependent in &dependents[role] {
            fates[dependent] = fates[dependent].max(Fate::Weakened);
        }
    }
    fates
}

/// For each role those that depend on it, by their places in the catalogue.
pub(super) fn dependents(stock: &Stock<'_>) -> Vec<Vec<usize>> {
    let places: HashMap<&str, usize> =
        stock.catalogue.roles.iter().enumerate().map(|(index, role)| (role.id.as_str(), index)).collect();
    let mut dependents = vec![Vec::new(); stock.roles.len()];
    for (index, role) in stock.catalogue.roles.iter().enumerate() {
        for place in role.depends_on.iter().filter_map(|id| places.get(id.as_str())) {
            dependents[*place].push(index);
        }
    }
    dependents
}

/// Whether nothing works for anybody: every functionality role is lost, or every role that there is.
///
/// In a topology that has no functionality role yet, those of the catalogue stand for them.
pub(super) fn is_total(stock: &Stock<'_>, fates: &[Fate]) -> bool {
    let all_lost = |wanted: &dyn Fn(usize) -> bool| {
        let mut wanted = (0..stock.roles.len()).filter(|&role| wanted(role)).peekable();
        wanted.peek().is_some() && wanted.all(|role| fates[role] >= Fate::Lost)
    };
    let serves = |role: usize| stock.roles[role].role.layer == Layer::Functionality;
    let is_there = |role: usize| stock.roles[role].of > 0;
    let serving_now = (0..stock.roles.len()).any(|role| serves(role) && is_there(role));
    all_lost(&|role| serves(role) && (is_there(role) || !serving_now)) || all_lost(&is_there)
}

/// Answers for many sets of nodes: sets that lose the same roles share the walk over the dependencies.
pub(super) struct Judge<'s, 'a> {
    stock: &'s Stock<'a>,
    dependents: Vec<Vec<usize>>,
    known: HashMap<Vec<usize>, Extent>,
    lost: Vec<usize>,
}

impl<'s, 'a> Judge<'s, 'a> {
    pub fn new(stock: &'s Stock<'a>) -> Self {
        Self { stock, dependents: dependents(stock), known: HashMap::new(), lost: Vec::new() }
    }

    /// What the whole loses with these instances, which are in the order of roles.
    pub fn extent(&mut self, taken: &[Held]) -> Extent {
        self.lost.clear();
        let mut worst = Extent::Nothing;
        for (role, of_role) in self.stock.by_role(taken) {
            let extent = cause::worst(self.stock, role, of_role);
            if extent == Extent::RoleLost {
                self.lost.push(role);
            }
            worst = worst.max(extent);
        }
        if self.lost.is_empty() {
            return worst;
        }
        if let Some(&known) = self.known.get(&self.lost) {
            return known;
        }
        // Roles that are only weakened do not show here: a lost role is worse already.
        let is_total = is_total(self.stock, &fates(self.stock, &self.dependents, &self.lost));
        let extent = if is_total { Extent::TotalOutage } else { Extent::RoleLost };
        self.known.insert(self.lost.clone(), extent);
        extent
    }
}
