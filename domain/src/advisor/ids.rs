//! The roles that figures speak of; all others are placed by their data alone.

pub(super) const WEB: &str = "web";
pub(super) const SIP: &str = "sip";
pub(super) const PBX: &str = "pbx";
pub(super) const CONTROLLER: &str = "controller";
pub(super) const WORKER: &str = "worker";
pub(super) const QUEUE: &str = "queue";
pub(super) const SQL: &str = "sql";
pub(super) const DATABASE: &str = "distributed-database";
pub(super) const SEARCH: &str = "elasticsearch";
pub(super) const FILES: &str = "unstructured-storage";
