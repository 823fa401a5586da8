//! What the domain has to know of what happened, loaded as it is now.

use std::collections::BTreeSet;

use strata_domain::account::Person;
use strata_domain::notice::{ChangeFacts, Happening, Kind, Member, Sooner, Subject};

use super::outbox::Row;
use crate::changes::change_load;
use crate::ctx::{self, Actor, Backend};
use crate::error::Error;

/// What the audit row of the act says, where there was an act.
struct Act {
    actor: Person,
    reason: Option<String>,
    subject: String,
    after: serde_json::Value,
}

/// What happened.
pub(super) async fn happening(backend: &Backend, row: &Row) -> Result<Happening, Error> {
    let act = act_of(backend, row).await?;
    let mut reason = act.reason.clone();
    let subject = match row.change {
        Some(change) => {
            let (facts, change_reason) = change_facts(backend, change, row.kind, &act).await?;
            if matches!(row.kind, Kind::Lapsed | Kind::RunFailed) {
                // What the change itself says of it; an approval that only expired has no reason.
                reason = row.audit_sequence.and(change_reason);
            }
            Subject::Change(Box::new(facts))
        }
        None if row.kind == Kind::AccountGuessed => {
            Subject::Account { owner: row.account.map(|account| account.to_string()) }
        }
        None if row.kind == Kind::FreezeEnded => {
            let name = act.after.get("name").and_then(|name| name.as_str()).unwrap_or(&act.subject);
            let how = act.after.get("how").and_then(|how| how.as_str()?.parse().ok()).unwrap_or(Sooner::Ended);
            Subject::Schedule { name: name.to_owned(), how }
        }
        None => {
            let about = act.after.get("about").and_then(|about| about.as_str()).unwrap_or_default();
            Subject::Proposal { proposer: proposer_of(backend, &act).await?, about: about.to_owned() }
        }
    };
    Ok(Happening {
        kind: row.kind,
        environment: row.environment.clone(),
        actor: act.actor,
        at: row.at,
        reason,
        unattended: act.after.get("unattended").and_then(serde_json::Value::as_bool).unwrap_or_default(),
        subject,
    })
}

async fn act_of(backend: &Backend, row: &Row) -> Result<Act, Error> {
    let Some(sequence) = row.audit_sequence else {
        let actor = Person { id: None, name: "Strata".to_owned() };
        return Ok(Act { actor, reason: None, subject: String::new(), after: serde_json::Value::Null });
    };
    let row = sqlx::query!(
        "SELECT actor_id, actor_name, reason, subject, after FROM audit_log WHERE sequence = $1",
        sequence,
    )
    .fetch_one(backend.machinery())
    .await?;
    Ok(Act {
        actor: ctx::person(row.actor_id, row.actor_name),
        reason: row.reason,
        subject: row.subject,
        after: row.after.unwrap_or_default(),
    })
}

/// The change as it is now, and why it is so.
async fn change_facts(
    backend: &Backend,
    id: i64,
    kind: Kind,
    act: &Act,
) -> Result<(ChangeFacts, Option<String>), Error> {
    let view = change_load(backend, &Actor::Operator, id).await?;
    let know_it_moved = match kind {
        Kind::Moved => sqlx::query_scalar!(
            "SELECT n.account_id FROM notices n
             WHERE n.change_id = $1 AND n.kind = $2
               AND NOT EXISTS (SELECT FROM votes v
                               WHERE v.change_id = n.change_id AND v.voter_id = n.account_id AND v.at > n.at)",
            id,
            kind.as_str(),
        )
        .fetch_all(backend.machinery())
        .await?
        .into_iter()
        .map(|account| account.to_string())
        .collect(),
        _ => BTreeSet::new(),
    };
    let said = act.after.get("text").and_then(|text| text.as_str());
    let facts = ChangeFacts {
        id,
        title: view.change.title,
        risk: view.plan.risk,
        review: view.review,
        now: view.now,
        created_by: view.change.created_by.id,
        applied_by: match act.after.get("applied_by").and_then(|account| account.as_str()) {
            Some(account) => Some(account.to_owned()),
            None => view.runs.first().and_then(|run| run.requested_by.id.clone()),
        },
        run: view.runs.first().map(|run| run.id),
        commenters: view.comments.into_iter().filter_map(|comment| comment.author.id).collect(),
        comment: said.filter(|_| kind == Kind::Commented).map(str::to_owned),
        know_it_moved,
    };
    Ok((facts, view.change.reason))
}

/// Who proposed what was decided about.
async fn proposer_of(backend: &Backend, act: &Act) -> Result<Option<String>, Error> {
    let known = act.after.get("proposal").and_then(serde_json::Value::as_i64);
    let Some(proposal) = known.or_else(|| act.subject.parse().ok()) else { return Ok(None) };
    let proposer = sqlx::query_scalar!("SELECT proposer_id FROM policy_proposals WHERE id = $1", proposal)
        .fetch_optional(backend.machinery())
        .await?;
    Ok(proposer.map(|id| id.to_string()))
}

/// Everybody who has access to the environment and can sign in.
pub(super) async fn members(backend: &Backend, environment_id: i64) -> Result<Vec<Member>, Error> {
    let rows = sqlx::query!(
        r#"SELECT a.id, array_agg(g.capability) AS "capabilities!",
                  ARRAY(SELECT m.group_name FROM group_members m
                        WHERE m.environment_id = $1 AND m.account_id = a.id) AS "groups!"
           FROM accounts a JOIN grants g ON g.account_id = a.id
           WHERE g.environment_id = $1 AND a.disabled_at IS NULL
           GROUP BY a.id ORDER BY a.id"#,
        environment_id,
    )
    .fetch_all(backend.machinery())
    .await?;
    let members = rows.into_iter().map(|row| Member {
        id: row.id.to_string(),
        standing: strata_domain::account::Standing {
            capabilities: row.capabilities.iter().filter_map(|word| word.parse().ok()).collect(),
            groups: row.groups.into_iter().collect(),
        },
    });
    Ok(members.collect())
}
