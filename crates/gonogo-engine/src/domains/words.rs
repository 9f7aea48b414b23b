//! What is said of a domain: to ourselves, and to the customer whose it is.
//!
//! The customer's sentence names what they see and what they can do, and nothing of our
//! machines. Invariant: a trouble of ours asks nothing of the customer.

use gonogo_model::domains::{DomainStage, Fleet, Whose};

use super::{Domain, Why};

/// A reason in a few words.
pub fn why_in_a_word(why: Why) -> &'static str {
    match why {
        Why::NotAsked => "not asked yet",
        Why::Well => "well",
        Why::NoRecord => "no address in DNS",
        Why::PointsElsewhere => "leads elsewhere",
        Why::Bogus => "DNSSEC signatures are broken",
        Why::Circle => "aliases lead in a circle",
        Why::CaaForbids => "CAA forbids our issuer",
        Why::Waiting => "waiting for a certificate",
        Why::NotIssued => "no certificate was issued in time",
        Why::IssuerOut => "the certificate authority cannot issue",
        Why::CertificateMissing => "no certificate for this name",
        Why::CertificateBroken => "the certificate does not verify",
        Why::CertificateEnded => "the certificate has ended",
        Why::RenewalDue => "renewal is due",
        Why::RenewalLate => "renewal is late",
        Why::EdgeUnreachable => "our edge does not answer",
        Why::PathUnreachable => "not reached under its name",
        Why::Dangling => "retired, and still leads to us",
        Why::GivenUp => "retired",
        Why::Unanswered => "no answer for too long",
    }
}

/// What to do about it, for ourselves.
pub fn inside_sentence(domain: &Domain) -> &'static str {
    match (domain.why, domain.whose) {
        (Why::CaaForbids, _) => {
            "The customer's CAA records let only others issue; send them the sentence below."
        }
        (Why::NotIssued, _) => {
            "DNS is right and nothing was issued: look at the certificate's state at the issuer."
        }
        (Why::IssuerOut, _) => {
            "The check of the issuer fails, and did when this certificate was due: it is asked for again by itself, or issue with another authority."
        }
        (Why::CertificateMissing | Why::CertificateBroken, _) => {
            "Our edge serves another certificate than this name's: look at the certificate map."
        }
        (Why::CertificateEnded | Why::RenewalDue | Why::RenewalLate, _) => {
            "The certificate was not renewed: look at the certificate's state at the issuer."
        }
        (Why::EdgeUnreachable, _) => "Our edge takes no connection under this name.",
        (Why::PathUnreachable, _) => {
            "Our edge answers when asked directly and not under the name: look at what is between."
        }
        (Why::Dangling, _) => {
            "Whoever claims this name with us next gets its visitors: refuse claims until it is gone."
        }
        (Why::Unanswered, _) => "Our questions get no answer: look at our resolvers first.",
        (_, Some(Whose::Theirs)) => "Nothing to mend here; send the customer the sentence below.",
        _ => "Nothing to do.",
    }
}

/// The sentence that support can send.
pub fn customer_sentence(fleet: &Fleet, name: &str, domain: &Domain) -> Option<String> {
    let target = target(fleet);
    let help = match &fleet.support {
        Some(support) => format!(" If you need help, write to {support}."),
        None => String::new(),
    };
    let text = match domain.why {
        Why::NotAsked | Why::Well | Why::GivenUp => return None,
        Why::NoRecord => format!(
            "{name} has no address yet. At your DNS provider, please add a CNAME record for {name} that \
             points to {target}."
        ),
        Why::PointsElsewhere => format!(
            "{name} currently leads to another service. At your DNS provider, please point {name} to \
             {target}, and remove other A and AAAA records of this name."
        ),
        Why::Bogus => format!(
            "The DNSSEC signatures of {name} are not valid, so that many visitors cannot reach it. Please \
             ask your DNS provider to sign the zone again, or to remove the DS record at your registrar."
        ),
        Why::Circle => format!(
            "The DNS records of {name} point to each other in a circle. Please set its CNAME record to \
             {target}."
        ),
        Why::CaaForbids => format!(
            "The CAA records of {name} do not allow its certificate to be issued. Please add this CAA \
             record at your DNS provider: 0 issue \"{}\".",
            fleet.issuer
        ),
        Why::Dangling => format!(
            "{name} is no longer used with us and still points to {target}. Please remove that DNS record."
        ),
        Why::Waiting => format!(
            "{name} is set up correctly. Its certificate is being issued; you need not do anything."
        ),
        Why::Unanswered => format!(
            "We are checking why {name} cannot be looked up at the moment; you need not do anything yet."
        ),
        Why::IssuerOut => match domain.stage {
            // Visitors see nothing of a renewal that waits.
            Some(DomainStage::Renewing | DomainStage::Expiring) => return None,
            _ => format!(
                "{name} is set up correctly on your side. The certificate authority that issues its \
                 certificate cannot issue any at the moment. We ask it again by ourselves until it \
                 does; you need not do anything."
            ),
        },
        Why::NotIssued
        | Why::CertificateMissing
        | Why::CertificateBroken
        | Why::CertificateEnded
        | Why::RenewalDue
        | Why::RenewalLate
        | Why::EdgeUnreachable
        | Why::PathUnreachable => {
            return match domain.why {
                // Visitors see nothing of these.
                Why::RenewalDue | Why::RenewalLate => None,
                _ => Some(format!(
                    "{name} is set up correctly on your side. The trouble is ours and we are working on \
                     it; you need not do anything."
                )),
            };
        }
    };
    Some(format!("{text}{help}"))
}

/// Where names have to lead, in words.
fn target(fleet: &Fleet) -> String {
    let names = fleet.target.cname.iter().chain(&fleet.target.addresses);
    let names: Vec<&str> = names.filter_map(|s| s.as_plain()).collect();
    match names.split_first() {
        None => "the address in your settings".into(),
        Some((first, [])) => (*first).to_owned(),
        Some((first, rest)) => format!("{first} (or {})", rest.join(", ")),
    }
}
