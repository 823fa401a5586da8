//! Which process of which machine holds a lease, so that what a dead one held is known for free on its machine.

use std::fmt;
use std::fs;
use std::io;
use std::str::FromStr;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use sha2::{Digest, Sha256};

use crate::ctx::Backend;
use crate::error::Error;
use crate::work;

/// One process, for ever: no two have the same, on whatever machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The machine since it was started, as far as its processes see each other: two containers are two machines.
    pub machine: String,
    /// Its number there.
    pub number: i32,
    /// When it was started, in ticks of that machine: numbers are given out again.
    pub started: u64,
}

impl Process {
    /// This one.
    ///
    /// # Errors
    /// Where the system does not say (no `/proc`).
    pub fn this() -> io::Result<Self> {
        let number = i32::try_from(std::process::id()).map_err(io::Error::other)?;
        let started = started(number)?.ok_or(io::ErrorKind::NotFound)?;
        let mut machine = Sha256::new();
        for what in ["/proc/sys/kernel/random/boot_id", "/proc/sys/kernel/hostname"] {
            machine.update(fs::read(what)?);
        }
        machine.update(fs::read_link("/proc/self/ns/pid")?.as_os_str().as_encoded_bytes());
        let machine = hex::encode(&machine.finalize()[..8]);
        Ok(Self { machine, number, started })
    }

    /// Whether it is known to be gone; never so of a process of another machine.
    fn is_gone(&self, here: &Self) -> bool {
        if self.machine != here.machine || self == here {
            return false;
        }
        // The kernel answers for processes that `/proc` may hide from us.
        let Some(process) = Pid::from_raw(self.number) else { return false };
        if test_kill_process(process) == Err(Errno::SRCH) {
            return true;
        }
        matches!(started(self.number), Ok(Some(started)) if started != self.started)
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.machine, self.number, self.started)
    }
}

impl FromStr for Process {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.');
        let (Some(machine), Some(number), Some(started), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(());
        };
        Ok(Self {
            machine: machine.to_owned(),
            number: number.parse().map_err(|_| ())?,
            started: started.parse().map_err(|_| ())?,
        })
    }
}

/// When a process was started; none of one that has ended and waits for its parent to ask.
fn started(number: i32) -> io::Result<Option<u64>> {
    let text = fs::read_to_string(format!("/proc/{number}/stat"))?;
    // The name, in parentheses, may hold anything.
    let mut fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let state = fields.next().unwrap_or_default();
    let started = fields.nth(18).and_then(|ticks| ticks.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    Ok((!matches!(state, "Z" | "X")).then_some(started))
}

/// The owner's name in a lease: for people, then for this module.
pub(super) fn owner(name: &str, place: usize, process: Option<&Process>) -> String {
    let mark = process.map(|process| format!("@{process}")).unwrap_or_default();
    format!("{name}/{place}/{}{mark}", crate::ids::new_id().simple())
}

/// Gives back what processes of this machine held that are gone, instead of waiting until their leases run out.
pub(super) async fn free_of_the_dead(backend: &Backend, here: &Process) -> Result<(), Error> {
    let held = sqlx::query_scalar!(
        r#"SELECT DISTINCT lease_owner AS "owner!" FROM run_steps WHERE state = 'running' AND lease_owner IS NOT NULL"#
    )
    .fetch_all(backend.machinery())
    .await?;
    let of_the_dead = |owner: &String| {
        owner.rsplit_once('@').and_then(|(_, mark)| mark.parse::<Process>().ok()).is_some_and(|one| one.is_gone(here))
    };
    let gone: Vec<String> = held.into_iter().filter(of_the_dead).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let mut transaction = backend.begin().await?;
    let freed = sqlx::query!(
        "UPDATE run_steps SET state = 'pending', lease_owner = NULL, lease_until = NULL
         WHERE state = 'running' AND lease_owner = ANY($1)",
        &gone,
    )
    .execute(&mut *transaction)
    .await?;
    work::announce(&mut transaction).await?;
    transaction.commit().await?;
    tracing::info!(steps = freed.rows_affected(), "steps of a worker of this machine that is gone are free again");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_told_from_one_that_had_its_number() {
        let here = Process::this().unwrap();
        assert_eq!(here.to_string().parse(), Ok(here.clone()));
        assert!(!here.is_gone(&here));
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let number = i32::try_from(child.id()).unwrap();
        let there = Process { number, started: started(number).unwrap().unwrap(), ..here.clone() };
        assert!(!there.is_gone(&here));
        let before = Process { started: there.started - 1, ..there.clone() };
        assert!(before.is_gone(&here), "another has its number");
        assert!(!Process { machine: "elsewhere".to_owned(), ..before }.is_gone(&here), "nobody here knows");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(there.is_gone(&here));
    }
}
