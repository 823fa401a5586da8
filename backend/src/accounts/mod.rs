//! Accounts: made by the operator, signed in with a password, slowed down when somebody guesses, and held up by nobody else's guesses.

mod admin;
mod device;
mod failed;
mod leaving;
mod others;
mod password;
mod present;
mod sign_in;
mod throttle;

pub use admin::{NewAccount, account_add, account_grant, account_group_add};
pub use device::DEVICE_KNOWN_DAYS;
pub use leaving::{account_disable, account_enable, account_group_remove, account_revoke};
pub use others::account_others;
pub(crate) use present::account_of;
pub use present::{actor_load, allowed_anywhere, sign_out_everywhere, signed_out, standing_load};
pub use sign_in::{Origin, SignInError, SignedIn, sign_in};
