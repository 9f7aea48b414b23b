//! Points in time as people write them: an instant, a local date and time, a time zone.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::decode::{Cx, Decode, Definitions, scalar};
use crate::yaml::Node;

/// A named time zone of the bundled database, such as `Europe/Berlin`.
///
/// The bundled one and never the system's, so that a schedule means the same everywhere.
#[derive(Clone)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self {
            name: "UTC".into(),
            zone: TimeZone::UTC,
        }
    }

    /// Finds a zone by its IANA name.
    pub fn parse(name: &str) -> Result<Self, String> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::utc());
        }
        jiff::tz::TimeZoneDatabase::bundled()
            .get(name)
            .map(|zone| Self {
                name: name.into(),
                zone,
            })
            .map_err(|_| {
                format!("`{name}` is not a time zone: write an IANA name such as `Europe/Berlin`")
            })
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Local time in this zone.
    pub fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// The instant of a local time; in a gap the later, in an overlap the earlier one
    /// (RFC 5545, section 3.3.5).
    pub fn instant(&self, local: DateTime) -> Timestamp {
        self.zone
            .to_ambiguous_timestamp(local)
            .compatible()
            .unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Decode for Zone {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        scalar(node, cx, "a time zone", Self::parse)
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$"})
    }

    fn written(&self) -> Option<serde_json::Value> {
        Some(self.name().into())
    }
}

/// A date and time on the wall, to be read in the zone of whoever holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local(pub DateTime);

impl Decode for Local {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        scalar(node, cx, "a local date, or date and time", |text| {
            // A zone or an offset here would be dropped without a word: refuse it.
            let zoned = text.ends_with('Z') || text.contains('+') || text.matches('-').count() > 2;
            let parsed = (!zoned).then(|| text.parse::<DateTime>().ok()).flatten();
            parsed.map(Self).ok_or_else(|| {
                format!("`{text}` is not a local date and time: write `2026-11-23T09:00`")
            })
        })
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?$",
        })
    }
}

/// An instant, written in RFC 3339 with its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub Timestamp);

impl Decode for Instant {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        scalar(node, cx, "an instant", |text| {
            text.parse().map(Self).map_err(|_| {
                format!(
                    "`{text}` is not an instant: write it with its offset, `2026-11-23T09:00:00Z`"
                )
            })
        })
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?([Zz]|[-+][0-9]{2}(:?[0-9]{2})?)$",
        })
    }
}
