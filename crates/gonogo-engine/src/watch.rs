//! Who else listens to an event: SLOs that count it, changes that it tells of, alerts that wait
//! for it.
//!
//! Found by source, by type, and by the value of the first field that has to match, so an event
//! costs nothing for a listener that a single comparison rules out.

use std::collections::BTreeMap;

use gonogo_model::alert::Condition;
use gonogo_model::change::ChangeSignal;
use gonogo_model::event::Event;
use gonogo_model::slo::Sli;
use gonogo_model::{Id, Package};

/// Somebody who listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listener {
    /// An SLO that counts it.
    Slo(Id),
    /// A change that it tells of.
    Change(Id),
    /// An alert that fires when none comes.
    Absence(Id),
}

/// Everybody who listens, by what they listen to.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    by_source: BTreeMap<Id, BTreeMap<String, OfType>>,
}

/// Listeners to one type of event; the empty type stands for any.
#[derive(Debug, Default)]
struct OfType {
    always: Vec<Listener>,
    by_field: BTreeMap<String, BTreeMap<String, Vec<Listener>>>,
}

impl Listeners {
    pub(crate) fn of(package: &Package) -> Self {
        let mut out = Self::default();
        for (id, slo) in &package.slos {
            if let Sli::Events(e) = &slo.sli {
                let types: Vec<&String> = e.event.iter().chain(&e.good_event).collect();
                out.add(&e.source.id, &types, &e.only, &Listener::Slo(id.clone()));
            }
        }
        for (id, change) in &package.changes {
            if let ChangeSignal::Events(e) = &change.told_by {
                let types: Vec<&String> = e.event.iter().collect();
                out.add(&e.source.id, &types, &e.only, &Listener::Change(id.clone()));
            }
        }
        for (id, alert) in &package.alerts {
            if let Condition::NoEvents(c) = &alert.when {
                let types: Vec<&String> = c.event.iter().collect();
                out.add(
                    &c.source.id,
                    &types,
                    &c.only,
                    &Listener::Absence(id.clone()),
                );
            }
        }
        out
    }

    fn add(
        &mut self,
        source: &Id,
        types: &[&String],
        only: &BTreeMap<String, Vec<String>>,
        listener: &Listener,
    ) {
        let of_source = self.by_source.entry(source.clone()).or_default();
        let any = String::new();
        let types = if types.is_empty() { &[&any][..] } else { types };
        for kind in types {
            let of_type = of_source.entry((*kind).clone()).or_default();
            let Some((field, values)) = only.first_key_value() else {
                once(&mut of_type.always, listener);
                continue;
            };
            let by_value = of_type.by_field.entry(field.clone()).or_default();
            for value in values {
                once(by_value.entry(value.clone()).or_default(), listener);
            }
        }
    }

    /// Those who may be concerned by an event; whether its other fields match is still to be seen.
    pub(crate) fn to<'a>(&'a self, event: &'a Event) -> impl Iterator<Item = &'a Listener> {
        let of_source = self.by_source.get(&event.source);
        let of_types = [event.kind.as_str(), ""]
            .into_iter()
            .filter_map(move |kind| of_source?.get(kind));
        of_types.flat_map(|of_type| {
            let by_field = of_type
                .by_field
                .iter()
                .filter_map(|(field, by_value)| by_value.get(&event.fields.get(field)?.as_key()?));
            of_type.always.iter().chain(by_field.flatten())
        })
    }
}

fn once(list: &mut Vec<Listener>, listener: &Listener) {
    if !list.contains(listener) {
        list.push(listener.clone());
    }
}
