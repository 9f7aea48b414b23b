//! Checks: what was asked, what came back, and the certificate that was seen.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use gonogo_engine::Time;
use gonogo_engine::check::{Answers, Health};
use gonogo_engine::heartbeat::Run;
use gonogo_engine::input::{Certificate, CheckVerdict, Notice, Phases};
use gonogo_model::Id;
use gonogo_model::check::{Check, Probe};
use gonogo_model::vendor::VendorProbe;
use jiff::Timestamp;

use super::watching::{Watching, watching};
use crate::auth::Identity;
use crate::probe::GOOGLE_CLOUD_FEED;
use crate::shell::{Missing, shell};
use crate::shown::{self, plural};
use crate::site::Site;
use crate::view::{CheckView, View};
use crate::web::components::chart::{LineChart, Scale, Series};
use crate::web::components::heat::HeatStrip;
use crate::web::components::number::Unit;
use crate::web::components::table::{TableQuery, Window};
use crate::web::components::{Markup, State as Colour, time};
use crate::web::{Frame, Nav, Shell, page};

/// From this share of its lifetime on, a certificate should have been renewed.
const LATE_SHARE: f64 = 0.25;

/// A check in a list.
pub struct Row {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// "http", "tls".
    pub kind: &'static str,
    /// How it is.
    pub state: Colour,
    /// In a word.
    pub word: &'static str,
    /// Since when.
    pub since: Option<Timestamp>,
    /// What the last answer said.
    pub detail: String,
    /// When it came.
    pub answered: Option<Timestamp>,
    /// Days that its certificate has left.
    pub days: Option<i64>,
    /// The component that it is about.
    pub component: String,
}

#[derive(Template)]
#[template(path = "signals/checks.html")]
struct ChecksPage {
    shell: Shell,
    rows: Vec<Row>,
    none: bool,
    query: TableQuery,
    window: Window,
}

#[derive(Template)]
#[template(path = "signals/check.html")]
struct CheckPage {
    shell: Shell,
    row: Row,
    target: String,
    every: String,
    timeout: String,
    fails_after: String,
    component: (String, String),
    code: String,
    took: String,
    certificate: Option<Served>,
    strip: Markup,
    latency: Markup,
    watching: Vec<Watching>,
    phases: Option<Markup>,
    notices: Vec<Said>,
    remarks: Vec<String>,
    job: Option<Job>,
    places: Vec<Place>,
    agree: String,
}

/// What a place says of a check.
struct Place {
    id: String,
    state: Colour,
    word: &'static str,
    at: Option<Timestamp>,
    took: String,
    detail: String,
    heard: Option<Timestamp>,
}

/// What a vendor says.
struct Said {
    state: Colour,
    notice: Notice,
    since: Option<Timestamp>,
}

/// A job that reports by itself.
struct Job {
    expected: String,
    next: Option<Timestamp>,
    grace: String,
    longest: String,
    open: Vec<(String, Timestamp)>,
    runs: Vec<JobRun>,
    usage: Vec<(&'static str, String)>,
}

struct JobRun {
    state: Colour,
    word: String,
    started: Option<Timestamp>,
    ended: Timestamp,
    took: String,
    note: String,
}

/// A served certificate.
struct Served {
    issuer: String,
    serial: String,
    from: Timestamp,
    until: Timestamp,
    left: String,
    share: String,
    state: Colour,
}

/// `GET /signals/checks`
pub async fn list(State(site): State<Site>, who: Identity, frame: Frame) -> Response {
    let view = site.view();
    let now = site.clock.now();
    let query = TableQuery::from_uri(&frame.uri);
    let mut rows = rows(&view, now);
    rows.retain(|r| query.matches(&[&r.id, &r.name, r.kind, r.word, &r.detail, &r.component]));
    match query.sort.as_str() {
        "name" => rows.sort_by_key(|r| r.name.to_lowercase()),
        "since" => rows.sort_by_key(|r| r.since),
        "days" => rows.sort_by_key(|r| r.days.unwrap_or(i64::MAX)),
        _ => {}
    }
    if query.descending {
        rows.reverse();
    }
    let window = query.window(rows.len());
    let template = ChecksPage {
        none: view.checks.is_empty(),
        rows: rows.drain(window.start..window.end).collect(),
        window,
        query,
        shell: shell(&site, &view, &who, frame, "Checks", Nav::Signals),
    };
    page(&template)
}

/// Every check, those that need a look first.
pub fn rows(view: &View, now: Time) -> Vec<Row> {
    let of = |c: &CheckView| Some(row(view, c, view.plan.package.checks.get(&c.id)?, now));
    let mut rows: Vec<Row> = view.checks.iter().filter_map(of).collect();
    rows.sort_by_key(|r| super::overview::rank(r.state));
    rows
}

fn row(view: &View, check: &CheckView, declared: &Check, now: Time) -> Row {
    let (state, word) = standing(check.health, check.last.as_ref().map(|l| l.verdict));
    Row {
        id: check.id.to_string(),
        name: declared.name.clone(),
        kind: match declared.probe {
            Probe::Acme(_) => "ACME",
            Probe::Dns(_) => "DNS",
            Probe::Grpc(_) => "gRPC",
            Probe::Http(_) => "http",
            Probe::Registration(_) => "registration",
            Probe::Tcp(_) => "TCP",
            Probe::Tls(_) => "tls",
            Probe::VendorStatus(_) => "vendor status",
            Probe::Heartbeat(_) => "heartbeat",
        },
        state,
        word,
        since: check.last.as_ref().map(|_| check.since.timestamp()),
        detail: check
            .last
            .as_ref()
            .map(|l| l.detail.clone())
            .unwrap_or_default(),
        answered: check.last.as_ref().map(|l| l.at.timestamp()),
        days: check
            .certificate
            .as_ref()
            .map(|c| c.not_after.since(now).as_secs() / 86_400),
        component: shown::component_name(&view.plan.package, &declared.component.id),
    }
}

/// What each place says, in the order of the package; one that never did is there too.
fn places(view: &View, check: &CheckView, declared: &Check) -> Vec<Place> {
    let declared = declared.from.iter().flat_map(|from| &from.places);
    let of = |id: &Id| {
        let known = check.places.get(id);
        let last = known.and_then(|p| p.last.as_ref());
        let health = known.map_or(Health::Unknown, |p| p.health);
        let (state, word) = standing(health, last.map(|l| l.verdict));
        Place {
            id: id.to_string(),
            state,
            word,
            at: last.map(|l| l.at.timestamp()),
            took: last.map_or_else(String::new, |l| shown::length(l.took)),
            detail: last.map(|l| l.detail.clone()).unwrap_or_default(),
            heard: view.agents.get(id).map(|a| a.heard_at.timestamp()),
        }
    };
    declared.map(of).collect()
}

/// A bad answer is said at once, though it takes several to fail.
fn standing(health: Health, last: Option<CheckVerdict>) -> (Colour, &'static str) {
    let word = match (health, last) {
        (_, None) => "not asked yet",
        (Health::Ok, Some(CheckVerdict::Failing)) => return (Colour::Warn, "a bad answer"),
        (Health::Ok, _) => "answers well",
        (Health::Failing, _) => "fails",
        (Health::Unknown, _) => "cannot tell",
    };
    (shown::health(health), word)
}

/// `GET /signals/checks/{id}`
pub async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let view = site.view();
    let package = &view.plan.package;
    let found = view.checks.iter().find(|c| c.id.as_str() == id);
    let declared = found.and_then(|c| package.checks.get(&c.id));
    let (Some(check), Some(declared)) = (found, declared) else {
        return Err(Missing::thing(
            frame,
            "check of that name",
            ("All checks", "/signals/checks"),
        ));
    };
    let now = site.clock.now();
    let component = &declared.component.id;
    let template = CheckPage {
        places: places(&view, check, declared),
        agree: declared.from.as_ref().map_or_else(String::new, |from| {
            format!("{} of {} have to agree", from.agree(), from.places.len())
        }),
        row: row(&view, check, declared, now),
        target: target(&declared.probe),
        every: shown::length(declared.every),
        timeout: shown::length(declared.timeout),
        fails_after: plural(
            declared.fails_after.into(),
            "bad answer",
            "bad answers in a row",
        ),
        component: (
            shown::component_name(package, component),
            format!("/graph/{component}"),
        ),
        code: check
            .last
            .as_ref()
            .map(|l| shown::words(&l.code))
            .unwrap_or_default(),
        took: check
            .last
            .as_ref()
            .map(|l| format!("{} ms", l.took.as_millis()))
            .unwrap_or_default(),
        certificate: check.certificate.as_ref().map(|c| served(c, now)),
        strip: strip(check, &declared.name, now).svg(),
        latency: latency(check, now.timestamp()),
        watching: watching(&view, view.plan.alerts_of_check(&check.id)),
        phases: phases(check, now.timestamp()),
        notices: check
            .last
            .iter()
            .flat_map(|l| &l.seen.notices)
            .map(said)
            .collect(),
        remarks: check
            .last
            .as_ref()
            .map(|l| l.seen.remarks.clone())
            .unwrap_or_default(),
        job: job(check, declared, &site.base_url),
        shell: shell(&site, &view, &who, frame, &declared.name, Nav::Signals),
    };
    Ok(page(&template))
}

/// What is asked; references to secrets stay references.
/// What a check asks, in a line.
pub fn target(probe: &Probe) -> String {
    match probe {
        Probe::Http(http) => format!("{} {}", http.method, http.url),
        Probe::Tls(tls) => format!("{}:{}", tls.host, tls.port),
        Probe::Dns(dns) => format!("{} {}", dns.record, dns.host),
        Probe::Registration(registration) => registration.domain.to_string(),
        Probe::Tcp(tcp) => format!("{}:{}", tcp.host, tcp.port),
        Probe::Grpc(grpc) if grpc.service.is_empty() => format!("{}:{}", grpc.host, grpc.port),
        Probe::Grpc(grpc) => format!("{} at {}:{}", grpc.service, grpc.host, grpc.port),
        Probe::Acme(acme) => format!(
            "http://{}/.well-known/acme-challenge/{}",
            acme.host, acme.token
        ),
        Probe::VendorStatus(VendorProbe::GoogleCloud(google)) => match &google.url {
            Some(url) => url.to_string(),
            None => GOOGLE_CLOUD_FEED.into(),
        },
        Probe::VendorStatus(VendorProbe::Statuspage(page)) => page.url.to_string(),
        Probe::Heartbeat(_) => "the job reports by itself".into(),
    }
}

fn served(certificate: &Certificate, now: Time) -> Served {
    let lifetime = certificate
        .not_after
        .since(certificate.not_before)
        .as_millis()
        .max(1) as f64;
    let left = certificate.not_after.since(now).as_millis() as f64;
    let share = left / lifetime;
    Served {
        issuer: certificate.issuer.clone(),
        serial: certificate.serial.clone(),
        from: certificate.not_before.timestamp(),
        until: certificate.not_after.timestamp(),
        left: if left > 0.0 {
            time::duration(certificate.not_after.since(now).signed())
        } else {
            "nothing: it has ended".into()
        },
        share: format!("{} % of its lifetime", (share.max(0.0) * 100.0).round()),
        state: match share {
            s if s <= 0.0 => Colour::Bad,
            s if s < LATE_SHARE => Colour::Warn,
            _ => Colour::Ok,
        },
    }
}

fn said(notice: &Notice) -> Said {
    Said {
        state: match notice.counts {
            true => Colour::Bad,
            false => Colour::Unknown,
        },
        since: notice.since.map(|at| at.timestamp()),
        notice: notice.clone(),
    }
}

fn job(check: &CheckView, declared: &Check, base_url: &str) -> Option<Job> {
    let Probe::Heartbeat(beat) = &declared.probe else {
        return None;
    };
    let state = check.beat.clone().unwrap_or_default();
    let run = |run: &Run| JobRun {
        state: match run.code.as_str() {
            "ok" => Colour::Ok,
            _ => Colour::Bad,
        },
        word: shown::words(run.code.trim_start_matches("heartbeat_")),
        started: run.started.map(|at| at.timestamp()),
        ended: run.ended.timestamp(),
        took: run.took.map(shown::length).unwrap_or_default(),
        note: match run.exit {
            Some(code) if code != 0 => format!("exit code {code} {}", run.note),
            _ => run.note.clone(),
        },
    };
    let open = state.running.iter();
    Some(Job {
        expected: match &beat.cron {
            Some(cron) => format!("{cron} ({})", beat.zone().name()),
            None => format!("every {}", shown::length(declared.every)),
        },
        next: state.expected_at(declared, beat).map(|at| at.timestamp()),
        grace: shown::length(beat.grace),
        longest: beat
            .longest
            .map_or("until the next one".into(), shown::length),
        open: open
            .map(|(name, at)| (name.clone(), at.timestamp()))
            .collect(),
        runs: state.runs.iter().rev().map(run).collect(),
        usage: crate::heartbeats::usage(base_url, declared, beat),
    })
}

/// Where the time of answers goes, one line a phase.
fn phases(check: &CheckView, now: Timestamp) -> Option<Markup> {
    type Read = fn(&Phases) -> Option<u32>;
    let all: [(&str, Read); 4] = [
        ("DNS and connect", |p| {
            let both = [p.dns, p.connect];
            both.into_iter().flatten().reduce(u32::saturating_add)
        }),
        ("TLS", |p| p.tls),
        ("first byte", |p| p.first_byte),
        ("transfer", |p| p.transfer),
    ];
    let line = |(name, read): &(&str, Read)| {
        let seconds = |p: &Phases| read(p).map(|millis| f64::from(millis) / 1000.0);
        let points: Vec<_> = check
            .phases
            .iter()
            .map(|(at, p)| (at.timestamp(), seconds(p)))
            .collect();
        let measured = points.iter().any(|(_, value)| value.is_some());
        measured.then(|| Series {
            name: (*name).into(),
            points,
            state: None,
        })
    };
    let series: Vec<Series> = all.iter().filter_map(line).collect();
    (!series.is_empty()).then(|| {
        LineChart {
            title: "Where the time of an answer goes".into(),
            unit: Unit::Seconds,
            from: check.phases.first().map_or(now, |(at, _)| at.timestamp()),
            to: now,
            series,
            limit: None,
            marks: Vec::new(),
            scale: Scale::FromZero,
        }
        .svg()
    })
}

fn strip(check: &CheckView, name: &str, now: Time) -> HeatStrip {
    let bucket = |(at, answers): &(Time, Answers)| {
        let at = time::clock(at.timestamp(), now.timestamp());
        let (state, said) = minute(answers);
        (state, format!("{at}: {said}"))
    };
    HeatStrip {
        label: format!("{name}, last hour"),
        buckets: check.stretches.iter().map(bucket).collect(),
        from: "1 h ago".into(),
        to: "now".into(),
    }
}

fn minute(answers: &Answers) -> (Colour, String) {
    match (answers.good, answers.bad, answers.unknown) {
        (0, 0, 0) => (Colour::Unknown, "no answer".into()),
        (0, 0, n) => (Colour::Unknown, format!("{n} could not tell")),
        (good, 0, _) => (
            Colour::Ok,
            plural(good as usize, "good answer", "good answers"),
        ),
        (0, bad, _) => (
            Colour::Bad,
            plural(bad as usize, "bad answer", "bad answers"),
        ),
        (good, bad, _) => (Colour::Warn, format!("{bad} bad and {good} good answers")),
    }
}

fn latency(check: &CheckView, now: Timestamp) -> Markup {
    let mean =
        |a: &Answers| (a.good > 0).then(|| a.took_millis as f64 / f64::from(a.good) / 1000.0);
    LineChart {
        title: "How long good answers take".into(),
        unit: Unit::Seconds,
        from: check
            .stretches
            .first()
            .map_or(now, |(at, _)| at.timestamp()),
        to: now,
        series: vec![Series {
            name: "mean per minute".into(),
            points: check
                .stretches
                .iter()
                .map(|(at, a)| (at.timestamp(), mean(a)))
                .collect(),
            state: None,
        }],
        limit: None,
        marks: Vec::new(),
        scale: Scale::FromZero,
    }
    .svg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_without_an_answer_is_not_green() {
        let of = |good, bad, unknown| {
            minute(&Answers {
                good,
                bad,
                unknown,
                took_millis: 0,
            })
            .0
        };
        assert_eq!(of(0, 0, 0), Colour::Unknown);
        assert_eq!(of(0, 0, 3), Colour::Unknown);
        assert_eq!(of(1, 0, 3), Colour::Ok);
        assert_eq!(of(1, 1, 0), Colour::Warn);
        assert_eq!(of(0, 1, 0), Colour::Bad);
    }

    #[test]
    fn one_bad_answer_is_said_and_is_not_a_failure() {
        let of = |health, last| standing(health, last).0;
        assert_eq!(of(Health::Ok, Some(CheckVerdict::Ok)), Colour::Ok);
        assert_eq!(of(Health::Ok, Some(CheckVerdict::Failing)), Colour::Warn);
        assert_eq!(of(Health::Failing, Some(CheckVerdict::Ok)), Colour::Bad);
        assert_eq!(of(Health::Unknown, None), Colour::Unknown);
    }

    #[test]
    fn a_short_certificate_is_judged_by_its_lifetime() {
        let day = 86_400_000_i64;
        let cert = |left: i64| Certificate {
            not_before: Time::from_millis((left - 6) * day),
            not_after: Time::from_millis(left * day),
            issuer: String::new(),
            serial: String::new(),
        };
        let now = Time::from_millis(0);
        assert_eq!(served(&cert(2), now).state, Colour::Ok);
        assert_eq!(served(&cert(1), now).state, Colour::Warn);
        assert_eq!(served(&cert(0), now).state, Colour::Bad);
        assert_eq!(served(&cert(2), now).left, "2 d");
    }
}
