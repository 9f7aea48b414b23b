//! Inventories: a file, an endpoint or a query, read into one list of domains.
//!
//! Invariant: a list that cannot be read retires nobody, and neither does one that is cut off
//! at the limit or has lost most of its names since the last time.

use std::collections::BTreeMap;
use std::time::Duration;

use gonogo_engine::Time;
use gonogo_engine::domains::{Added, CUSTOMER_MAX, Domains, Listed, NAME_MAX};
use gonogo_model::domains::{
    Fleet, Inventory, InventoryFile, InventoryHttp, InventorySql, MAX_DOMAINS, MAX_RETIRED,
};
use serde_json::Value;

use super::Fleets;
use crate::probe::HttpTarget;

/// The most of an inventory that is read.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;
/// How long reading one may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The most rows that a query is asked for.
const MAX_ROWS: usize = MAX_DOMAINS + MAX_RETIRED;

/// So many names may be gone at once, whatever share of the list they are.
const FEW: usize = 10;

/// An entry of an inventory.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry {
    pub retired: bool,
    pub added: Option<Time>,
    pub customer: Option<String>,
}

/// An inventory as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct List {
    pub entries: BTreeMap<String, Entry>,
    pub refused: u32,
    /// There were more than are taken, so a name that is not in here may be in the list.
    pub cut: bool,
    active: usize,
    retired: usize,
}

pub(super) async fn read(fleets: &Fleets, fleet: &Fleet) -> Result<List, String> {
    match &fleet.inventory {
        Inventory::File(file) => from_file(fleets, file),
        Inventory::Http(http) => from_http(fleets, http).await,
        Inventory::Sql(sql) => {
            let asked = tokio::time::timeout(TIMEOUT, from_sql(fleets, sql));
            asked
                .await
                .map_err(|_| "the database does not answer in time".to_owned())?
        }
    }
}

fn from_file(fleets: &Fleets, file: &InventoryFile) -> Result<List, String> {
    let path = fleets.dir.join(fleets.outside.resolve(&file.path)?);
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let length = std::fs::metadata(&path).map_err(failed)?.len();
    if length > MAX_BYTES as u64 {
        return Err(format!(
            "{} is longer than {MAX_BYTES} bytes",
            path.display()
        ));
    }
    let text = std::fs::read_to_string(&path).map_err(failed)?;
    match text.trim_start().starts_with(['[', '{']) {
        true => from_json(text.as_bytes(), &Fields::default()),
        false => Ok(from_lines(&text)),
    }
}

fn from_lines(text: &str) -> List {
    let mut list = List::default();
    for line in text.lines() {
        let name = line.split('#').next().unwrap_or_default().trim();
        if !name.is_empty() {
            list.push(name, Entry::default());
        }
    }
    list
}

async fn from_http(fleets: &Fleets, http: &InventoryHttp) -> Result<List, String> {
    let mut target = HttpTarget::get(fleets.outside.resolve(&http.url)?);
    target.allow_private = http.allow_private;
    for (name, value) in &http.headers {
        let value = fleets.outside.resolve(value)?;
        target.headers.push((name.clone(), value.into()));
    }
    target.trust = crate::watch::trust(http.trust.as_ref(), &fleets.outside)?;
    let body = fleets.prober.document(&target, MAX_BYTES, TIMEOUT).await?;
    let fields = Fields {
        items: http.items.as_deref(),
        domain: &http.domain,
        retired: &http.retired,
        added: &http.added,
        customer: &http.customer,
    };
    from_json(&body, &fields)
}

/// What the fields of an item are called.
struct Fields<'a> {
    items: Option<&'a str>,
    domain: &'a str,
    retired: &'a str,
    added: &'a str,
    customer: &'a str,
}

impl Default for Fields<'_> {
    fn default() -> Self {
        Self {
            items: None,
            domain: "domain",
            retired: "retired",
            added: "added_at",
            customer: "customer",
        }
    }
}

fn from_json(body: &[u8], fields: &Fields<'_>) -> Result<List, String> {
    let whole: Value = serde_json::from_slice(body).map_err(|_| "it is not JSON".to_owned())?;
    let mut place = &whole;
    for part in fields.items.iter().flat_map(|path| path.split('.')) {
        place = place
            .get(part)
            .ok_or_else(|| format!("it has no `{part}`"))?;
    }
    if fields.items.is_none() && place.is_object() {
        place = place
            .get("domains")
            .ok_or("it is no list, and has no `domains`")?;
    }
    let items = place.as_array().ok_or("it is no list")?;
    let mut list = List::default();
    for item in items {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        let Some(name) = item.as_str().or_else(|| text(fields.domain)) else {
            list.refused = list.refused.saturating_add(1);
            continue;
        };
        list.push(
            name,
            Entry {
                retired: item
                    .get(fields.retired)
                    .and_then(Value::as_bool)
                    .unwrap_or(false),
                added: text(fields.added).and_then(moment),
                customer: text(fields.customer).map(short),
            },
        );
    }
    Ok(list)
}

async fn from_sql(fleets: &Fleets, sql: &InventorySql) -> Result<List, String> {
    let url = fleets.outside.resolve(&sql.url)?;
    if sql.trust.is_some() {
        return Err("TLS to the database is not spoken here yet; use a local proxy".into());
    }
    // A database error can quote values, and never the connection string.
    let failed = |what: &str, error: &tokio_postgres::Error| {
        let code = error.code().map_or("no answer", |code| code.code());
        format!("{what} ({code})")
    };
    let (mut client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .map_err(|error| failed("the database cannot be reached", &error))?;
    let running = tokio::spawn(connection);
    let outcome = async {
        let reading = client.build_transaction().read_only(true).start().await;
        let reading = reading.map_err(|e| failed("the database refuses to be read only", &e))?;
        reading
            .batch_execute("SET LOCAL statement_timeout = '30s'")
            .await
            .map_err(|e| failed("the database takes no time limit", &e))?;
        // One more than fits, so that a list that is too long is noticed and not read whole.
        let limited = format!(
            "SELECT to_jsonb(listed)::text FROM ({}) AS listed LIMIT {}",
            sql.query.trim().trim_end_matches(';'),
            MAX_ROWS + 1
        );
        let rows = reading.query(&limited, &[]).await;
        rows.map_err(|e| failed("the query failed", &e))
    };
    let rows = outcome.await;
    running.abort();
    let rows: Vec<String> = rows?.iter().map(|row| row.get(0)).collect();
    let text = format!("[{}]", rows.join(","));
    let mut list = from_json(text.as_bytes(), &Fields::default())?;
    list.cut |= rows.len() > MAX_ROWS;
    Ok(list)
}

impl List {
    fn push(&mut self, name: &str, entry: Entry) {
        let Some(name) = normal(name) else {
            self.refused = self.refused.saturating_add(1);
            return;
        };
        let before = self.entries.get(&name).map(|e| e.retired);
        if before != Some(entry.retired) {
            let (held, most) = match entry.retired {
                true => (&mut self.retired, MAX_RETIRED),
                false => (&mut self.active, MAX_DOMAINS),
            };
            if *held >= most {
                self.refused = self.refused.saturating_add(1);
                // A retired name that is not taken reads as one that is gone, which it is.
                self.cut |= !entry.retired;
                return;
            }
            *held += 1;
            match before {
                Some(true) => self.retired -= 1,
                Some(false) => self.active -= 1,
                None => {}
            }
        }
        self.entries.insert(name, entry);
    }
}

/// A name as DNS has it; `None` for what is no domain.
fn normal(name: &str) -> Option<String> {
    let url =
        reqwest::Url::parse(&format!("https://{}/", name.trim().trim_end_matches('.'))).ok()?;
    let host = url.host_str()?;
    let plain = url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    let domain = host.contains('.') && host.parse::<std::net::Ipv4Addr>().is_err();
    let fits = host.len() <= NAME_MAX && host.split('.').all(|l| !l.is_empty() && l.len() <= 63);
    (plain && domain && fits && !host.starts_with('[')).then(|| host.to_owned())
}

fn moment(text: &str) -> Option<Time> {
    let day = || {
        let day: jiff::civil::Date = text.get(..10)?.parse().ok()?;
        Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    };
    text.parse::<jiff::Timestamp>()
        .ok()
        .or_else(day)
        .map(Time::from)
}

fn short(text: &str) -> String {
    text.chars().take(CUSTOMER_MAX).collect()
}

/// What a list changes about what is known, or why it is not believed.
pub(super) fn changes(list: &List, known: &Domains) -> Result<Listed, String> {
    let mut listed = Listed {
        refused: list.refused,
        ..Listed::default()
    };
    let mut unseen = Vec::new();
    for (name, entry) in &list.entries {
        let before = known.get(name.as_str());
        let active = before.is_some_and(|d| d.retired_at.is_none());
        let same_customer =
            before.is_some_and(|d| d.customer.as_deref() == entry.customer.as_deref());
        match entry.retired {
            true if before.is_none() => unseen.push((name, entry)),
            true if active => listed.retired.push(name.clone()),
            true => {}
            false if active && same_customer => {}
            false => listed.added.push(added(name, entry)),
        }
    }
    if !list.cut {
        let active = known
            .iter()
            .filter(|(_, domain)| domain.retired_at.is_none());
        let count = active.clone().count();
        let gone = active.filter(|(name, _)| !list.entries.contains_key(&***name));
        let gone: Vec<String> = gone.map(|(name, _)| name.to_string()).collect();
        // It is more likely a mistake than the end of the business.
        if gone.len() > FEW.min(count.saturating_sub(1)) && gone.len() > count / 2 {
            return Err(format!(
                "the list has lost {} of {count} names at once, so nothing of it is believed; mark names as retired, or take them out in smaller steps",
                gone.len()
            ));
        }
        listed.retired.extend(gone);
    }
    // Retired before we ever saw it: it is watched all the same, where there is room. One that
    // was forgotten for want of room is not seen as new each time.
    let held = known.values().filter(|d| d.retired_at.is_some()).count() + listed.retired.len();
    for (name, entry) in unseen.into_iter().take(MAX_RETIRED.saturating_sub(held)) {
        listed.added.push(added(name, entry));
        listed.retired.push(name.clone());
    }
    Ok(listed)
}

fn added(name: &str, entry: &Entry) -> Added {
    Added {
        domain: name.to_owned(),
        at: entry.added,
        customer: entry.customer.clone(),
    }
}

#[cfg(test)]
mod tests {
    use gonogo_engine::domains::Domain;

    use super::*;

    fn names(list: &List) -> Vec<&str> {
        list.entries.keys().map(String::as_str).collect()
    }

    #[test]
    fn lines_and_json_are_read_and_rubbish_is_counted() {
        let list = from_lines(
            "# ours\nShop.Example.com.\n\n  bücher.example # a shop\nlocalhost\n192.0.2.1\na/b.example\n",
        );
        assert_eq!(names(&list), ["shop.example.com", "xn--bcher-kva.example"]);
        assert_eq!(list.refused, 3);
        let json = br#"{"domains": ["a.example", {"domain": "b.example", "retired": true, "customer": "B"}, {"name": "x"}, 7]}"#;
        let list = from_json(json, &Fields::default()).unwrap();
        assert_eq!(names(&list), ["a.example", "b.example"]);
        assert!(list.entries["b.example"].retired);
        assert_eq!(list.refused, 2);
        let nested = Fields {
            items: Some("data.hosts"),
            domain: "host",
            added: "since",
            ..Fields::default()
        };
        let json = br#"{"data": {"hosts": [{"host": "c.example", "since": "2026-01-02"}]}}"#;
        let list = from_json(json, &nested).unwrap();
        assert_eq!(
            list.entries["c.example"].added,
            moment("2026-01-02T00:00:00Z")
        );
        for bad in [&b"<html>"[..], b"7", b"{}", b""] {
            assert!(from_json(bad, &Fields::default()).is_err());
        }
    }

    #[test]
    fn only_so_many_are_taken() {
        let text: String = (0..MAX_DOMAINS + 3)
            .map(|n| format!("d{n}.example\n"))
            .collect();
        let list = from_lines(&text);
        assert_eq!((list.entries.len(), list.refused), (MAX_DOMAINS, 3));
    }

    #[test]
    fn retired_entries_have_an_allowance_of_their_own() {
        let item = |n: usize, retired: bool| serde_json::json!({"domain": format!("d{n}.example"), "retired": retired});
        let many = MAX_DOMAINS + MAX_RETIRED;
        let items: Vec<Value> = (0..many).map(|n| item(n, n < MAX_RETIRED)).collect();
        let text = Value::Array(items.clone()).to_string();
        let list = from_json(text.as_bytes(), &Fields::default()).unwrap();
        assert_eq!(
            (list.entries.len(), list.refused, list.cut),
            (many, 0, false)
        );
        let mut items = items;
        items.push(item(many, true));
        let text = Value::Array(items.clone()).to_string();
        let list = from_json(text.as_bytes(), &Fields::default()).unwrap();
        assert_eq!(
            (list.entries.len(), list.refused, list.cut),
            (many, 1, false)
        );
        // Said twice, the last word holds, and takes one place.
        let said = [item(1, true), item(1, false), item(1, true)];
        let text = Value::Array(said.to_vec()).to_string();
        let list = from_json(text.as_bytes(), &Fields::default()).unwrap();
        assert_eq!((list.active, list.retired), (0, 1));
        // What was forgotten for want of room does not come back with the next reading.
        let gone = Domain {
            retired_at: Some(Time::default()),
            ..Domain::default()
        };
        let known: Domains = (0..MAX_RETIRED - 1)
            .map(|n| (format!("old{n}.example").into(), gone.clone()))
            .collect();
        let text = Value::Array(vec![item(7, true), item(8, true)]).to_string();
        let list = from_json(text.as_bytes(), &Fields::default()).unwrap();
        let listed = changes(&list, &known).unwrap();
        assert_eq!(listed.retired, ["d7.example"]);
        assert_eq!(listed.added.len(), 1);
    }

    #[test]
    fn only_changes_are_told_and_an_empty_list_is_not_believed() {
        let mut known = Domains::new();
        known.insert("kept.example".into(), Domain::default());
        known.insert("gone.example".into(), Domain::default());
        let list = from_lines("kept.example\nnew.example\n");
        let listed = changes(&list, &known).unwrap();
        let added: Vec<&str> = listed.added.iter().map(|a| a.domain.as_str()).collect();
        assert_eq!(added, ["new.example"]);
        assert_eq!(listed.retired, ["gone.example"]);
        assert!(changes(&List::default(), &known).is_err());
    }

    #[test]
    fn a_list_that_is_cut_off_or_shrinks_suddenly_retires_nobody() {
        let names =
            |count: usize| -> String { (0..count).map(|n| format!("d{n}.example\n")).collect() };
        let known: Domains = (0..40)
            .map(|n| (format!("d{n}.example").into(), Domain::default()))
            .collect();
        let smaller = changes(&from_lines(&names(20)), &known).unwrap();
        assert_eq!(smaller.retired.len(), 20, "half of them may be gone");
        let why = changes(&from_lines(&names(19)), &known).unwrap_err();
        assert!(why.contains("21 of 40"), "{why}");
        let cut = from_lines(&names(MAX_DOMAINS + 1));
        let mut known = known;
        known.insert("beyond.example".into(), Domain::default());
        assert_eq!(changes(&cut, &known).unwrap().retired, Vec::<String>::new());
    }
}
