//! Signatures as the Standard Webhooks specification has them (<https://www.standardwebhooks.com>, version 1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How a secret begins when it is shown.
const SECRET_PREFIX: &str = "whsec_";

/// The value of the header `webhook-signature`: over the id, the time in whole seconds and the body as it is sent.
pub fn sign(secret: &[u8], id: &str, at: DateTime<Utc>, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{}.{body}", at.timestamp()).as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// A secret as people copy it into the receiver.
pub(crate) fn secret_shown(secret: &[u8]) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that the specification's reference libraries test themselves with.
    #[test]
    fn the_published_vector_holds() {
        let shown = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let secret = STANDARD.decode(shown.trim_start_matches(SECRET_PREFIX)).expect("base64");
        assert_eq!(secret_shown(&secret), shown);
        let at = DateTime::from_timestamp(1_614_265_330, 0).expect("a time");
        let signature = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_ne!(sign(&secret, "msg_another", at, r#"{"test": 2432232314}"#), signature);
    }
}
