//! Use cases against a real PostgreSQL, a database for each test. One binary, because each is linked anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot seed its world has failed")]

mod accounts;
mod apply;
mod batches;
mod catalogues;
mod clock;
mod environments;
mod failed_sign_ins;
mod freezes_undone;
mod glass;
mod guessing;
mod laundering;
mod lifetimes;
mod looser_roles;
mod lost;
mod mails;
mod migrations;
mod news;
mod notices;
mod outbox;
mod paces;
mod past;
mod policies;
mod proposed;
mod races;
mod rebase;
mod retold;
mod review;
mod roles;
mod schedule;
mod sessions;
mod story;
mod streams;
mod support;
mod talk;
mod tampering;
mod telling;
mod texts;
mod voters;
mod votes;
mod weaker_policies;
mod weaker_rules;
mod webhooks;
mod wire;
mod worker;
