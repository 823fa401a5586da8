//! Who is told what, and in which words (requirements, section 5).
//!
//! Something happens ([`Happening`]); [`told`] says who of the environment is told of it, each under a [`Topic`] that they
//! can choose about; [`words`] says it in a line and a sentence, the same ones in the page, in mail and in webhooks.
//! All of it is decided from what the change is when people are told and not when it happened: nobody is asked for a vote
//! that is no longer needed.

mod choices;
mod due;
mod happening;
mod kind;
mod shown;
#[cfg(test)]
mod tests;
mod told;
mod words;

pub use choices::{Channel, Choices, Topic};
pub use due::{BadPatience, Nudge, Patience, due};
pub use happening::{ChangeFacts, Happening, Member, Sooner, Subject};
pub use kind::Kind;
pub use shown::{Attempt, Delivery, DeliveryState, Means, Notice, Webhook};
pub use told::{Audience, Told, told};
pub use words::{Words, path, words};
