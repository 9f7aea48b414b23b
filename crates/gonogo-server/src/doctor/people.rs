//! The package, and whether the people in it can be reached.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::join_all;
use gonogo_model::Package;
use gonogo_model::check::Probe;
use gonogo_model::diagnostic::Severity;
use gonogo_model::flow::Confirm;
use gonogo_model::overlay::Overlay;
use gonogo_model::setting::Setting;
use gonogo_model::team::{Channel, Contact};
use gonogo_model::vendor::VendorProbe;
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;

use super::{Found, Installation, State};
use crate::force::{OnDisk, refusal};
use crate::notify::link::AckLinks;
use crate::notify::{Address, Channels};

/// How long a system may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How many systems are asked; a package with more has them in few places all the same.
const ORIGINS_MAX: usize = 50;

/// Whether the package can be put in force.
pub(super) fn package(on: &Installation) -> Vec<Found> {
    let about = "package";
    let found = match read(on) {
        Ok(found) => found,
        Err(error) => {
            let problem = Found::new(about, State::Problem, error.to_string());
            return vec![match error.help() {
                Some(help) => problem.fixed_by(help),
                None => problem,
            }];
        }
    };
    let dir = on.package_dir.display();
    let count = |wanted: Severity| {
        let all = &found.loaded.diagnostics;
        all.iter().filter(|d| d.severity == wanted).count()
    };
    if refusal(&found).is_some() {
        let said = format!("{dir} has errors: {}", count(Severity::Error));
        return vec![Found::problem(about, said, format!("gonogo check {dir}"))];
    }
    let said = match count(Severity::Warning) {
        0 => format!("{dir} is sound"),
        n => format!("{dir} can be put in force; `gonogo check` has {n} warnings"),
    };
    vec![Found::ok(about, said)]
}

/// Values from outside that are not there.
pub(super) fn references(on: &Installation) -> Vec<Found> {
    let Ok(found) = read(on) else {
        return Vec::new();
    };
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut there = 0;
    for (what, setting) in settings(&found.loaded.package) {
        match on.outside.resolve(setting) {
            Ok(_) if setting.as_plain().is_none() => there += 1,
            Ok(_) => {}
            Err(why) => missing.entry(why).or_default().push(what),
        }
    }
    if missing.is_empty() {
        let said = format!("{there} values from outside the package are there");
        return vec![Found::ok("secrets", said)];
    }
    let fix = "give the value where gonogo runs: in its environment or as that file";
    let told = |(why, whose): (String, Vec<String>)| {
        Found::problem("secrets", format!("{why}: {}", whose.join(", ")), fix)
    };
    missing.into_iter().map(told).collect()
}

/// Whether the ways out can be used; answers too how far other clocks are from ours.
pub(super) async fn channels(on: &Installation) -> (Vec<Found>, Vec<SignedDuration>) {
    let channels = match ways_out(on) {
        Ok(channels) => channels,
        Err(why) => {
            let fix = "correct the setting; `gonogo serve --help` shows how each is written";
            return (vec![Found::problem("channels", why, fix)], Vec::new());
        }
    };
    let mut found = Vec::new();
    if let Some(greeted) = channels.greet_mail_server().await {
        found.push(match greeted {
            Ok(said) => Found::ok("mail", said),
            Err(why) => Found::problem(
                "mail",
                why,
                "correct GONOGO_SMTP_URL, or let this machine through to the mail server",
            ),
        });
    }
    let Ok(read) = read(on) else {
        return (found, Vec::new());
    };
    let package = &read.loaded.package;
    let mut origins = BTreeSet::new();
    for (whose, contact) in contacts(package) {
        let Ok(to) = on.outside.resolve(&contact.to) else {
            continue;
        };
        origins.extend(origin(&to));
        let secret = contact.secret.as_ref();
        let secret = secret.and_then(|secret| on.outside.resolve(&secret.0).ok());
        let mut address = Address::new(contact.channel.value, to);
        if let Some(secret) = secret {
            address = address.with_credential(secret);
        }
        if let Err(why) = channels.check(&address) {
            let word = contact.channel.value.word();
            let fix = match contact.channel.value {
                Channel::Email => {
                    "set GONOGO_SMTP_URL and GONOGO_MAIL_FROM, and write a whole address"
                }
                _ => "correct the contact in the package, or the value that it refers to",
            };
            found.push(Found::problem(
                "contact",
                format!("{whose}, {word}: {why}"),
                fix,
            ));
        }
    }
    let pages = |(_, contact): &(String, &Contact)| contact.channel.value == Channel::Pagerduty;
    if contacts(package).any(|contact| pages(&contact)) {
        origins.extend(
            on.channels
                .as_ref()
                .ok()
                .and_then(|s| origin(&s.pagerduty_url)),
        );
    }
    let dead_man = package.header.as_ref().and_then(|h| h.dead_man.as_ref());
    if let Some(url) = dead_man.and_then(|d| on.outside.resolve(&d.url).ok()) {
        origins.extend(origin(&url));
    }
    let (reached, clocks) = reach(origins).await;
    found.extend(reached);
    (found, clocks)
}

/// Asks each system for nothing but an answer: its first page, without content.
async fn reach(origins: BTreeSet<Url>) -> (Vec<Found>, Vec<SignedDuration>) {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ANSWER_WITHIN)
        .build();
    let Ok(client) = client else {
        let said = "no connection can be made";
        return (vec![Found::new("reach", State::Unknown, said)], Vec::new());
    };
    let asked = origins.into_iter().take(ORIGINS_MAX).map(async |url| {
        let answer = client.head(url.clone()).send().await;
        (url, answer)
    });
    let (mut found, mut clocks) = (Vec::new(), Vec::new());
    for (url, answer) in join_all(asked).await {
        // The origin alone; the path of an address can be its secret.
        let at = url.origin().ascii_serialization();
        match answer {
            Ok(answer) => {
                let date = answer.headers().get(reqwest::header::DATE);
                clocks.extend(date.and_then(|date| distance(date.to_str().ok()?)));
                found.push(Found::ok("reach", format!("{at} answers")));
            }
            Err(error) => {
                let why = innermost(&error.without_url());
                let fix = "look at its name, and whether this machine may go out to it";
                found.push(Found::problem("reach", format!("{at}: {why}"), fix));
            }
        }
    }
    (found, clocks)
}

fn read(on: &Installation) -> Result<crate::force::Found, crate::package_dir::ReadError> {
    let on_disk = OnDisk {
        dir: on.package_dir.clone(),
        overlay: Overlay::default(),
        seed: 0,
    };
    on_disk.read()
}

fn ways_out(on: &Installation) -> Result<Channels, String> {
    let settings = on.channels.clone()?;
    // Nothing is signed with it.
    let links = AckLinks::new(&[vec![0; 32]]).map_err(|e| e.to_string())?;
    Channels::new(settings, links).map_err(|e| e.to_string())
}

/// Everything in a package that may come from outside, and what it is for.
fn settings(package: &Package) -> Vec<(String, &Setting)> {
    let mut all = Vec::new();
    for (whose, contact) in contacts(package) {
        let word = contact.channel.value.word();
        all.push((format!("the {word} address of {whose}"), &contact.to));
        all.extend(
            contact
                .secret
                .iter()
                .map(|s| (format!("the {word} key of {whose}"), &s.0)),
        );
    }
    for (id, source) in &package.sources {
        let key = |s| (format!("a key of the source {id}"), s);
        all.extend(source.secrets.iter().map(|s| key(&s.0)));
    }
    for (id, flow) in &package.flows {
        let of = |s| (format!("the confirmation of the flow {id}"), s);
        match &flow.confirm {
            Some(Confirm::Http(http)) => {
                all.push(of(&http.url));
                all.extend(http.token.iter().map(|t| of(&t.0)));
            }
            Some(Confirm::Postgres(postgres)) => all.push(of(&postgres.url.0)),
            None => {}
        }
    }
    for (id, check) in &package.checks {
        let of = |s| (format!("asked by the check {id}"), s);
        match &check.probe {
            Probe::Http(http) => {
                all.push(of(&http.url));
                all.extend(http.headers.values().chain(&http.trust).map(of));
            }
            Probe::Tls(tls) => {
                all.push(of(&tls.host));
                all.extend(tls.connect_to.iter().chain(&tls.trust).map(of));
                all.extend(tls.expect_serial.iter().chain(&tls.expect_file).map(of));
            }
            Probe::Dns(dns) => {
                all.push(of(&dns.host));
                let written = dns.equals.iter().chain(&dns.contains).chain(&dns.resolvers);
                let written = written.chain(&dns.points_at).chain(&dns.caa_account);
                all.extend(written.map(of));
            }
            Probe::Registration(registration) => {
                all.push(of(&registration.domain));
                all.extend(registration.rdap.iter().map(of));
            }
            Probe::Tcp(tcp) => all.push(of(&tcp.host)),
            Probe::Grpc(grpc) => {
                all.push(of(&grpc.host));
                all.extend(grpc.trust.iter().map(of));
            }
            Probe::Acme(acme) => {
                all.push(of(&acme.host));
                all.extend(acme.connect_to.iter().chain(&acme.answer).map(of));
            }
            Probe::VendorStatus(VendorProbe::GoogleCloud(google)) => {
                all.extend(google.url.iter().chain(&google.trust).map(of));
            }
            Probe::VendorStatus(VendorProbe::Statuspage(page)) => {
                all.push(of(&page.url));
                all.extend(page.trust.iter().map(of));
            }
            Probe::Heartbeat(beat) => all.extend(beat.tokens.iter().map(|t| of(&t.0))),
        }
    }
    let dead_man = package.header.as_ref().and_then(|h| h.dead_man.as_ref());
    all.extend(dead_man.map(|d| ("the URL of the dead man's switch".to_owned(), &d.url)));
    all
}

/// The contacts of people and the rooms of teams, with whose they are.
fn contacts(package: &Package) -> impl Iterator<Item = (String, &Contact)> {
    let people = package.people.values();
    let people = people.flat_map(|p| p.contacts.iter().map(|c| (p.name.clone(), c)));
    let teams = package.teams.values();
    people.chain(teams.flat_map(|t| t.rooms.iter().map(|c| (t.name.clone(), c))))
}

fn origin(address: &str) -> Option<Url> {
    let mut url = Url::parse(address.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return None;
    }
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(url)
}

/// How far a `Date` header is ahead of our clock.
fn distance(date: &str) -> Option<SignedDuration> {
    let theirs = rfc2822::parse(date).ok()?.timestamp();
    Some(theirs.duration_since(Timestamp::now()))
}

pub(super) fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", ANSWER_WITHIN.as_secs());
    }
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_origin_of_an_address_is_asked() {
        let origin = |text| origin(text).map(|url| url.to_string());
        let of = "https://me:secret@ntfy.example.com:8443/topic?auth=x#y";
        assert_eq!(origin(of).unwrap(), "https://ntfy.example.com:8443/");
        assert_eq!(origin("ada@example.com"), None);
        assert_eq!(origin("mailto:ada@example.com"), None);
    }

    #[test]
    fn the_time_that_others_tell_is_understood() {
        let then = Timestamp::now() + SignedDuration::from_mins(10);
        let header = rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&then)
            .unwrap();
        let found = distance(&header).unwrap();
        assert!((598..=600).contains(&found.as_secs()), "{header}: {found}");
    }
}
