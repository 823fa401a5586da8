//! The whole permission policy: one match over what a person holds and what they want to do.

use serde::{Deserialize, Serialize};

use crate::Refused;
use crate::account::{Capability, Standing};

/// Something that a person can do in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Read its topology, changes, runs and history.
    ViewEnvironment,
    /// Import a topology file.
    ImportTopology,
    /// Start a change.
    StartChange,
    /// Append edits to a draft.
    EditChange,
    /// Send a draft to review.
    SubmitChange,
    /// Give a change up.
    WithdrawChange,
    /// Approve, send back or reject.
    Vote,
    /// Start the run of an approved change.
    ApplyChange,
    /// Confirm the checklist of a manual step.
    ConfirmStep,
    /// Read the audit log.
    ViewAudit,
    /// Add, change or remove a role of the catalogue, or have a rule matter more.
    EditCatalogue,
    /// Say something about a change, or about a step of its plan.
    Comment,
    /// Propose another approval policy, or something else that is put in force like one.
    ProposePolicy,
    /// Approve or turn down what was proposed; never one's own.
    ApprovePolicy,
    /// Add, change or remove freezes, add or narrow maintenance windows, and say how long approvals hold. What opens more
    /// is proposed.
    EditSchedule,
    /// End a freeze before its time.
    EndFreeze,
    /// Apply a change without the votes it needs.
    BreakGlass,
    /// Look at what was applied in that way, so that it can be done again.
    ReviewBreakGlass,
    /// Add and remove webhooks, see what was sent by mail and to webhooks, and say when people are reminded.
    EditNotifications,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::ViewEnvironment,
        Self::ImportTopology,
        Self::StartChange,
        Self::EditChange,
        Self::SubmitChange,
        Self::WithdrawChange,
        Self::Vote,
        Self::ApplyChange,
        Self::ConfirmStep,
        Self::ViewAudit,
        Self::EditCatalogue,
        Self::Comment,
        Self::ProposePolicy,
        Self::ApprovePolicy,
        Self::EditSchedule,
        Self::EndFreeze,
        Self::BreakGlass,
        Self::ReviewBreakGlass,
        Self::EditNotifications,
    ];

    /// The word in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ViewEnvironment => "view-environment",
            Self::ImportTopology => "import-topology",
            Self::StartChange => "start-change",
            Self::EditChange => "edit-change",
            Self::SubmitChange => "submit-change",
            Self::WithdrawChange => "withdraw-change",
            Self::Vote => "vote",
            Self::ApplyChange => "apply-change",
            Self::ConfirmStep => "confirm-step",
            Self::ViewAudit => "view-audit",
            Self::EditCatalogue => "edit-catalogue",
            Self::Comment => "comment",
            Self::ProposePolicy => "propose-policy",
            Self::ApprovePolicy => "approve-policy",
            Self::EditSchedule => "edit-schedule",
            Self::EndFreeze => "end-freeze",
            Self::BreakGlass => "break-glass",
            Self::ReviewBreakGlass => "review-break-glass",
            Self::EditNotifications => "edit-notifications",
        }
    }
}

/// Whether somebody of that standing may; the page asks to disable, the backend to refuse.
pub fn allow(standing: &Standing, permission: Permission) -> Result<(), Refused> {
    use Capability::{Admin, Lead, Viewer};
    let (enough, refusal): (&[Capability], &str) = match permission {
        Permission::ViewEnvironment => (&[Viewer, Admin, Lead], "You have no access to this environment."),
        Permission::ViewAudit => (&[Viewer, Admin, Lead], "You have no access to this environment's audit log."),
        Permission::ImportTopology => (&[Admin], "Only admins of this environment import a topology."),
        Permission::StartChange => (&[Admin], "Only admins of this environment start changes."),
        Permission::EditChange => (&[Admin], "Only admins of this environment edit changes."),
        Permission::SubmitChange => (&[Admin], "Only admins of this environment submit changes."),
        Permission::WithdrawChange => (&[Admin], "Only admins of this environment withdraw changes."),
        Permission::Vote => (&[Lead], "Only leads of this environment vote on changes."),
        Permission::ApplyChange => (&[Admin, Lead], "Only admins and leads of this environment apply changes."),
        Permission::ConfirmStep => (&[Admin], "Only admins of this environment confirm manual steps."),
        Permission::EditCatalogue => (&[Admin], "Only admins of this environment change its catalogue."),
        Permission::Comment => (&[Viewer, Admin, Lead], "You have no access to this environment."),
        Permission::ProposePolicy => {
            (&[Admin, Lead], "Only admins and leads of this environment propose what leads have to approve.")
        }
        Permission::ApprovePolicy => (&[Lead], "Only leads of this environment approve what is proposed."),
        Permission::EditSchedule => (&[Lead], "Only leads of this environment change its windows and freezes."),
        Permission::EndFreeze => (&[Lead], "Only leads of this environment end a freeze early."),
        Permission::BreakGlass => (&[Admin], "Only admins of this environment apply without approval."),
        Permission::ReviewBreakGlass => {
            (&[Lead], "Only leads of this environment review what was applied without approval.")
        }
        Permission::EditNotifications => {
            (&[Admin], "Only admins of this environment see and change its webhooks and reminders.")
        }
    };
    if enough.iter().any(|&capability| standing.has(capability)) { Ok(()) } else { Err(Refused::not_you(refusal)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrix() {
        let mut matrix = format!("{:18}", "");
        let standings: Vec<(&str, Standing)> = std::iter::once(("nobody", Standing::default()))
            .chain(Capability::ALL.into_iter().map(|capability| {
                (capability.as_str(), Standing { capabilities: [capability].into(), ..Standing::default() })
            }))
            .collect();
        for (name, _) in &standings {
            matrix.push_str(&format!(" {name:6}"));
        }
        for permission in Permission::ALL {
            matrix.push_str(&format!("\n{:18}", permission.as_str()));
            for (_, standing) in &standings {
                let word = if allow(standing, permission).is_ok() { "yes" } else { "-" };
                matrix.push_str(&format!(" {word:6}"));
            }
        }
        let matrix: Vec<&str> = matrix.lines().map(str::trim_end).collect();
        insta::assert_snapshot!(matrix.join("\n"), @r"
                           nobody viewer admin  lead
        view-environment   -      yes    yes    yes
        import-topology    -      -      yes    -
        start-change       -      -      yes    -
        edit-change        -      -      yes    -
        submit-change      -      -      yes    -
        withdraw-change    -      -      yes    -
        vote               -      -      -      yes
        apply-change       -      -      yes    yes
        confirm-step       -      -      yes    -
        view-audit         -      yes    yes    yes
        edit-catalogue     -      -      yes    -
        comment            -      yes    yes    yes
        propose-policy     -      -      yes    yes
        approve-policy     -      -      -      yes
        edit-schedule      -      -      -      yes
        end-freeze         -      -      -      yes
        break-glass        -      -      yes    -
        review-break-glass -      -      -      yes
        edit-notifications -      -      yes    -
        ");
    }
}
