//! Every text of what-if.

use super::cause::{self, Cause};
use super::stock::{Held, PoolKind, Stock};
use super::whole::Fate;
use super::{Extent, Loss};
use crate::catalogue::Catalogue;
use crate::findings::text::{counted, some_of};

impl Extent {
    /// A few words for headings and labels.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Nothing => "Nothing lost",
            Self::RedundancyLost => "Redundancy lost",
            Self::Degraded => "Degraded",
            Self::RoleLost => "Role lost",
            Self::TotalOutage => "Total outage",
        }
    }

    /// What it means for the platform, in a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Nothing => "Everything works on, and nobody notices.",
            Self::RedundancyLost => "Everything works on, but the next loss will be felt.",
            Self::Degraded => "Everything works on, but slower, or a part of the data is out of reach.",
            Self::RoleLost => "At least one role no longer works, and what it does is missing.",
            Self::TotalOutage => "Nothing works any more for anybody.",
        }
    }
}

impl Loss {
    /// What is lost and why, in a few sentences for people: each role by its name under the worst that happens to it,
    /// then the reason for the worst of them.
    pub fn describe(&self, catalogue: &Catalogue) -> String {
        let without = counted(self.nodes, "node");
        let mut text = format!("{} without {without}.", self.extent.title());
        for (extent, one, many) in [
            (Extent::RoleLost, "is lost", "are lost"),
            (Extent::Degraded, "is degraded", "are degraded"),
            (Extent::RedundancyLost, "loses its redundancy", "lose their redundancy"),
        ] {
            let names: Vec<&str> = self
                .roles
                .iter()
                .filter(|loss| loss.extent == extent)
                .map(|loss| catalogue.role_name(&loss.role))
                .collect();
            if !names.is_empty() {
                let verb = if names.len() == 1 { one } else { many };
                text.push_str(&format!(" {} {verb}.", listed(&names)));
            }
        }
        let worst = self.roles.first().filter(|loss| loss.extent > Extent::Nothing);
        if let Some((loss, reason)) = worst.and_then(|loss| Some((loss, loss.reasons.first()?))) {
            text.push_str(&format!(" {}: {reason}", catalogue.role_name(&loss.role)));
        }
        text
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// What the reasons of one loss are made from.
pub(super) struct Reasons<'s, 'a> {
    pub stock: &'s Stock<'a>,
    /// The nodes that are taken.
    pub nodes: &'s [usize],
    /// Roles that are lost by themselves.
    pub lost: &'s [usize],
    /// What becomes of every role then.
    pub fates: &'s [Fate],
}

impl Reasons<'_, '_> {
    /// Why a role loses what it loses, the worst first.
    pub fn of(&self, role: usize, taken: &[Held]) -> Vec<String> {
        let mut causes: Vec<Cause> = Vec::new();
        cause::each(self.stock, role, taken, |cause| causes.push(cause));
        causes.sort_by_key(|cause| std::cmp::Reverse(cause.extent()));
        let mut reasons = Vec::new();
        if self.fates[role] > Fate::Untouched && !self.lost.contains(&role) {
            reasons.push(self.dependency(role));
        }
        if reasons.is_empty() && causes.is_empty() {
            reasons.push(self.carried_on(role, taken));
        }
        let mut told_groups = [false; 2];
        for cause in &causes {
            let group = match cause {
                Cause::GroupGone(_) => Some(0),
                Cause::GroupThin(..) => Some(1),
                _ => None,
            };
            // All groups of one fate are told in one sentence.
            if group.is_none_or(|group| !std::mem::replace(&mut told_groups[group], true)) {
                reasons.push(self.reason(role, *cause, &causes, taken));
            }
        }
        reasons
    }

    fn reason(&self, role: usize, cause: Cause, causes: &[Cause], taken: &[Held]) -> String {
        let counts = &self.stock.roles[role];
        let (all, masters) = (self.stock.count(taken, PoolKind::All), self.stock.count(taken, PoolKind::Masters));
        let (of, left) = (counts.of, counts.of - all);
        match cause {
            Cause::NoneLeft if of == 1 => format!("{}, its only instance, is gone.", self.names(role, PoolKind::All)),
            Cause::NoneLeft => format!("None of its {of} instances is left."),
            Cause::TooFewLeft => {
                format!("{left} of {} {} left; it needs {}.", counted(of, "instance"), are(left), counts.needs)
            }
            Cause::MasterGone => {
                let names = self.names(role, PoolKind::Masters);
                let is_ha = self.nodes.iter().any(|&node| {
                    self.holds(node, role, PoolKind::Masters)
                        && self.stock.topology.nodes[node].container.is_some_and(|container| container.ha)
                });
                let ha = if is_ha {
                    " High availability restarts it when its host fails, but not when the node itself is gone."
                } else {
                    ""
                };
                format!("The master {names} is gone, and every write needs it.{ha}")
            }
            Cause::MasterFewer => {
                format!("{masters} of {} masters {} gone.", counts.masters, are(masters))
            }
            Cause::CopyGone => {
                let (gone, copies) = (all - masters, of - counts.masters);
                if gone == copies {
                    let what =
                        if copies == 1 { "Its only slave is".to_owned() } else { format!("All {copies} slaves are") };
                    format!("{what} gone; it may be slower, and nothing is left that could become the master.")
                } else {
                    format!("{gone} of {copies} slaves {} gone; it may be slower.", are(gone))
                }
            }
            Cause::FilesGone => {
                format!(
                    "Files on {} are out of reach: no other machine has them.",
                    self.names(role, PoolKind::LocalFiles)
                )
            }
            Cause::UngroupedGone => format!(
                "{} in no availability group, so no other node takes over.",
                self.were(role, PoolKind::Ungrouped)
            ),
            Cause::GroupGone(_) => {
                let groups = self.groups(causes, |cause| matches!(cause, Cause::GroupGone(_)));
                let rest = counts.groups - groups.len();
                let what = match &groups[..] {
                    [only] => format!("The availability group {only} is gone with all of its nodes"),
                    many => format!("The availability groups {} are gone with all of their nodes", some_of(many)),
                };
                format!("{what}; {rest} of {} {} left.", counted(counts.groups, "group"), are(rest))
            }
            Cause::GroupThin(_, rest) => {
                let groups = self.groups(causes, |cause| matches!(cause, Cause::GroupThin(..)));
                let min = counts.role.group.as_ref().map_or(0, |rule| rule.min);
                match &groups[..] {
                    [only] => format!(
                        "The availability group {only} has {} left; it needs {min} to fail over.",
                        counted(rest, "instance")
                    ),
                    many => format!(
                        "The availability groups {} have fewer than {min} instances left each; they need {min} to fail over.",
                        some_of(many)
                    ),
                }
            }
            Cause::FewerThanHalf => {
                format!(
                    "{left} of {} {} left, fewer than half; they carry the whole load.",
                    counted(of, "instance"),
                    are(left)
                )
            }
            Cause::LastOnes => {
                format!("{left} of {} {} left; the role is lost with the next.", counted(of, "instance"), are(left))
            }
        }
    }

    fn carried_on(&self, role: usize, taken: &[Held]) -> String {
        let of = self.stock.roles[role].of;
        let left = of - self.stock.count(taken, PoolKind::All);
        format!("{left} of {} {} left; nothing is missing.", counted(of, "instance"), are(left))
    }

    /// Names what the role depends on that is lost by itself; and what is lost with others, if that alone takes the
    /// role down.
    fn dependency(&self, role: usize) -> String {
        let roles = &self.stock.catalogue.roles;
        let direct: Vec<usize> = (0..roles.len())
            .filter(|&other| other != role && self.fates[other] >= Fate::Lost)
            .filter(|&other| roles[role].depends_on.contains(&roles[other].id))
            .collect();
        let is_root = |other: &usize| self.lost.contains(other);
        let root_is_down = direct.iter().any(|other| is_root(other) && self.fates[*other] == Fate::Down);
        let told = direct.into_iter().filter(|other| !root_is_down || is_root(other));
        let names: Vec<&str> = told.map(|other| roles[other].name.as_str()).collect();
        format!("It depends on {}, which {} lost.", listed(&names), are(names.len()))
    }

    fn groups<'n>(&'n self, causes: &[Cause], is_wanted: impl Fn(&Cause) -> bool) -> Vec<&'n str> {
        let pools = causes.iter().filter(|cause| is_wanted(cause)).filter_map(|cause| match cause {
            Cause::GroupGone(pool) | Cause::GroupThin(pool, _) => Some(self.stock.pools[*pool].kind),
            _ => None,
        });
        let names = pools.filter_map(|kind| match kind {
            PoolKind::Group(name) => Some(name),
            _ => None,
        });
        names.collect()
    }

    fn holds(&self, node: usize, role: usize, kind: PoolKind<'_>) -> bool {
        self.stock.held_by(node).iter().any(|held| {
            let pool = &self.stock.pools[held.pool];
            pool.role == role && pool.kind == kind
        })
    }

    /// Hostnames of the taken nodes that hold such an instance, in their order.
    fn hostnames(&self, role: usize, kind: PoolKind<'_>) -> Vec<&str> {
        let holders = self.nodes.iter().filter(|&&node| self.holds(node, role, kind));
        let mut names: Vec<&str> = holders.map(|&node| self.stock.topology.nodes[node].hostname.as_str()).collect();
        names.sort_unstable();
        names
    }

    fn names(&self, role: usize, kind: PoolKind<'_>) -> String {
        some_of(&self.hostnames(role, kind))
    }

    fn were(&self, role: usize, kind: PoolKind<'_>) -> String {
        let names = self.hostnames(role, kind);
        format!("{} {}", some_of(&names), if names.len() == 1 { "was" } else { "were" })
    }
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
