//! What a sender is told when its delivery is refused.
//!
//! Codes are stable: they stand in answers, in metrics and in alerts on a spike of refusals.
//! Invariant: the public text is fixed, so it can neither repeat a secret nor tell a forger
//! how close a guess was.

use std::fmt;

/// A refusal, ready to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The stable code.
    pub code: RejectCode,
    /// The HTTP status.
    pub status: u16,
    /// One sentence for the sender.
    pub public: &'static str,
}

/// Why a delivery is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectCode {
    /// No signature or token came with it: 401.
    SignatureMissing,
    /// The signature header does not have the provider's form: 400.
    SignatureMalformed,
    /// No signature was made with a key we hold, or the token is another: 401.
    SignatureMismatch,
    /// It was signed, or happened, longer ago than the tolerance allows: 401.
    TimestampTooOld,
    /// It was signed further in the future than the tolerance allows: 401.
    TimestampTooNew,
    /// The token was not made for this source: 401.
    AudienceMismatch,
    /// The token was signed, but not by Google for itself: 401.
    IssuerMismatch,
    /// The token is of another account than the one that may send here: 401.
    SenderMismatch,
    /// The token was signed with a key that its issuer does not publish: 401.
    KeyUnknown,
    /// The issuer's keys cannot be fetched, so nothing can be verified: 503, and the sender repeats.
    KeysUnavailable,
    /// The body is larger than the source takes: 413.
    BodyTooLarge,
    /// The batch has more events than are taken at once: 413.
    BatchTooLarge,
    /// The headers are too many or too large: 431.
    HeadersTooLarge,
    /// The body is declared as JSON and is not: 400.
    NotJson,
    /// The body's format is not one that this source reads: 415.
    UnsupportedMediaType,
    /// The source has no usable key, so nothing can be verified: 503, and the sender repeats.
    SecretNotConfigured,
}

impl RejectCode {
    /// Every code, for documentation and metrics.
    pub const ALL: [Self; 16] = [
        Self::SignatureMissing,
        Self::SignatureMalformed,
        Self::SignatureMismatch,
        Self::TimestampTooOld,
        Self::TimestampTooNew,
        Self::AudienceMismatch,
        Self::IssuerMismatch,
        Self::SenderMismatch,
        Self::KeyUnknown,
        Self::KeysUnavailable,
        Self::BodyTooLarge,
        Self::BatchTooLarge,
        Self::HeadersTooLarge,
        Self::NotJson,
        Self::UnsupportedMediaType,
        Self::SecretNotConfigured,
    ];

    /// The code as answers and metrics show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignatureMissing => "signature_missing",
            Self::SignatureMalformed => "signature_malformed",
            Self::SignatureMismatch => "signature_mismatch",
            Self::TimestampTooOld => "timestamp_too_old",
            Self::TimestampTooNew => "timestamp_too_new",
            Self::AudienceMismatch => "audience_mismatch",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::SenderMismatch => "sender_mismatch",
            Self::KeyUnknown => "key_unknown",
            Self::KeysUnavailable => "keys_unavailable",
            Self::BodyTooLarge => "body_too_large",
            Self::BatchTooLarge => "batch_too_large",
            Self::HeadersTooLarge => "headers_too_large",
            Self::NotJson => "not_json",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::SecretNotConfigured => "secret_not_configured",
        }
    }

    /// The HTTP status that goes with it.
    pub fn status(self) -> u16 {
        match self {
            Self::SignatureMalformed | Self::NotJson => 400,
            Self::SignatureMissing
            | Self::SignatureMismatch
            | Self::TimestampTooOld
            | Self::TimestampTooNew
            | Self::AudienceMismatch
            | Self::IssuerMismatch
            | Self::SenderMismatch
            | Self::KeyUnknown => 401,
            Self::BodyTooLarge | Self::BatchTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::HeadersTooLarge => 431,
            Self::SecretNotConfigured | Self::KeysUnavailable => 503,
        }
    }

    /// What to do about it, for whoever runs the source.
    pub fn advice(self) -> &'static str {
        match self {
            Self::SignatureMismatch => "The keys differ: was one replaced on one side only?",
            Self::SignatureMissing => {
                "Whoever sent it does not sign: is signing switched on there?"
            }
            Self::SignatureMalformed => {
                "The header has another form: is it this provider that sends?"
            }
            Self::TimestampTooOld => {
                "It was signed too long ago: a late repeat, or a clock that is behind."
            }
            Self::TimestampTooNew => "It was signed in the future: a clock is wrong.",
            Self::AudienceMismatch => {
                "The subscription's audience is not the source's: by default it is this URL."
            }
            Self::IssuerMismatch => "Something else than Google made the token.",
            Self::SenderMismatch => {
                "Another service account pushes than the one that the source names."
            }
            Self::KeyUnknown => {
                "Google does not publish that key: a forged token, or another `jwks_url`."
            }
            Self::KeysUnavailable => {
                "This server cannot reach the keys: let it out to www.googleapis.com over HTTPS."
            }
            Self::BodyTooLarge | Self::BatchTooLarge => {
                "Raise the source's limit, or send less at once."
            }
            Self::HeadersTooLarge => "Something on the way adds headers: look at the proxy.",
            Self::NotJson | Self::UnsupportedMediaType => {
                "Is it this provider that sends to this address?"
            }
            Self::SecretNotConfigured => {
                "Set the source's secret, or its service account, where this server runs."
            }
        }
    }

    /// Whether the sender could not prove itself: many of these at once mean a key or an account
    /// that was replaced on one side only.
    pub fn is_of_proof(self) -> bool {
        self.status() == 401 || matches!(self, Self::SignatureMalformed | Self::KeysUnavailable)
    }

    /// The code of that name.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    fn public(self) -> &'static str {
        match self {
            Self::SignatureMissing => "The request carries no signature.",
            Self::SignatureMalformed => "The signature header cannot be read.",
            Self::SignatureMismatch => "The signature does not match.",
            Self::TimestampTooOld => "The delivery is too old.",
            Self::TimestampTooNew => "The delivery is dated in the future.",
            Self::AudienceMismatch => "The token is for somebody else.",
            Self::IssuerMismatch => "The token is of another issuer.",
            Self::SenderMismatch => "The token is of an account that may not send here.",
            Self::KeyUnknown => "The token is signed with an unknown key.",
            Self::KeysUnavailable => {
                "The token cannot be verified right now. Please send it again."
            }
            Self::BodyTooLarge => "The body is too large.",
            Self::BatchTooLarge => "The batch has too many events.",
            Self::HeadersTooLarge => "The headers are too large.",
            Self::NotJson => "The body is not JSON.",
            Self::UnsupportedMediaType => "The body has a format that this source does not read.",
            Self::SecretNotConfigured => "This source is not ready to receive.",
        }
    }
}

impl From<RejectCode> for Reject {
    fn from(code: RejectCode) -> Self {
        Self {
            code,
            status: code.status(),
            public: code.public(),
        }
    }
}

impl fmt::Display for RejectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.public)
    }
}

impl std::error::Error for Reject {}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn codes_statuses_and_texts_are_stable() {
        let mut table = String::new();
        for code in RejectCode::ALL {
            let reject = Reject::from(code);
            writeln!(table, "{} {code}: {reject}", reject.status).unwrap();
        }
        insta::assert_snapshot!(table, @r"
        401 signature_missing: The request carries no signature.
        400 signature_malformed: The signature header cannot be read.
        401 signature_mismatch: The signature does not match.
        401 timestamp_too_old: The delivery is too old.
        401 timestamp_too_new: The delivery is dated in the future.
        401 audience_mismatch: The token is for somebody else.
        401 issuer_mismatch: The token is of another issuer.
        401 sender_mismatch: The token is of an account that may not send here.
        401 key_unknown: The token is signed with an unknown key.
        503 keys_unavailable: The token cannot be verified right now. Please send it again.
        413 body_too_large: The body is too large.
        413 batch_too_large: The batch has too many events.
        431 headers_too_large: The headers are too large.
        400 not_json: The body is not JSON.
        415 unsupported_media_type: The body has a format that this source does not read.
        503 secret_not_configured: This source is not ready to receive.
        ");
    }
}
