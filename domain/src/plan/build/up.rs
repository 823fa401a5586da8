//! Instances that are installed, configured, set up by hand and verified.

use super::{Builder, Direction};
use crate::catalogue::{ReplicationPart, Role};
use crate::plan::census::group_of;
use crate::plan::changes::InstanceChange;
use crate::plan::hand_over::HandOver;
use crate::plan::impact::{self, Touch};
use crate::plan::order::{About, Draft, Rank};
use crate::plan::{Effect, Impact, ReplicationTask, StepKind};
use crate::topology::Settings;

impl<'a, 'c> Builder<'a, 'c> {
    /// One role's instances that are new, changed, or on a node that is touched.
    pub(super) fn built_up(&mut self, rank: usize, instances: &[&'c InstanceChange<'a>]) {
        if instances.iter().all(|change| change.after.is_none()) {
            return;
        }
        let (_, role) = self.roles.role(rank);
        let below = self.gates_before(Direction::Up, rank);
        let mut hand_over = HandOver::default();
        for change in instances {
            let Some(after) = change.after else { continue };
            let mut wait: Vec<usize> =
                change.site.node_change().and_then(|index| self.node_steps[index]).into_iter().collect();
            let is_same = change.before.as_deref() == Some(after);
            if is_same && !self.is_handled(change) {
                continue;
            }
            if let Some(group) = role.and_then(|role| group_of(role, after)) {
                wait.extend(self.groups.get(group));
            }
            let step = if is_same {
                None
            } else {
                wait.extend_from_slice(&below);
                let step = self.set(rank, role, change, after, std::mem::take(&mut wait));
                let manual = self.by_hand(rank, role, change, step);
                wait.push(manual.map_or(step, |(manual, _)| manual));
                Some((step, manual))
            };
            let effect = Effect::InstanceChecked { address: change.site.address(), settings: after.clone() };
            let verify = self.add(rising(StepKind::VerifyRole, rank, change, Impact::None, effect, wait));
            self.built[rank].ends.push(verify);
            let left = role.zip(change.before.as_deref()).and_then(|(role, before)| group_of(role, before));
            if let Some(left) = left {
                self.left_group.entry(left).or_default().push(verify);
            }
            if let Some((step, Some((manual, task)))) = step {
                hand_over.note(task, step, manual, verify);
            }
        }
        hand_over.sequence(&mut self.drafts);
    }

    /// Whether more than a note changes on the instance's node, so that the instance has to be looked at.
    fn is_handled(&self, change: &InstanceChange<'a>) -> bool {
        let node = change.site.node_change().map(|index| &self.changes.nodes[index]);
        let sides = node.and_then(|node| Some((node.before?, node.after?)));
        sides.is_some_and(|(before, after)| impact::touch(before, after) != Touch::Recorded)
    }

    /// Installs an instance, or gives it other settings.
    fn set(
        &mut self,
        rank: usize,
        role: Option<&Role>,
        change: &'c InstanceChange<'a>,
        after: &Settings,
        wait: Vec<usize>,
    ) -> usize {
        self.built[rank].in_turn = true;
        let (address, settings) = (change.site.address(), after.clone());
        match change.before.as_deref() {
            None => {
                let effect = Effect::InstanceAdded { address, settings };
                self.add(rising(StepKind::InstallRole, rank, change, Impact::None, effect, wait))
            }
            Some(before) => {
                let impact = impact::of_configure(role, before, after, self.counts);
                let effect = Effect::InstanceChanged { address, before: before.clone(), after: settings };
                self.add(rising(StepKind::ConfigureRole, rank, change, impact, effect, wait))
            }
        }
    }

    /// The step in which a person sets replication up, where the instance's part in it is new.
    fn by_hand(
        &mut self,
        rank: usize,
        role: Option<&Role>,
        change: &'c InstanceChange<'a>,
        step: usize,
    ) -> Option<(usize, ReplicationTask)> {
        let replication = role?.replication.as_ref()?;
        let before = change.before.as_deref().and_then(|settings| replication.part(settings));
        let after = change.after.and_then(|settings| replication.part(settings))?;
        let so_far = || self.counts.before.role(change.role).and_then(|count| count.master).map(str::to_owned);
        let from_now_on = || self.counts.after.role(change.role).and_then(|count| count.master).map(str::to_owned);
        let (task, master) = match (before, after) {
            (Some(before), after) if before == after => return None,
            (None, ReplicationPart::Master) => match so_far() {
                Some(so_far) => (ReplicationTask::TakeOver, Some(so_far)),
                None => (ReplicationTask::StartMaster, None),
            },
            (Some(_), ReplicationPart::Master) => (ReplicationTask::Promote, so_far()),
            (None, ReplicationPart::Slave) => (ReplicationTask::JoinAsSlave, from_now_on()),
            (Some(_), ReplicationPart::Slave) => (ReplicationTask::Demote, from_now_on()),
        };
        let effect = Effect::ReplicationSet { address: change.site.address(), task, master };
        let draft = rising(StepKind::Manual, rank, change, Impact::Manual, effect, vec![step]);
        Some((self.add(draft), task))
    }
}

fn rising<'a>(
    kind: StepKind,
    rank: usize,
    change: &InstanceChange<'a>,
    impact: Impact,
    effect: Effect,
    after: Vec<usize>,
) -> Draft<'a> {
    let rank = Rank { stage: 1, role: rank, whole: 0, place: change.site.key() };
    Draft { kind, about: About::instance(change.site, change.role), impact, effect, rank, after }
}
