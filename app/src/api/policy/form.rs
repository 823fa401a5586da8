//! The form of a policy, as typed, and the rules that it says.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use strata_domain::catalogue::Layer;
use strata_domain::plan::{Risk, StepKind};
use strata_domain::policy::{LEADS, Rule, When};
use strata_domain::topology::RoleId;

use crate::api::typed::{chosen, invalid, typed};
use crate::error::AppError;

/// All rules by row; rows in which nothing is said are left out.
pub type RuleForms = BTreeMap<usize, RuleForm>;

/// One rule as the form sends it; what is empty asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleForm {
    /// A line for people.
    pub name: String,
    /// `on` for each risk, by its word.
    pub risks: BTreeMap<String, String>,
    /// `on` for each layer, by its word.
    pub layers: BTreeMap<String, String>,
    /// Ids of roles between commas or spaces.
    pub roles: String,
    /// Kinds of steps between commas or spaces.
    pub actions: String,
    /// Fewest nodes of the environment.
    pub nodes_from: String,
    /// The group; all leads where empty.
    pub group: String,
    /// How many of it.
    pub quorum: String,
}

impl RuleForm {
    /// What a form for this rule shows at first.
    pub fn of(rule: &Rule) -> Self {
        fn on<T>(words: &BTreeSet<T>, word: impl Fn(&T) -> &'static str) -> BTreeMap<String, String> {
            words.iter().map(|one| (word(one).to_owned(), "on".to_owned())).collect()
        }
        let When { risks, layers, roles, actions, nodes_from } = &rule.when;
        Self {
            name: rule.name.clone(),
            risks: on(risks, |risk| risk.as_str()),
            layers: on(layers, |layer| layer.as_str()),
            roles: roles.iter().map(RoleId::as_str).collect::<Vec<_>>().join(", "),
            actions: actions.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", "),
            nodes_from: nodes_from.map(|nodes| nodes.to_string()).unwrap_or_default(),
            group: rule.group.clone(),
            quorum: rule.quorum.to_string(),
        }
    }

    /// The rule that the form says; whether it makes sense, the domain decides.
    ///
    /// # Errors
    /// `Invalid` with the field `rules`.
    pub fn into_rule(self) -> Result<Rule, AppError> {
        let words = |text: &str| -> Vec<String> {
            text.split([',', ' ', '\n']).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let name = self.name.trim().to_owned();
        let fault = |message: String| invalid("rules", format!("{name}: {message}"));
        let mut actions = BTreeSet::new();
        for word in words(&self.actions) {
            let kind = word.parse::<StepKind>().map_err(|error| fault(format!("{error}.")))?;
            actions.insert(kind);
        }
        let nodes_from = typed::<usize>(&self.nodes_from, "rules", "a whole number of nodes")?;
        let quorum = typed::<usize>(&self.quorum, "rules", "a whole number of people")?
            .ok_or_else(|| fault("Say how many have to approve.".to_owned()))?;
        let group = self.group.trim();
        let when = When {
            risks: chosen(&self.risks, Risk::ALL, Risk::as_str, "rules")?,
            layers: chosen(&self.layers, &Layer::ALL, Layer::as_str, "rules")?,
            roles: words(&self.roles).into_iter().map(RoleId).collect(),
            actions,
            nodes_from,
        };
        let group = if group.is_empty() { LEADS.to_owned() } else { group.to_owned() };
        Ok(Rule { name, when, group, quorum })
    }
}

/// The rules that the rows say.
///
/// # Errors
/// `Invalid` with the field `rules`, for a figure that is none or a word that is no kind of step.
pub fn rules_of(forms: RuleForms) -> Result<Vec<Rule>, AppError> {
    forms.into_values().filter(|form| *form != RuleForm::default()).map(RuleForm::into_rule).collect()
}

#[cfg(test)]
mod tests {
    use strata_domain::policy::Policy;

    use super::*;

    #[test]
    fn a_policy_goes_through_its_form_unchanged() {
        let rules = &Policy::built_in().rules;
        let mut forms: RuleForms = rules.iter().map(RuleForm::of).enumerate().collect();
        forms.insert(99, RuleForm::default());
        assert_eq!(rules_of(forms).as_ref(), Ok(rules));
    }

    #[test]
    fn what_is_wrong_says_in_which_rule() {
        let form = RuleForm { name: "Odd".to_owned(), quorum: "1".to_owned(), ..RuleForm::default() };
        let said = |form: RuleForm| {
            let error = rules_of(BTreeMap::from([(0, form)])).expect_err("it is wrong");
            error.for_field("rules").unwrap_or_default().to_owned()
        };
        let on = BTreeMap::from([("critcal".to_owned(), "on".to_owned())]);
        assert!(said(RuleForm { risks: on.clone(), ..form.clone() }).contains("\"critcal\""));
        assert!(said(RuleForm { layers: on, ..form.clone() }).contains("storage"));
        assert!(said(RuleForm { actions: "explode".to_owned(), ..form.clone() }).starts_with("Odd: "));
        assert!(said(RuleForm { quorum: String::new(), ..form.clone() }).contains("how many"));
        assert!(said(RuleForm { nodes_from: "many".to_owned(), ..form }).contains("many"));
    }
}
