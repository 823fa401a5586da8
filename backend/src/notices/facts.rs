//! What the domain has to know of what happened, loaded as it is now.

use std::collections::BTreeSet;

use strata_domain::account::Person;
use strata_domain::act::About;
use strata_domain::notice::{ChangeFacts, Happening, Kind, Member, Subject};

use crate::changes::change_load;
use crate::ctx::{self, Actor, Backend};
use crate::error::Error;
use crate::outbox::Row;

/// What the audit row of the act says, where there was an act.
struct Act {
    actor: Person,
    reason: Option<String>,
}

/// What happened.
pub(super) async fn happening(backend: &Backend, row: &Row) -> Result<Happening, Error> {
    let act = act_of(backend, row).await?;
    let mut reason = act.reason.clone();
    let subject = match row.change {
        Some(change) => {
            let (facts, change_reason) = change_facts(backend, change, row).await?;
            if matches!(row.kind, Kind::Lapsed | Kind::RunFailed) {
                // What the change itself says of it; an approval that only expired has no reason.
                reason = row.audit_sequence.and(change_reason);
            }
            Subject::Change(Box::new(facts))
        }
        None if row.kind == Kind::AccountGuessed => {
            Subject::Account { owner: row.account.map(|account| account.to_string()) }
        }
        None => match row.said.about.clone() {
            Some(About::Freeze { name, how }) => Subject::Schedule { name, how },
            Some(About::Proposal { proposer, about }) => Subject::Proposal { proposer, about },
            None => Subject::Nothing,
        },
    };
    Ok(Happening {
        kind: row.kind,
        environment: row.environment.clone(),
        actor: act.actor,
        at: row.at,
        reason,
        unattended: row.said.unattended,
        subject,
    })
}

async fn act_of(backend: &Backend, row: &Row) -> Result<Act, Error> {
    let Some(sequence) = row.audit_sequence else {
        let actor = Person { id: None, name: "Strata".to_owned() };
        return Ok(Act { actor, reason: None });
    };
    let row = sqlx::query!("SELECT actor_id, actor_name, reason FROM audit_log WHERE sequence = $1", sequence,)
        .fetch_one(backend.machinery())
        .await?;
    Ok(Act { actor: ctx::person(row.actor_id, row.actor_name), reason: row.reason })
}

/// The change as it is now, and why it is so.
async fn change_facts(backend: &Backend, id: i64, row: &Row) -> Result<(ChangeFacts, Option<String>), Error> {
    let kind = row.kind;
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
    let facts = ChangeFacts {
        id,
        title: view.change.title,
        risk: view.plan.risk,
        review: view.review,
        now: view.now,
        created_by: view.change.created_by.id,
        applied_by: match row.said.applied_by.clone() {
            Some(account) => Some(account),
            None => view.runs.first().and_then(|run| run.requested_by.id.clone()),
        },
        run: view.runs.first().map(|run| run.id),
        commenters: view.comments.into_iter().filter_map(|comment| comment.author.id).collect(),
        comment: row.said.comment.clone(),
        know_it_moved,
    };
    Ok((facts, view.change.reason))
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
