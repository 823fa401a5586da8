//! Who acts when, where replication gets another master.

use super::ReplicationTask;
use super::order::Draft;

/// The turns of masters and slaves when the master changes.
#[derive(Default)]
pub(super) struct HandOver {
    /// The step that makes an instance the master, and its verification.
    master: Option<(usize, usize)>,
    /// The step that configures a master so far as slave.
    demotion: Option<usize>,
    is_promotion: bool,
    /// Manual steps of slaves, which need the master.
    slaves: Vec<usize>,
}

impl HandOver {
    pub fn note(&mut self, task: ReplicationTask, step: usize, manual: usize, verify: usize) {
        match task {
            ReplicationTask::StartMaster | ReplicationTask::TakeOver | ReplicationTask::Promote => {
                if self.master.is_none() {
                    self.master = Some((step, verify));
                    self.is_promotion = task == ReplicationTask::Promote;
                }
            }
            ReplicationTask::JoinAsSlave => self.slaves.push(manual),
            ReplicationTask::Demote => {
                self.slaves.push(manual);
                self.demotion.get_or_insert(step);
            }
        }
    }

    /// The old master stops being one, then the new one starts, then slaves follow it.
    pub fn sequence(self, drafts: &mut [Draft<'_>]) {
        let Some((master, verified)) = self.master else { return };
        if self.is_promotion
            && let Some(demotion) = self.demotion
        {
            drafts[master].after.push(demotion);
        }
        for slave in self.slaves {
            drafts[slave].after.push(verified);
        }
    }
}
