//! People who act at the same moment: whatever the order, nothing runs that was not approved as it is.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use strata_backend::approvals::{change_vote, vote_take_back};
use strata_backend::changes::{change_start, change_submit, change_withdraw};
use strata_backend::policies::policy_propose;
use strata_backend::{Actor, Error};
use strata_domain::account::Capability;
use strata_domain::change::ChangeState;
use strata_domain::edit::Edit;
use strata_domain::policy::{LEADS, Rule, When};
use strata_domain::review::Verdict;
use strata_domain::topology::SettingValue;

use crate::support::{ENVIRONMENT, Working, World, add_node, change_apply, digest_of, person};

/// How often each pair of acts meets, where `STRATA_RACES` does not say another number.
const TIMES: u64 = 200;
/// Two hosts of the role whose setting the changes move.
const HOSTS: [&str; 2] = ["mgmt-1.example.net", "worker-2.example.net"];

/// Random numbers by a seed: splitmix64.
struct Random(u64);

impl Random {
    /// Another seed each time, or that of `STRATA_SEED`.
    fn new() -> Self {
        let given = std::env::var("STRATA_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one("races"));
        println!("STRATA_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn chance(&mut self) -> bool {
        self.below(2) == 0
    }

    /// A pause of the size that an act takes.
    fn pause(&mut self) -> Duration {
        Duration::from_millis(self.below(16))
    }
}

/// An environment in which two leads have to approve, a worker at work, and what came of the acts.
struct Race {
    world: World,
    lara: Actor,
    random: Random,
    /// Counts up, so that each change sets another value and each plan is another one.
    value: i64,
}

impl Race {
    async fn new(pool: sqlx::PgPool) -> Self {
        let world = World::new(pool).await;
        let lara = person(&world.pool, &world.backend, "Lara Lead", &[Capability::Lead]).await;
        world.meanwhile(&[add_node(HOSTS[1], "worker")]).await;
        let two = Rule { name: "Two".to_owned(), when: When::default(), group: LEADS.to_owned(), quorum: 2 };
        let backend = &world.backend;
        let id = policy_propose(backend, &world.ada, ENVIRONMENT, 1, vec![two], "Two see more").await.unwrap();
        world.put_in_force(id).await;
        Self { world, lara, random: Random::new(), value: 100 }
    }

    fn setting(&mut self, host: usize) -> Edit {
        self.value += 1;
        // A worker has at most 1024 tasks at once; by the time a figure comes again, others were live between.
        let settings = [("concurrency".to_owned(), SettingValue::Integer(self.value % 1_000 + 1))].into();
        Edit::UpdateSettings { hostname: HOSTS[host].to_owned(), role: "worker".into(), settings }
    }

    /// A change by Ada in review, with Lara's approval: one more is needed.
    async fn one_vote_short(&mut self, edits: Vec<Edit>) -> i64 {
        self.value += 1;
        let World { backend, pool, ada, .. } = &self.world;
        // Nobody does this hundreds of times in a row.
        sqlx::query("DELETE FROM paces").execute(pool).await.unwrap();
        let id = change_start(backend, ada, ENVIRONMENT, &format!("To {}", self.value)).await.unwrap();
        self.world.append(ada, id, 0, "first", edits).await.unwrap();
        change_submit(backend, ada, id, 2).await.unwrap();
        vote(&self.world, &self.lara, id, Duration::ZERO).await.unwrap();
        id
    }

    async fn approved(&mut self, edits: Vec<Edit>) -> i64 {
        let id = self.one_vote_short(edits).await;
        vote(&self.world, &self.world.luis, id, Duration::ZERO).await.unwrap();
        assert_eq!(self.world.view(id).await.change.state, ChangeState::Approved);
        id
    }

    /// Waits until nothing runs, gives up what is still open, and looks at every run there ever was.
    async fn settle(&self, changes: &[i64]) {
        let World { pool, backend, ada, .. } = &self.world;
        let quiet = async {
            while active(pool).await > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), quiet).await.expect("the run ends");
        for &id in changes {
            let change = self.world.view(id).await.change;
            if !change.state.is_final() {
                change_withdraw(backend, ada, id, change.version, None).await.unwrap();
            }
        }
        assert_eq!(unapproved(pool).await, [] as [i64; 0], "runs whose plan two others had not approved");
        let (runs, changes, bases): (i64, i64, i64) =
            sqlx::query_as("SELECT count(*), count(DISTINCT change_id), count(DISTINCT base_revision) FROM runs")
                .fetch_one(pool)
                .await
                .unwrap();
        assert_eq!((runs, runs), (changes, bases), "each change runs once, and each run on the outcome of the last");
    }
}

/// What may come of an act that somebody else came in the way of.
fn fair<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        Err(Error::Refused(_) | Error::Conflict { .. }) => None,
        Err(other) => panic!("neither done nor refused: {other:?}"),
    }
}

/// Opens the change, thinks for a while, approves.
async fn vote(world: &World, lead: &Actor, id: i64, pause: Duration) -> Result<(), Error> {
    let view = world.view(id).await;
    tokio::time::sleep(pause).await;
    let (version, digest) = (view.change.version, digest_of(&view));
    change_vote(&world.backend, lead, id, version, Verdict::Approve, None, digest).await
}

/// Votes again where somebody else came first, until the vote is given or votes are closed.
async fn vote_in_the_end(world: &World, lead: &Actor, id: i64, pause: Duration) {
    for _ in 0..10 {
        match vote(world, lead, id, pause).await {
            Err(Error::Conflict { .. }) => {}
            outcome => {
                fair(outcome);
                return;
            }
        }
    }
    panic!("always a conflict");
}

/// Opens the change after a while, thinks for a moment, applies.
async fn apply(world: &World, actor: &Actor, id: i64, pause: Duration) -> Result<i64, Error> {
    tokio::time::sleep(pause / 2).await;
    let version = world.version(id).await;
    tokio::time::sleep(pause / 2).await;
    change_apply(&world.backend, actor, id, version).await
}

/// Looks every now and then, and applies at the first sight of an approval; without one, all the same in the end.
async fn apply_once_approved(world: &World, actor: &Actor, id: i64, pause: Duration) -> Result<i64, Error> {
    for _ in 0..20 {
        tokio::time::sleep(pause / 4).await;
        if world.view(id).await.change.state == ChangeState::Approved {
            break;
        }
    }
    apply(world, actor, id, Duration::ZERO).await
}

async fn active(pool: &sqlx::PgPool) -> i64 {
    let active = sqlx::query_scalar("SELECT count(*) FROM runs WHERE state IN ('queued', 'running')");
    let active = active.fetch_one(pool).await.unwrap();
    assert!(active <= 1, "{active} runs at once");
    active
}

/// Runs whose very digest fewer than two people had approved who are no authors of the change; counted from the rows, past
/// everything that decides about it. The first run was of before the policy that asks for two.
async fn unapproved(pool: &sqlx::PgPool) -> Vec<i64> {
    sqlx::query_scalar(
        "SELECT r.id FROM runs r
         WHERE r.policy_version > 1 AND 2 > (
             SELECT count(DISTINCT v.voter_id) FROM votes v
             WHERE v.change_id = r.change_id AND v.verdict = 'approve' AND v.digest = r.digest AND v.at <= r.requested_at
               AND NOT EXISTS (SELECT FROM vote_take_backs t WHERE t.vote_id = v.id)
               AND NOT EXISTS (SELECT FROM change_edits e WHERE e.change_id = r.change_id AND e.author_id = v.voter_id)
               AND NOT EXISTS (SELECT FROM change_submissions s
                               WHERE s.change_id = r.change_id AND s.submitter_id = v.voter_id))",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

#[sqlx::test(migrator = "strata_backend::MIGRATOR")]
async fn whoever_comes_first_nothing_runs_that_was_not_approved(pool: sqlx::PgPool) {
    let mut race = Race::new(pool).await;
    let working = Working::quick(&race.world);
    let mut ran = [0_u64; 4];
    let times = std::env::var("STRATA_RACES").map_or(TIMES, |times| times.parse().expect("a number of races"));
    for _ in 0..times {
        ran[0] += approval_and_edit(&mut race).await;
        ran[1] += apply_and_another(&mut race).await;
        ran[2] += apply_and_a_new_revision(&mut race).await;
        ran[3] += two_last_votes(&mut race).await;
    }
    working.stop().await;
    println!("runs: {ran:?}");
    // Both orders have to come up, or nothing was raced. Only how often an apply comes between the approval and the edit
    // is left to the machine.
    assert!(ran[1..].iter().all(|&runs| runs > 0), "{ran:?}");
    assert!(ran[0] < times && ran[2] < times, "{ran:?}");
}

/// Luis approves what he sees, while Ada edits it and Adam applies; gives how many runs there were.
async fn approval_and_edit(race: &mut Race) -> u64 {
    let host = usize::from(race.random.chance());
    let (first, edit) = (race.setting(host), race.setting(host));
    let id = race.one_vote_short(vec![first]).await;
    let [first, second, third] = [(); 3].map(|()| race.random.pause());
    let world = &race.world;
    let (voted, _, applied) = tokio::join!(
        vote(world, &world.luis, id, first),
        async {
            // The two others take longer than this one act.
            tokio::time::sleep(second * 4).await;
            fair(world.append(&world.ada, id, 1, "second", vec![edit]).await);
        },
        apply_once_approved(world, &world.adam, id, third),
    );
    fair(voted);
    let runs = [fair(applied), fair(apply(world, &world.ada, id, Duration::ZERO).await)];
    race.settle(&[id]).await;
    u64::from(runs.iter().any(Option::is_some))
}

/// Two people apply at once: the same change, or two changes.
async fn apply_and_another(race: &mut Race) -> u64 {
    let [first, second] = [0, 1].map(|host| race.setting(host));
    let one = race.approved(vec![first]).await;
    let other = if race.random.chance() { race.approved(vec![second]).await } else { one };
    let [first, second] = [(); 2].map(|()| race.random.pause());
    let world = &race.world;
    let (ada, adam) = tokio::join!(apply(world, &world.ada, one, first), apply(world, &world.adam, other, second));
    let runs = [fair(ada), fair(adam)];
    assert!(runs.iter().any(Option::is_some), "one of them is first");
    race.settle(&[one, other]).await;
    u64::from(runs.iter().any(Option::is_some))
}

/// A run ends and makes a revision, while somebody applies a change of before. One in three times that is of another
/// setting, and its plan stays; of the same, and conflicts; or does a part of the same, so that less is left than was
/// approved.
async fn apply_and_a_new_revision(race: &mut Race) -> u64 {
    let [first, same, other] = [0, 0, 1].map(|host| race.setting(host));
    let edits = match race.random.below(3) {
        0 => vec![other],
        1 => vec![same],
        _ => vec![first.clone(), other],
    };
    let (before, late) = (race.approved(vec![first]).await, race.approved(edits).await);
    let pauses = [(); 40].map(|()| race.random.pause());
    let world = &race.world;
    let run = apply(world, &world.ada, before, Duration::ZERO).await.unwrap();
    let mut runs = 1;
    for pause in pauses {
        match apply(world, &world.adam, late, pause).await {
            Err(Error::Refused(refused)) if refused.reason.starts_with(&format!("Run {run} ")) => {}
            outcome => {
                runs += u64::from(fair(outcome).is_some());
                break;
            }
        }
    }
    race.settle(&[before, late]).await;
    runs - 1
}

/// Lena and Luis give the last vote at once; sometimes Lara takes hers back then. Ada applies.
async fn two_last_votes(race: &mut Race) -> u64 {
    let edit = race.setting(0);
    let id = race.one_vote_short(vec![edit]).await;
    let first_vote = race.world.view(id).await.review.votes[0].id;
    let is_taken_back = race.random.chance();
    let [first, second, third, fourth] = [(); 4].map(|()| race.random.pause());
    let world = &race.world;
    let lara = &race.lara;
    let (_, _, _, applied) = tokio::join!(
        vote_in_the_end(world, &world.lena, id, first),
        vote_in_the_end(world, &world.luis, id, second),
        async {
            if is_taken_back {
                tokio::time::sleep(third).await;
                fair(vote_take_back(&world.backend, lara, id, first_vote).await);
            }
        },
        apply(world, &world.ada, id, fourth),
    );
    let is_running = fair(applied).is_some();
    let state = world.view(id).await.change.state;
    assert!(is_running || state == ChangeState::Approved, "{state}: both voted, and that is enough without Lara");
    let runs = is_running || fair(apply(world, &world.ada, id, Duration::ZERO).await).is_some();
    race.settle(&[id]).await;
    u64::from(runs)
}
