//! PostgreSQL and the outside world: every use case authorises, loads, asks the domain, writes, audits and commits.
//!
//! A feature's use cases are free functions in its module, noun first: `changes::change_submit`. Each takes the
//! [`Backend`] and the [`Actor`] who asks; none trusts that a page has asked before.

pub mod accounts;
mod actor;
pub mod approvals;
pub mod audit;
pub mod catalogues;
pub mod changes;
mod connections;
pub mod ctx;
pub mod deliveries;
pub mod environments;
pub mod error;
mod hashing;
pub mod header;
pub mod heavy;
pub mod history;
mod ids;
mod kept;
mod listener;
pub mod loops;
pub mod networks;
pub mod news;
pub mod notices;
pub mod outage;
mod outbox;
mod paces;
pub mod policies;
pub mod proposals;
pub mod roles;
pub mod runs;
pub mod schedule;
pub mod sessions;
pub mod shares;
mod stored;
mod trouble;
pub mod turns;
pub mod webhooks;
mod work;
pub mod worker;

pub use actor::{Account, Actor};
pub use ctx::Backend;
pub use error::Error;
pub use ids::new_id;
pub use outage::Outage;
pub use trouble::Trouble;

/// The migrations of the folder `migrations`, in order.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");
