//! Domains: a table that stays fast with ten thousand rows, and a page for each.
//!
//! Only the rows of one page become markup; the others are counted, filtered and sorted as
//! they lie in memory. Invariant: what the CSV holds is what the filter shows, all pages of it.

use std::convert::Infallible;

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures::{StreamExt as _, stream};
use gonogo_engine::Time;
use gonogo_engine::domains::{
    Caa, Dns, Domain, Served, customer_sentence, inside_sentence, why_in_a_word,
};
use gonogo_model::Id;
use gonogo_model::domains::{DomainStage, MAX_RETIRED, Whose};
use jiff::Timestamp;

use crate::auth::Identity;
use crate::shell::{Missing, shell};
use crate::shown::plural;
use crate::site::Site;
use crate::view::View;
use crate::web::components::State as Colour;
use crate::web::components::items::Tab;
use crate::web::components::table::{TableQuery, Window};
use crate::web::csv::cell;
use crate::web::{Frame, Nav, Shell, page};

const DAY_SECONDS: i64 = 86_400;
/// Rows of the CSV that are written at once.
const CSV_PART_ROWS: usize = 200;

/// The pages.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/domains", get(list))
        .route("/domains.csv", get(csv))
        .route("/domains/{fleet}/{domain}", get(show))
}

/// A domain in a list.
struct Row {
    fleet: String,
    name: String,
    stage: String,
    state: Colour,
    why: &'static str,
    whose: &'static str,
    since: Timestamp,
    days: Option<i64>,
    customer: String,
}

impl Row {
    fn href(&self) -> String {
        format!("/domains/{}/{}", self.fleet, self.name)
    }
}

#[derive(Template)]
#[template(path = "domains/list.html")]
struct ListPage {
    shell: Shell,
    sub: String,
    troubles: Vec<String>,
    tabs: Vec<Tab>,
    turns: Vec<Tab>,
    rows: Vec<Row>,
    query: TableQuery,
    window: Window,
    csv: String,
}

#[derive(Template)]
#[template(path = "domains/one.html")]
struct OnePage {
    shell: Shell,
    row: Row,
    fleet: String,
    headline: String,
    inside: &'static str,
    sentence: Option<String>,
    past: Vec<Before>,
    facts: Vec<(&'static str, &'static str)>,
    until: Option<Timestamp>,
    added: Timestamp,
    mute: Option<Timestamp>,
}

struct Before {
    since: Timestamp,
    until: Timestamp,
    stage: String,
    state: Colour,
    why: &'static str,
}

/// A domain with the fleet that it belongs to.
type Found<'v> = (&'v Id, &'v str, &'v Domain);

async fn list(
    who: Identity,
    State(site): State<Site>,
    frame: Frame,
    uri: axum::http::Uri,
) -> Response {
    let (view, now) = (site.view(), site.clock.now());
    if view.plan.package.fleets.is_empty() {
        return crate::places::certificates(who, State(site), frame).await;
    }
    let query = TableQuery::from_uri(&uri);
    let all = of_fleet(&view, &query);
    let tabs = tabs(&all, &query);
    let found = found(&all, &query);
    let window = query.window(found.len());
    let rows = found[window.start..window.end].iter();
    let total = plural(all.len(), "domain", "domains");
    let template = ListPage {
        sub: format!("{total} that customers brought along, those that need a look first"),
        troubles: troubles(&view),
        tabs,
        turns: turns(&all, &query),
        rows: rows.map(|found| row(*found, now)).collect(),
        csv: href(&query, "/domains.csv"),
        window,
        query,
        shell: shell(&site, &view, &who, frame, "Domains", Nav::Domains),
    };
    page(&template)
}

/// `GET /domains.csv`: a part at a time, so that nobody holds ten thousand rows as text.
async fn csv(_who: Identity, State(site): State<Site>, uri: axum::http::Uri) -> Response {
    let (view, now) = (site.view(), site.clock.now());
    let query = TableQuery::from_uri(&uri);
    let all = of_fleet(&view, &query);
    let found = found(&all, &query).into_iter();
    let places: Vec<(Id, Box<str>)> = found.map(|(id, n, _)| (id.clone(), n.into())).collect();
    let head = "domain,fleet,stage,why,whose,since,certificate_until,customer,sentence\r\n";
    let head = stream::iter([Ok::<_, Infallible>(head.to_owned())]);
    let parts = stream::unfold(0, move |from| {
        let until = (from + CSV_PART_ROWS).min(places.len());
        let part = (from < until).then(|| {
            let rows = places[from..until].iter();
            let text: String = rows.map(|(id, name)| line(&view, id, name, now)).collect();
            (Ok(text), until)
        });
        std::future::ready(part)
    });
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"domains.csv\""),
    ];
    (headers, Body::from_stream(head.chain(parts))).into_response()
}

/// A domain as a line of the CSV.
fn line(view: &View, fleet: &Id, name: &str, now: Time) -> String {
    let state = view.fleets.iter().find(|(id, _)| *id == fleet);
    let Some(domain) = state.and_then(|(_, state)| state.domains.get(name)) else {
        return String::new();
    };
    let row = row((fleet, name, domain), now);
    let until = domain.seen.until.map(|at| at.to_string());
    let declared = view.plan.package.fleets.get(fleet);
    let sentence = declared.and_then(|f| customer_sentence(f, name, domain));
    let cells = [
        name,
        fleet.as_str(),
        domain.stage.map_or("", DomainStage::word),
        row.why,
        row.whose,
        &row.since.to_string(),
        until.as_deref().unwrap_or_default(),
        &row.customer,
        sentence.as_deref().unwrap_or_default(),
    ];
    let cells: Vec<String> = cells.iter().map(|c| cell(c)).collect();
    format!("{}\r\n", cells.join(","))
}

async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path((fleet, name)): Path<(String, String)>,
) -> Result<Response, Missing> {
    let (view, now) = (site.view(), site.clock.now());
    let found = view.fleets.iter().find(|(id, _)| id.as_str() == fleet);
    let declared = found.and_then(|(id, _)| view.plan.package.fleets.get(id));
    let domain = found.and_then(|(id, state)| {
        let (name, domain) = state.domains.get_key_value(name.as_str())?;
        Some((id, &**name, domain))
    });
    let (Some(fleet), Some((id, name, domain))) = (declared, domain) else {
        let way_out = ("All domains", "/domains");
        return Err(Missing::thing(frame, "domain of that name", way_out));
    };
    let ends = domain
        .past
        .iter()
        .skip(1)
        .map(|p| p.since)
        .chain([domain.since]);
    let past = domain.past.iter().zip(ends).map(|(before, until)| Before {
        since: before.since.timestamp(),
        until: until.timestamp(),
        stage: words(before.stage),
        state: colour(Some(before.stage), None),
        why: why_in_a_word(before.why),
    });
    let mut past: Vec<Before> = past.collect();
    past.reverse();
    let row = row((id, name, domain), now);
    let template = OnePage {
        headline: headline(&row),
        row,
        fleet: fleet.name.clone(),
        inside: inside_sentence(domain),
        sentence: customer_sentence(fleet, name, domain),
        past,
        facts: facts(domain, fleet.edge.is_some()),
        until: domain.seen.until.map(Time::timestamp),
        added: domain.added.timestamp(),
        mute: domain.mute_since.map(Time::timestamp),
        shell: shell(&site, &view, &who, frame, name, Nav::Domains),
    };
    Ok(page(&template))
}

/// The domains of the fleet that the URL names, or of all.
fn of_fleet<'v>(view: &'v View, query: &TableQuery) -> Vec<Found<'v>> {
    let wanted = query.get("fleet").unwrap_or_default();
    let fleets = view.fleets.iter();
    let fleets = fleets.filter(|(id, _)| wanted.is_empty() || id.as_str() == wanted);
    let domains = fleets.flat_map(|(id, state)| {
        let domains = state.domains.iter();
        domains.map(move |(name, domain)| (id, &**name, domain))
    });
    domains.collect()
}

/// Those that pass the filter and stand where the URL says, in its order.
fn found<'v>(all: &[Found<'v>], query: &TableQuery) -> Vec<Found<'v>> {
    let stage = query.get("stage").and_then(DomainStage::from_word);
    let whose = query.get("whose").and_then(Whose::from_word);
    let passes = |(_, name, d): &Found<'_>| {
        stage.is_none_or(|s| d.stage == Some(s))
            && whose.is_none_or(|w| d.whose == Some(w))
            && query.matches(&[
                name,
                d.customer.as_deref().unwrap_or_default(),
                why_in_a_word(d.why),
            ])
    };
    let mut found: Vec<Found<'v>> = all.iter().filter(|f| passes(f)).copied().collect();
    match query.sort.as_str() {
        "name" => found.sort_by(|a, b| a.1.cmp(b.1)),
        "stage" => found.sort_by_key(|(_, _, d)| d.stage),
        "whose" => found.sort_by_key(|(_, _, d)| d.whose),
        "since" => found.sort_by_key(|(_, _, d)| d.since),
        "days" => found.sort_by_key(|(_, _, d)| d.seen.until.map_or(i64::MAX, Time::as_millis)),
        _ => found.sort_by_key(|(_, _, d)| (attention(d), d.since)),
    }
    if query.descending {
        found.reverse();
    }
    found
}

/// How much a look is needed; less comes first.
fn attention(domain: &Domain) -> u8 {
    match (domain.stage, domain.whose) {
        (Some(DomainStage::Broken), Some(Whose::Ours)) => 0,
        (
            Some(DomainStage::Broken | DomainStage::Expiring),
            Some(Whose::Ours | Whose::Authority),
        ) => 1,
        (Some(DomainStage::Unknown), _) => 2,
        (Some(DomainStage::Broken | DomainStage::Expiring), _) => 3,
        (Some(DomainStage::Left | DomainStage::Renewing), _) => 4,
        (Some(DomainStage::PendingDns | DomainStage::Verified | DomainStage::Issuing), _) => 5,
        (None, _) => 6,
        (Some(DomainStage::Retired), Some(_)) => 7,
        _ => 8,
    }
}

fn tabs(all: &[Found<'_>], query: &TableQuery) -> Vec<Tab> {
    let current = query.get("stage").and_then(DomainStage::from_word);
    let shown = current.map_or_else(|| "All".to_owned(), words);
    let mut tabs =
        vec![Tab::new("All", query.href_with("stage", ""), &shown).with_count(all.len() as u64)];
    for stage in DomainStage::ALL {
        let count = all
            .iter()
            .filter(|(_, _, d)| d.stage == Some(*stage))
            .count();
        if count > 0 || current == Some(*stage) {
            let href = query.href_with("stage", stage.word());
            tabs.push(Tab::new(&words(*stage), href, &shown).with_count(count as u64));
        }
    }
    tabs
}

/// Whose turn it is, for those that stand where the URL says.
fn turns(all: &[Found<'_>], query: &TableQuery) -> Vec<Tab> {
    let stage = query.get("stage").and_then(DomainStage::from_word);
    let current = query.get("whose").and_then(Whose::from_word);
    let shown = current.map_or_else(|| "Anybody's".to_owned(), |w| capital(turn(Some(w))));
    let mut turns = vec![Tab::new("Anybody's", query.href_with("whose", ""), &shown)];
    for whose in Whose::ALL {
        let count = all
            .iter()
            .filter(|(_, _, d)| d.whose == Some(*whose) && stage.is_none_or(|s| d.stage == Some(s)))
            .count();
        if count > 0 || current == Some(*whose) {
            let href = query.href_with("whose", whose.word());
            let tab = Tab::new(&capital(turn(Some(*whose))), href, &shown);
            turns.push(tab.with_count(count as u64));
        }
    }
    turns
}

fn turn(whose: Option<Whose>) -> &'static str {
    match whose {
        Some(Whose::Ours) => "ours",
        Some(Whose::Theirs) => "the customer's",
        Some(Whose::Authority) => "the authority's",
        Some(Whose::Unknown) => "nobody can say",
        None => "",
    }
}

/// "The certificate has ended; this is ours."
fn headline(row: &Row) -> String {
    let why = capital(row.why);
    match row.whose {
        "" => format!("{why}."),
        "nobody can say" => format!("{why}; nobody can say whose trouble that is."),
        whose => format!("{why}; this is {whose} to mend."),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect()
}

fn troubles(view: &View) -> Vec<String> {
    let mut troubles = Vec::new();
    for (id, state) in &view.fleets {
        let name = view
            .plan
            .package
            .fleets
            .get(id)
            .map_or(id.as_str(), |f| f.name.as_str());
        if let Some(why) = &state.unlisted {
            troubles.push(format!("The inventory of {name} cannot be read: {why}."));
        }
        if state.forgotten > 0 && state.retired() >= MAX_RETIRED {
            let names = plural(state.forgotten as usize, "name", "names");
            let kept = plural(MAX_RETIRED, "retired name", "retired names");
            troubles.push(format!(
                "{kept} of {name} are watched, and no more fit: {names} that went first were forgotten."
            ));
        }
        if state.refused > 0 {
            let entries = plural(state.refused as usize, "entry", "entries");
            troubles.push(format!(
                "{entries} of the inventory of {name} cannot be watched: no domain names, or more than fit."
            ));
        }
    }
    troubles
}

fn row((fleet, name, domain): Found<'_>, now: Time) -> Row {
    let until = domain.seen.until;
    Row {
        fleet: fleet.to_string(),
        name: name.to_owned(),
        stage: domain.stage.map_or_else(|| "not asked yet".into(), words),
        state: colour(domain.stage, domain.whose),
        why: why_in_a_word(domain.why),
        whose: turn(domain.whose),
        since: domain.since.timestamp(),
        days: until.map(|at| (at.as_millis() - now.as_millis()).div_euclid(DAY_SECONDS * 1000)),
        customer: domain.customer.as_deref().unwrap_or_default().to_owned(),
    }
}

fn words(stage: DomainStage) -> String {
    match stage {
        DomainStage::PendingDns => "pending DNS".into(),
        other => other.word().replace('_', " "),
    }
}

fn colour(stage: Option<DomainStage>, whose: Option<Whose>) -> Colour {
    match (stage, whose) {
        (Some(DomainStage::Active | DomainStage::Verified | DomainStage::Issuing), _) => Colour::Ok,
        (Some(DomainStage::Broken), Some(Whose::Ours | Whose::Authority) | None) => Colour::Bad,
        (Some(DomainStage::Retired), None) => Colour::Ok,
        (None | Some(DomainStage::Unknown), _) => Colour::Unknown,
        _ => Colour::Warn,
    }
}

fn facts(domain: &Domain, edge: bool) -> Vec<(&'static str, &'static str)> {
    let seen = &domain.seen;
    let served = |served| match served {
        Served::Unknown => "not told",
        Served::Valid => "a valid certificate",
        Served::Expired => "a certificate that has ended",
        Served::Missing => "no certificate for this name",
        Served::Broken => "a certificate that does not verify",
        Served::Unreachable => "no connection",
    };
    let dns = match seen.dns {
        Dns::Unknown => "not told",
        Dns::Right => "leads to us",
        Dns::Elsewhere => "leads elsewhere",
        Dns::Nothing => "no address",
        Dns::Bogus => "broken DNSSEC signatures",
        Dns::Circle => "aliases in a circle",
    };
    let caa = match seen.caa {
        Caa::Unknown => "not told",
        Caa::Allows => "our issuer may issue",
        Caa::Forbids => "our issuer may not issue",
    };
    let mut facts = vec![
        ("DNS", dns),
        ("CAA", caa),
        ("Under its name", served(seen.site)),
    ];
    if edge {
        facts.push(("At our edge", served(seen.edge)));
    }
    facts
}

/// The same query at another path.
fn href(query: &TableQuery, path: &str) -> String {
    let same = query.page_href(1);
    match same.split_once('?') {
        Some((_, rest)) => format!("{path}?{rest}"),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_comes_before_theirs() {
        let of = |stage, whose| {
            attention(&Domain {
                stage: Some(stage),
                whose,
                ..Domain::default()
            })
        };
        let ours = of(DomainStage::Broken, Some(Whose::Ours));
        let theirs = of(DomainStage::Broken, Some(Whose::Theirs));
        assert!(ours < theirs && theirs < of(DomainStage::Active, None));
    }
}
