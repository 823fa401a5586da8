//! People are told what concerns them: in the page, by mail, and whoever listens by webhook.
//!
//! Every write that tells somebody leaves a row in the outbox, in its own transaction ([`crate::outbox`]). [`work`] takes these
//! rows up: [`strata_domain::notice`] says who is told what, and the notices are stored together with the mails and calls
//! that are to be sent ([`crate::deliveries`]). Nothing is sent from a transaction, and nothing is told of what was undone.

mod choices;
mod facts;
mod fan_out;
mod nudges;
mod patience;
mod read;
mod retention;
mod work;

pub use choices::{ChoicesView, choices_load, choices_set};
pub use nudges::nudge;
pub(crate) use patience::patience_of;
pub use patience::patience_set;
pub(crate) use read::unread_of;
pub use read::{NoticesView, WhichNotices, notice_list, notice_read, notice_unread};
pub use work::{Settings, work};
