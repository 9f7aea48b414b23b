//! Signed links: an acknowledgement from a phone, without signing in.
//!
//! A link says who may do what to which incident until when, under an HMAC. It is made at
//! the moment of sending and never stored. Invariant: a link answers one purpose for one
//! person only, and opening it changes nothing, because mail scanners open links.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::secret::SecretString;

/// How long an acknowledgement link works.
pub const ACK_LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(72);

/// The shortest key accepted, in bytes: as long as the tag.
pub const MIN_KEY_LEN: usize = 32;

/// The longest token looked at, in bytes; longer ones are refused unread.
pub const MAX_TOKEN_LEN: usize = 2048;

/// Parts our tags from any other HMAC made with the same key.
const CONTEXT: &str = "gonogo link v1:";

/// Signs and verifies links. The first key signs; all of them verify, so keys can rotate.
#[derive(Clone)]
pub struct AckLinks {
    keys: Vec<hmac::Key>,
}

/// What a link allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// What may be done.
    #[serde(rename = "p")]
    pub purpose: Purpose,
    /// The incident it may be done to.
    #[serde(rename = "i")]
    pub incident: String,
    /// Who may do it.
    #[serde(rename = "w")]
    pub person: String,
    /// The effect that carried the link: it says what the person saw.
    #[serde(rename = "e")]
    pub effect_id: String,
    /// The last moment at which it works.
    #[serde(rename = "x", with = "jiff::fmt::serde::timestamp::second::required")]
    pub expires: Timestamp,
}

/// What a link may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Acknowledge an incident.
    Ack,
    /// Accept a named role.
    Accept,
}

/// Why a link is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Not made by us, altered, or signed with a key that is gone.
    #[error("this link was not made by this server, or its key was retired")]
    BadSignature,
    /// Ours, but too old.
    #[error("this link has expired")]
    Expired,
    /// Ours, but for something else.
    #[error("this link is for something else")]
    WrongPurpose,
}

impl AckLinks {
    /// A signer over `keys`, newest first. Every key has at least [`MIN_KEY_LEN`] bytes.
    pub fn new<K: AsRef<[u8]>>(keys: &[K]) -> Result<Self, String> {
        if keys.is_empty() {
            return Err("signing links needs at least one key".into());
        }
        if keys.iter().any(|key| key.as_ref().len() < MIN_KEY_LEN) {
            return Err(format!(
                "a key for signing links has at least {MIN_KEY_LEN} bytes"
            ));
        }
        let keys = keys
            .iter()
            .map(|key| hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()))
            .collect();
        Ok(Self { keys })
    }

    /// The token of an acknowledgement link made at `now`.
    pub fn ack(
        &self,
        incident: &str,
        person: &str,
        effect_id: &str,
        now: Timestamp,
    ) -> SecretString {
        self.sign(&Claims {
            purpose: Purpose::Ack,
            incident: incident.to_owned(),
            person: person.to_owned(),
            effect_id: effect_id.to_owned(),
            expires: now.checked_add(ACK_LINK_LIFETIME).unwrap_or(Timestamp::MAX),
        })
    }

    /// The token for any claims: two base64url parts with a dot between, safe in a path.
    pub fn sign(&self, claims: &Claims) -> SecretString {
        let json = serde_json::to_vec(claims).expect("claims are plain text and always encode");
        let payload = URL_SAFE_NO_PAD.encode(json);
        let tag = hmac::sign(&self.keys[0], &signed_bytes(&payload));
        format!("{payload}.{}", URL_SAFE_NO_PAD.encode(tag)).into()
    }

    /// The claims of a token that is ours, is for `purpose` and has not expired at `now`.
    pub fn verify(
        &self,
        token: &str,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Claims, LinkError> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(LinkError::BadSignature);
        }
        let (payload, tag) = token.split_once('.').ok_or(LinkError::BadSignature)?;
        let tag = URL_SAFE_NO_PAD
            .decode(tag)
            .map_err(|_| LinkError::BadSignature)?;
        let signed = signed_bytes(payload);
        // hmac::verify compares in constant time; no key is skipped after a match.
        let ours = self
            .keys
            .iter()
            .filter(|key| hmac::verify(key, &signed, &tag).is_ok())
            .count()
            > 0;
        if !ours {
            return Err(LinkError::BadSignature);
        }
        let claims: Claims = URL_SAFE_NO_PAD
            .decode(payload)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or(LinkError::BadSignature)?;
        if claims.purpose != purpose {
            return Err(LinkError::WrongPurpose);
        }
        if now > claims.expires {
            return Err(LinkError::Expired);
        }
        Ok(claims)
    }
}

impl LinkError {
    /// The stable code for answers and metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::BadSignature => "bad_signature",
            Self::Expired => "expired",
            Self::WrongPurpose => "wrong_purpose",
        }
    }
}

impl std::fmt::Debug for AckLinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AckLinks({} keys)", self.keys.len())
    }
}

fn signed_bytes(payload: &str) -> Vec<u8> {
    [CONTEXT.as_bytes(), payload.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: [u8; 32] = [1; 32];
    const NEW: [u8; 32] = [2; 32];

    fn now() -> Timestamp {
        "2026-03-01T03:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_link_works_until_its_last_second() {
        let links = AckLinks::new(&[NEW]).unwrap();
        let token = links.ack("inc-7", "ada", "fx-1", now());
        let last = now() + ACK_LINK_LIFETIME;
        let claims = links.verify(token.expose(), Purpose::Ack, last).unwrap();
        assert_eq!(
            (&*claims.incident, &*claims.person, &*claims.effect_id),
            ("inc-7", "ada", "fx-1")
        );
        let late = last + SignedDuration::from_secs(1);
        let refusal = links
            .verify(token.expose(), Purpose::Ack, late)
            .unwrap_err();
        assert_eq!(refusal.code(), "expired");
    }

    #[test]
    fn a_rotated_key_still_verifies_and_a_retired_one_does_not() {
        let token = AckLinks::new(&[OLD])
            .unwrap()
            .ack("inc-7", "ada", "fx-1", now());
        let both = AckLinks::new(&[NEW, OLD]).unwrap();
        assert!(both.verify(token.expose(), Purpose::Ack, now()).is_ok());
        let only_new = AckLinks::new(&[NEW]).unwrap();
        let refusal = only_new.verify(token.expose(), Purpose::Ack, now());
        assert_eq!(refusal, Err(LinkError::BadSignature));
    }

    #[test]
    fn a_link_for_something_else_is_refused() {
        let links = AckLinks::new(&[NEW]).unwrap();
        let token = links.ack("inc-7", "ada", "fx-1", now());
        let refusal = links
            .verify(token.expose(), Purpose::Accept, now())
            .unwrap_err();
        assert_eq!(refusal.code(), "wrong_purpose");
    }

    #[test]
    fn every_altered_character_spoils_the_signature() {
        let links = AckLinks::new(&[NEW]).unwrap();
        let token = links.ack("inc-7", "ada", "fx-1", now());
        let token = token.expose();
        for at in 0..token.len() {
            let mut altered = token.as_bytes().to_vec();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            // The last character of a part may carry unused bits, which the decoder refuses too.
            assert_eq!(
                links.verify(&altered, Purpose::Ack, now()),
                Err(LinkError::BadSignature),
                "character {at}"
            );
        }
    }

    #[test]
    fn rubbish_is_refused_without_a_panic() {
        let links = AckLinks::new(&[NEW]).unwrap();
        let long = "a".repeat(MAX_TOKEN_LEN + 1);
        for token in ["", ".", "a.b.c", "ä.ö", &long] {
            let refusal = links.verify(token, Purpose::Ack, now()).unwrap_err();
            assert_eq!(refusal.code(), "bad_signature");
        }
    }

    #[test]
    fn short_keys_are_not_accepted() {
        assert!(AckLinks::new(&[[0u8; MIN_KEY_LEN - 1]]).is_err());
        assert!(AckLinks::new(&[[0u8; MIN_KEY_LEN]]).is_ok());
        assert!(AckLinks::new::<&[u8]>(&[]).is_err());
    }
}
