//! One loss in full, with its reasons.

use super::stock::{Held, PoolKind, Stock};
use super::{Extent, Loss, RoleLoss, cause, text, whole};

/// What is lost without these nodes, which are different ones.
pub(super) fn lose(stock: &Stock<'_>, nodes: &[usize]) -> Loss {
    let held = stock.held_by_all(nodes);
    let mut of_role: Vec<&[Held]> = vec![&[]; stock.roles.len()];
    for (role, held) in stock.by_role(&held) {
        of_role[role] = held;
    }
    let by_itself: Vec<Extent> =
        of_role.iter().enumerate().map(|(role, held)| cause::worst(stock, role, held)).collect();
    let lost: Vec<usize> = (0..by_itself.len()).filter(|&role| by_itself[role] == Extent::RoleLost).collect();
    let fates = whole::fates(stock, &whole::dependents(stock), &lost);

    let is_hit = |role: &usize| {
        stock.roles[*role].of > 0 && (!of_role[*role].is_empty() || fates[*role] > whole::Fate::Untouched)
    };
    let mut hit: Vec<usize> = (0..stock.roles.len()).filter(is_hit).collect();
    let extent_of = |role: usize| by_itself[role].max(fates[role].extent());
    hit.sort_by_key(|&role| {
        let is_cause = by_itself[role] == Extent::RoleLost && whole::takes_all_down(stock, role);
        std::cmp::Reverse((extent_of(role), is_cause, by_itself[role] == extent_of(role)))
    });

    let reasons = text::Reasons { stock, nodes, lost: &lost, fates: &fates };
    let roles: Vec<RoleLoss> = hit
        .into_iter()
        .map(|role| RoleLoss {
            role: stock.roles[role].role.id.clone(),
            extent: extent_of(role),
            left: stock.roles[role].of - stock.count(of_role[role], PoolKind::All),
            of: stock.roles[role].of,
            reasons: reasons.of(role, of_role[role]),
        })
        .collect();
    let worst = roles.first().map_or(Extent::Nothing, |role| role.extent);
    let extent = if !lost.is_empty() && whole::is_total(stock, &fates) { Extent::TotalOutage } else { worst };
    Loss { extent, nodes: nodes.len(), roles }
}
