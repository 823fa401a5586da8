//! What taking instances away does to their role: the table of the module, line by line.

use super::Extent;
use super::stock::{Held, PoolKind, Stock};

/// One line of the table that holds for a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    NoneLeft,
    TooFewLeft,
    MasterGone,
    MasterFewer,
    CopyGone,
    FilesGone,
    /// The number of the group's pool.
    GroupGone(usize),
    UngroupedGone,
    FewerThanHalf,
    /// The number of the group's pool, and how many members are left.
    GroupThin(usize, usize),
    LastOnes,
}

impl Cause {
    pub const fn extent(self) -> Extent {
        match self {
            Self::NoneLeft | Self::TooFewLeft | Self::MasterGone => Extent::RoleLost,
            Self::MasterFewer
            | Self::CopyGone
            | Self::FilesGone
            | Self::GroupGone(_)
            | Self::UngroupedGone
            | Self::FewerThanHalf => Extent::Degraded,
            Self::GroupThin(..) | Self::LastOnes => Extent::RedundancyLost,
        }
    }
}

/// Tells every line of the table that holds when a role loses these instances, all of the one role; none where it
/// carries on.
///
/// Groups are judged entry by entry, the rest by sums. It allocates nothing, because it runs for every node.
pub(super) fn each(stock: &Stock<'_>, role: usize, taken: &[Held], mut tell: impl FnMut(Cause)) {
    let counts = &stock.roles[role];
    let (mut all, mut masters) = (0, 0);
    for held in taken {
        match stock.pools[held.pool].kind {
            PoolKind::All => all += held.count,
            PoolKind::Masters => masters += held.count,
            PoolKind::LocalFiles | PoolKind::Group(_) | PoolKind::Ungrouped => {}
        }
    }
    if all == 0 {
        return;
    }
    let left = counts.of - all;
    if left == 0 {
        return tell(Cause::NoneLeft);
    }
    if left < counts.needs {
        tell(Cause::TooFewLeft);
    }
    if counts.role.replication.is_some() {
        match masters {
            0 => {}
            gone if gone == counts.masters => tell(Cause::MasterGone),
            _ => tell(Cause::MasterFewer),
        }
        if all > masters {
            tell(Cause::CopyGone);
        }
    }
    for held in taken {
        let pool = &stock.pools[held.pool];
        let rest = pool.of - held.count;
        match pool.kind {
            PoolKind::All | PoolKind::Masters => {}
            PoolKind::LocalFiles => tell(Cause::FilesGone),
            PoolKind::Ungrouped => tell(Cause::UngroupedGone),
            PoolKind::Group(_) if rest == 0 => tell(Cause::GroupGone(held.pool)),
            PoolKind::Group(_) => {
                if counts.role.group.as_ref().is_some_and(|rule| rest < rule.min) {
                    tell(Cause::GroupThin(held.pool, rest));
                }
            }
        }
    }
    if left < all {
        tell(Cause::FewerThanHalf);
    }
    if left == counts.needs {
        tell(Cause::LastOnes);
    }
}

/// The worst of them.
pub(super) fn worst(stock: &Stock<'_>, role: usize, taken: &[Held]) -> Extent {
    let mut worst = Extent::Nothing;
    each(stock, role, taken, |cause| worst = worst.max(cause.extent()));
    worst
}
