//! Deliveries as Standard Webhooks signs them; the second vector is that of its own libraries.

use crate::{Counting, at, text, vectors};
use keelway_signing::webhook::Delivery;
use keelway_signing::{WebhookError, WebhookSecret};

#[test]
fn webhooks_are_signed_as_the_vectors_say() {
    for case in vectors()["webhooks"].as_array().unwrap() {
        let secret = WebhookSecret::parse(text(case, "secret")).unwrap();
        let (id, body) = (text(case, "id"), text(case, "body").as_bytes());
        let seconds = case["timestamp"].as_i64().unwrap();
        let signature = text(case, "signature");
        assert_eq!(secret.sign(id, at(seconds), body).as_deref(), Ok(signature));
        let timestamp = seconds.to_string();
        let both = format!("v1a,xyz v1,AAAA {signature}");
        let delivery = Delivery { id, timestamp: &timestamp, signatures: &both, body };
        assert_eq!(secret.verify(&delivery, at(seconds + 300)), Ok(()));
        let late = secret.verify(&delivery, at(seconds + 301));
        assert_eq!(late, Err(WebhookError::Timestamp));
        let early = secret.verify(&delivery, at(seconds - 301));
        assert_eq!(early, Err(WebhookError::Timestamp));
        let tampered = Delivery { body: b"{}", ..delivery };
        assert_eq!(secret.verify(&tampered, at(seconds)), Err(WebhookError::Mismatch));
        let none = Delivery { signatures: "", ..delivery };
        assert_eq!(secret.verify(&none, at(seconds)), Err(WebhookError::Mismatch));
        // Were dots allowed, `a` at 1 with `2.x` would sign as `a.1` at 2 with `x`.
        assert_eq!(secret.sign("a.1", at(2), b"x"), Err(WebhookError::Id));
    }
    assert!(WebhookSecret::parse(&WebhookSecret::generate(&Counting)).is_ok());
    for text in ["", "whsec_", "whsec_AAAA", "AAAA", "whsec_!"] {
        assert!(WebhookSecret::parse(text).is_err(), "{text}");
    }
}
