//! Availability groups that are added, renamed or removed.

use super::Builder;
use crate::plan::order::{About, Draft, Rank};
use crate::plan::{Effect, Impact, StepKind};

impl<'a, 'c> Builder<'a, 'c> {
    /// Groups that are new or have a new name, before anything joins them.
    pub(super) fn groups_made_ready(&mut self) {
        let changes = self.changes;
        for &group in &changes.groups_added {
            let step = self.group_step(group, 0, Effect::GroupAdded { group: group.to_owned() }, Vec::new());
            self.groups.insert(group, step);
        }
        for &(from, to) in &changes.groups_renamed {
            let effect = Effect::GroupRenamed { from: from.to_owned(), to: to.to_owned() };
            let step = self.group_step(to, 0, effect, Vec::new());
            self.groups.insert(to, step);
        }
    }

    /// Groups that go, once nobody is in them.
    pub(super) fn groups_removed(&mut self) {
        let changes = self.changes;
        for &group in &changes.groups_removed {
            let after = self.left_group.remove(group).unwrap_or_default();
            self.group_step(group, 3, Effect::GroupRemoved { group: group.to_owned() }, after);
        }
    }

    fn group_step(&mut self, group: &'a str, stage: u8, effect: Effect, after: Vec<usize>) -> usize {
        let owner = self.catalogue.roles.iter().find(|role| role.group.is_some()).map(|role| &role.id);
        self.add(Draft {
            kind: StepKind::ConfigureRole,
            about: About::Group { group, role: owner },
            impact: Impact::None,
            effect,
            rank: Rank { stage, role: 0, whole: 0, place: group.into() },
            after,
        })
    }
}
