//! What a probe found: verdict, reason code, sentence, timings, certificate, addresses.
//!
//! It exists so that everything downstream reads one shape whatever was asked. Invariant:
//! a result with [`Verdict::Ok`] has the code [`code::OK`] and no other result has it.

use std::net::SocketAddr;
use std::time::Duration;

use super::{CertificateFacts, Extra, RegistrationFacts};

/// What one run of a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeResult {
    /// The check's id.
    pub check: String,
    /// Good, bad, or could not tell.
    pub verdict: Verdict,
    /// A stable reason code, one of [`code`].
    pub code: &'static str,
    /// One sentence with numbers and without secrets.
    pub detail: String,
    /// The time from start to verdict.
    pub took: Duration,
    /// Where the time went, for the address that decided the verdict.
    pub phases: Phases,
    /// The certificate that the deciding address served.
    pub certificate: Option<CertificateFacts>,
    /// Every address that was tried or refused.
    pub addresses: Vec<AddressOutcome>,
    /// What the registry said.
    pub registration: Option<RegistrationFacts>,
    /// Planned starts that were skipped since the result before this one.
    pub skipped: u32,
    /// What else was found.
    pub extra: Extra,
}

/// What one address behind the name answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressOutcome {
    /// The address and port.
    pub address: SocketAddr,
    /// Good, bad, or could not tell.
    pub verdict: Verdict,
    /// A stable reason code.
    pub code: &'static str,
    /// One sentence about this address.
    pub detail: String,
    /// The time spent on this address.
    pub took: Duration,
    /// Where that time went.
    pub phases: Phases,
    /// The certificate it served.
    pub certificate: Option<CertificateFacts>,
}

/// The answer to "is it well?". The order is how much attention it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Asked, answered, as expected.
    Ok,
    /// Could not tell from here; never green and never red.
    Unknown,
    /// Asked, and the answer is bad or missing.
    Failing,
}

/// Where the time went. A phase that was not reached is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Asking DNS.
    pub dns: Option<Duration>,
    /// Opening the TCP connection.
    pub connect: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// From the request to the head of the answer.
    pub first_byte: Option<Duration>,
    /// From the head of the answer to its end.
    pub transfer: Option<Duration>,
    /// From the start of the probe to its end.
    pub total: Duration,
}

/// Why a verdict was reached, before it is tied to a check or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub verdict: Verdict,
    pub code: &'static str,
    pub detail: String,
}

impl Reason {
    pub fn ok(detail: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Ok,
            code: code::OK,
            detail: detail.into(),
        }
    }

    pub fn failing(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Failing,
            code,
            detail: detail.into(),
        }
    }

    pub fn unknown(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Unknown,
            code,
            detail: detail.into(),
        }
    }
}

impl ProbeResult {
    /// A result that says only why nothing could be told.
    pub(super) fn unknown(check: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            check: check.to_owned(),
            verdict: Verdict::Unknown,
            code,
            detail: detail.into(),
            took: Duration::ZERO,
            phases: Phases::default(),
            certificate: None,
            addresses: Vec::new(),
            registration: None,
            skipped: 0,
            extra: Extra::default(),
        }
    }
}

/// The reason codes. They are part of the contract: rules and pages refer to them.
pub mod code {
    use std::sync::LazyLock;

    /// As expected.
    pub const OK: &str = "ok";

    /// The spec itself cannot be run (bad URL, method, header or name).
    pub const SPEC_INVALID: &str = "spec_invalid";
    /// The PEM roots could not be read.
    pub const TRUST_UNREADABLE: &str = "trust_unreadable";
    /// A link-local or metadata address or name, refused by policy.
    pub const ADDRESS_FORBIDDEN: &str = "address_forbidden";
    /// A loopback or private address without `allow_private`.
    pub const ADDRESS_PRIVATE: &str = "address_private";
    /// Our resolver did not answer, so the name may or may not exist.
    pub const DNS_UNAVAILABLE: &str = "dns_unavailable";
    /// Our own host has no route to the address.
    pub const NETWORK_UNREACHABLE: &str = "network_unreachable";
    /// Our own host is out of ports, descriptors or permission.
    pub const LOCAL_LIMIT: &str = "local_limit";
    /// The run was ended before it could tell.
    pub const CANCELLED: &str = "cancelled";
    /// A defect in the probe.
    pub const INTERNAL_ERROR: &str = "internal_error";

    /// The name does not exist or has no address.
    pub const DNS_NOT_FOUND: &str = "dns_not_found";
    /// No answer in time.
    pub const TIMEOUT: &str = "timeout";
    /// The port is closed.
    pub const CONNECT_REFUSED: &str = "connect_refused";
    /// The connection could not be opened for another reason.
    pub const CONNECT_FAILED: &str = "connect_failed";
    /// A router says that the host cannot be reached.
    pub const HOST_UNREACHABLE: &str = "host_unreachable";
    /// The other side closed or reset the connection.
    pub const CONNECTION_CLOSED: &str = "connection_closed";

    /// The port does not speak TLS.
    pub const TLS_NOT_SPOKEN: &str = "tls_not_spoken";
    /// The server ended the handshake with an alert.
    pub const TLS_ALERT: &str = "tls_alert";
    /// No common protocol version or cipher.
    pub const TLS_INCOMPATIBLE: &str = "tls_incompatible";
    /// The handshake failed for another reason.
    pub const TLS_FAILED: &str = "tls_failed";

    /// The certificate is past its end.
    pub const CERT_EXPIRED: &str = "cert_expired";
    /// The certificate's validity has not begun.
    pub const CERT_NOT_YET_VALID: &str = "cert_not_yet_valid";
    /// The certificate is for other names.
    pub const CERT_WRONG_HOST: &str = "cert_wrong_host";
    /// The certificate vouches for itself.
    pub const CERT_SELF_SIGNED: &str = "cert_self_signed";
    /// The chain ends at an authority that is not trusted.
    pub const CERT_UNTRUSTED: &str = "cert_untrusted";
    /// The intermediate certificate was not sent.
    pub const CERT_CHAIN_INCOMPLETE: &str = "cert_chain_incomplete";
    /// An intermediate certificate is past its end.
    pub const CERT_CHAIN_EXPIRED: &str = "cert_chain_expired";
    /// A signature in the chain does not match.
    pub const CERT_BAD_SIGNATURE: &str = "cert_bad_signature";
    /// The certificate is not meant for servers.
    pub const CERT_WRONG_PURPOSE: &str = "cert_wrong_purpose";
    /// The certificate cannot be parsed.
    pub const CERT_UNREADABLE: &str = "cert_unreadable";
    /// The certificate does not verify for another reason.
    pub const CERT_INVALID: &str = "cert_invalid";

    /// The answer is not HTTP.
    pub const HTTP_NOT_SPOKEN: &str = "http_not_spoken";
    /// The head of the answer is over the limit.
    pub const HEAD_TOO_LARGE: &str = "head_too_large";
    /// More redirects than the spec follows.
    pub const TOO_MANY_REDIRECTS: &str = "too_many_redirects";
    /// A redirect that leads nowhere.
    pub const REDIRECT_INVALID: &str = "redirect_invalid";
    /// The body is longer than the limit, so its conditions cannot hold.
    pub const BODY_TOO_LARGE: &str = "body_too_large";
    /// The body ended early.
    pub const BODY_CUT_SHORT: &str = "body_cut_short";
    /// The text that must be there is not.
    pub const BODY_MISSING_TEXT: &str = "body_missing_text";
    /// The text that must not be there is.
    pub const BODY_FORBIDDEN_TEXT: &str = "body_forbidden_text";
    /// The body is not JSON.
    pub const JSON_INVALID: &str = "json_invalid";
    /// The path leads to nothing.
    pub const JSON_MISSING: &str = "json_missing";
    /// The path leads to another value.
    pub const JSON_DIFFERS: &str = "json_differs";

    /// The resolver cannot get an answer itself.
    pub const DNS_SERVFAIL: &str = "dns_servfail";
    /// The resolver refuses to answer us.
    pub const DNS_REFUSED: &str = "dns_refused";
    /// What the resolver sent cannot be read or is no answer.
    pub const DNS_GARBLED: &str = "dns_garbled";
    /// The resolver checks no DNSSEC signatures, so it cannot say.
    pub const DNS_UNCHECKED: &str = "dns_unchecked";
    /// The name exists without such a record.
    pub const DNS_NO_RECORD: &str = "dns_no_record";
    /// A record is there that should not be.
    pub const DNS_UNEXPECTED: &str = "dns_unexpected";
    /// The records are others.
    pub const DNS_DIFFERS: &str = "dns_differs";
    /// The name leads elsewhere.
    pub const DNS_POINTS_ELSEWHERE: &str = "dns_points_elsewhere";
    /// Resolvers say different things.
    pub const DNS_DISAGREE: &str = "dns_disagree";
    /// Aliases lead in a circle.
    pub const DNS_LOOP: &str = "dns_loop";
    /// The DNSSEC signatures do not verify.
    pub const DNS_BOGUS: &str = "dns_bogus";
    /// Not signed with DNSSEC.
    pub const DNS_UNSIGNED: &str = "dns_unsigned";
    /// Signed with DNSSEC.
    pub const DNS_SIGNED: &str = "dns_signed";
    /// CAA records let others issue, or nobody.
    pub const CAA_FORBIDS: &str = "caa_forbids";
    /// A critical CAA tag that no authority knows.
    pub const CAA_CRITICAL_UNKNOWN: &str = "caa_critical_unknown";
    /// CAA records let only another account issue.
    pub const CAA_OTHER_ACCOUNT: &str = "caa_other_account";
    /// CAA records let the authority issue only by another method.
    pub const CAA_OTHER_METHOD: &str = "caa_other_method";

    /// No RDAP service is known for the domain.
    pub const RDAP_NONE: &str = "rdap_none";
    /// The registry says that we ask too often.
    pub const RDAP_LIMITED: &str = "rdap_limited";
    /// The registry did not answer, or not as RDAP says.
    pub const RDAP_UNAVAILABLE: &str = "rdap_unavailable";
    /// The registry does not say until when.
    pub const REGISTRATION_OPEN: &str = "registration_open";
    /// Nobody has registered the domain.
    pub const NOT_REGISTERED: &str = "not_registered";
    /// The registration has ended.
    pub const REGISTRATION_ENDED: &str = "registration_ended";
    /// The registration ends soon.
    pub const REGISTRATION_ENDS: &str = "registration_ends";
    /// The domain is with another registrar.
    pub const REGISTRAR_DIFFERS: &str = "registrar_differs";
    /// The registry has taken the domain out of DNS or is about to.
    pub const REGISTRATION_HELD: &str = "registration_held";

    /// The text that should be said first is not.
    pub const BANNER_DIFFERS: &str = "banner_differs";

    /// The server does not speak HTTP/2 or gRPC.
    pub const GRPC_NOT_SPOKEN: &str = "grpc_not_spoken";
    /// The service says that it does not serve.
    pub const GRPC_NOT_SERVING: &str = "grpc_not_serving";
    /// The service says that it does not know.
    pub const GRPC_UNKNOWN: &str = "grpc_unknown";
    /// The server knows no such service.
    pub const GRPC_SERVICE_UNKNOWN: &str = "grpc_service_unknown";
    /// The server does not know the health protocol.
    pub const GRPC_UNIMPLEMENTED: &str = "grpc_unimplemented";
    /// The call failed for another reason.
    pub const GRPC_FAILED: &str = "grpc_failed";

    /// The challenge's path leads to another site.
    pub const ACME_FOREIGN_REDIRECT: &str = "acme_foreign_redirect";
    /// The challenge is answered by somebody else.
    pub const ACME_OTHER_ANSWER: &str = "acme_other_answer";
    /// The server offers no TLS in its protocol.
    pub const STARTTLS_REFUSED: &str = "starttls_refused";
    /// The server does not speak the protocol in which it was asked for TLS.
    pub const STARTTLS_NOT_SPOKEN: &str = "starttls_not_spoken";
    /// A key or signature of the chain is too weak.
    pub const CERT_WEAK: &str = "cert_weak";
    /// The certificate promises a stapled OCSP answer, and there was none.
    pub const CERT_NOT_STAPLED: &str = "cert_not_stapled";
    /// Another certificate is served than the newest that was issued.
    pub const CERT_NOT_THE_NEWEST: &str = "cert_not_the_newest";
    /// The certificate was issued by somebody else.
    pub const CERT_OTHER_ISSUER: &str = "cert_other_issuer";

    /// The body is shorter than it has to be.
    pub const BODY_TOO_SMALL: &str = "body_too_small";
    /// The body is not the one that was written down.
    pub const CONTENT_DIFFERS: &str = "content_differs";
    /// The answer leads somewhere else than it has to.
    pub const REDIRECT_DIFFERS: &str = "redirect_differs";

    /// The vendor reports trouble with what is used of it.
    pub const VENDOR_TROUBLE: &str = "vendor_trouble";
    /// The vendor uses a word that is not known here.
    pub const VENDOR_UNCLEAR: &str = "vendor_unclear";
    /// The vendor no longer lists what is used of it.
    pub const VENDOR_UNLISTED: &str = "vendor_unlisted";
    /// The status feed cannot be reached.
    pub const FEED_UNREACHABLE: &str = "feed_unreachable";
    /// The status feed cannot be understood.
    pub const FEED_UNREADABLE: &str = "feed_unreadable";
    /// The status feed is an old copy.
    pub const FEED_STALE: &str = "feed_stale";

    /// The code for a status that is not accepted, such as `status_503`.
    pub fn status(status: u16) -> &'static str {
        static CODES: LazyLock<Vec<String>> =
            LazyLock::new(|| (100..1000).map(|n| format!("status_{n}")).collect());
        match status.checked_sub(100).and_then(|n| CODES.get(n as usize)) {
            Some(code) => code,
            None => HTTP_NOT_SPOKEN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_is_worse_than_unknown_and_unknown_worse_than_ok() {
        assert!(Verdict::Failing > Verdict::Unknown);
        assert!(Verdict::Unknown > Verdict::Ok);
    }

    #[test]
    fn every_status_has_its_code() {
        assert_eq!(code::status(500), "status_500");
        assert_eq!(code::status(100), "status_100");
        assert_eq!(code::status(999), "status_999");
        assert_eq!(code::status(99), code::HTTP_NOT_SPOKEN);
    }
}
