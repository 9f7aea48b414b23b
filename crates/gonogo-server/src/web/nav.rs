//! The places of the application, in the order in which the navigation shows them.
//!
//! A place has one word, one path, one key and one icon, here and nowhere else.

use super::components::Markup;

/// A place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nav {
    /// Is anything wrong?
    Overview,
    /// What is, and was.
    Incidents,
    /// Which source, flow, SLO or check is silent, late or burning.
    Signals,
    /// Which customer domain breaks next.
    Domains,
    /// Who is it now, who is next.
    OnCall,
    /// What depends on what.
    Graph,
    /// GO or NO-GO.
    Launch,
    /// Which failure mode is unproven or unowned.
    Risks,
    /// Is there one, is it proven.
    Runbooks,
    /// What was proven, what was found.
    Rehearsals,
    /// What customers see.
    Status,
    /// People, tokens, sources, channels, audit.
    Settings,
}

impl Nav {
    /// The groups of the navigation: what is now, how ready we are, the rest.
    pub const GROUPS: [&'static [Self]; 3] = [
        &[
            Self::Overview,
            Self::Incidents,
            Self::Signals,
            Self::Domains,
            Self::OnCall,
            Self::Graph,
        ],
        &[Self::Launch, Self::Risks, Self::Runbooks, Self::Rehearsals],
        &[Self::Status, Self::Settings],
    ];

    /// What stands at the bottom of a phone; the rest is under "More".
    pub const THUMB: [Self; 4] = [Self::Overview, Self::Incidents, Self::Signals, Self::OnCall];

    /// Whether it stands at the bottom of a phone.
    pub fn is_thumb(&self) -> bool {
        Self::THUMB.contains(self)
    }

    /// Its word.
    pub fn word(&self) -> &'static str {
        self.row().0
    }

    /// Its path.
    pub fn path(&self) -> &'static str {
        self.row().1
    }

    /// The key that goes there after `g`.
    pub fn key(&self) -> &'static str {
        self.row().2
    }

    /// Its picture, 16 by 16.
    pub fn icon(&self) -> Markup {
        icon(self.row().3)
    }

    fn row(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Overview => ("Overview", "/", "o", "M2 8.5h2.6L6.4 4l3.2 8 1.8-3.5H14"),
            Self::Incidents => (
                "Incidents",
                "/incidents",
                "i",
                "M8 2.2 14.2 13H1.8zM8 6.4v3M8 11.3v.1",
            ),
            Self::Signals => (
                "Signals",
                "/signals",
                "s",
                "M2.5 13.5V9M6.2 13.5v-7M9.8 13.5V8M13.5 13.5v-11",
            ),
            Self::Domains => (
                "Domains",
                "/domains",
                "d",
                "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM2.2 8h11.6M8 2c-4 4-4 8 0 12M8 2c4 4 4 8 0 12",
            ),
            Self::OnCall => (
                "On call",
                "/oncall",
                "c",
                "M8 2.4a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4ZM2.8 13.8c.5-2.6 2.5-3.9 5.2-3.9s4.7 1.3 5.2 3.9",
            ),
            Self::Graph => (
                "Graph",
                "/graph",
                "g",
                "M2 6h4v4H2zM10.5 2h3.5v3.5h-3.5zM10.5 10.5h3.5V14h-3.5zM6 8h2.2M10.5 3.8H8.2v8.4h2.3",
            ),
            Self::Launch => (
                "Launch",
                "/launch",
                "l",
                "M3.5 14V2.5M3.5 3h8.8l-1.9 3 1.9 3H3.5",
            ),
            Self::Risks => (
                "Risks",
                "/risks",
                "k",
                "M8 1.8 13.2 3.8v4c0 3-2.1 5.2-5.2 6.4C4.9 13 2.8 10.8 2.8 7.8v-4z",
            ),
            Self::Runbooks => (
                "Runbooks",
                "/runbooks",
                "r",
                "M3 13V3.5C3 2.7 3.7 2 4.5 2H13v12H4.2a1.2 1.2 0 0 1 0-2.5H13M6 5.2h4",
            ),
            Self::Rehearsals => (
                "Rehearsals",
                "/rehearsals",
                "h",
                "M13.5 8A5.5 5.5 0 1 1 11.6 3.8M13.7 2v3h-3M6.8 5.8v4.4L10.3 8z",
            ),
            Self::Status => (
                "Status page",
                "/status",
                "p",
                "M2 3h12v8H2zM5.5 14h5M8 11v3M5 7.2l2 1.8 4-4",
            ),
            Self::Settings => (
                "Settings",
                "/settings",
                "t",
                "M2 4.5h7M12.5 4.5H14M2 11.5h1.5M7 11.5h7M10.7 2.8a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4ZM5.2 9.8a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4Z",
            ),
        }
    }
}

/// A line icon, 16 by 16, in the colour of the text. The path must be ours.
pub fn icon(path: &'static str) -> Markup {
    Markup::trusted(format!(
        "<svg width=\"16\" height=\"16\" viewBox=\"0 0 16 16\" fill=\"none\" stroke=\"currentColor\" \
         stroke-width=\"1.5\" stroke-linecap=\"round\" stroke-linejoin=\"round\" aria-hidden=\"true\">\
         <path d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn words_paths_and_keys_are_unique() {
        let all: Vec<Nav> = Nav::GROUPS.concat();
        for pick in [Nav::word, Nav::path, Nav::key] {
            let set: BTreeSet<&str> = all.iter().map(pick).collect();
            assert_eq!(set.len(), all.len());
        }
        assert!(Nav::THUMB.iter().all(|nav| all.contains(nav)));
    }
}
