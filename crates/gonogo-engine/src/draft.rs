//! What customers would be told right now: the package's template, filled in.

use gonogo_model::comms::{CommsRule, PublicState, Template};

use crate::engine::Engine;
use crate::incident::Incident;
use crate::time::Time;

impl Engine {
    /// A template, filled in: the headline and the words.
    pub fn draft(
        &self,
        number: u64,
        state: PublicState,
        next_by: Option<Time>,
    ) -> (String, String) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return Default::default();
        };
        let template = self.rule(incident).and_then(|r| self.template(r, state));
        let Some(template) = template else {
            return (
                format!("{state}"),
                format!("We are looking into {}.", incident.title),
            );
        };
        let package = &self.plan.package;
        let journeys = names(
            incident
                .journeys
                .iter()
                .filter_map(|j| Some(package.journeys.get(j)?.name.as_str())),
        );
        let components = names(
            incident
                .alerts
                .values()
                .filter_map(|a| {
                    package
                        .components
                        .get(a.component.as_ref()?)?
                        .public
                        .as_ref()
                })
                .map(|p| p.name.as_str()),
        );
        let impact = self
            .lead_alert(incident)
            .and_then(|a| a.impact.as_deref())
            .unwrap_or("Some requests fail.");
        let minute = |t: Time| t.timestamp().strftime("%H:%M UTC").to_string();
        let fill = |text: &str| {
            text.replace("{journeys}", journeys.as_deref().unwrap_or("our service"))
                .replace(
                    "{components}",
                    components.as_deref().unwrap_or("our service"),
                )
                .replace("{since}", &minute(incident.opened_at))
                .replace(
                    "{next_update}",
                    &next_by.map_or("when it is over".into(), minute),
                )
                .replace("{impact}", impact)
        };
        (fill(&template.head.title), fill(&template.body))
    }

    /// The rule for an incident's severity, or the nearest milder one there is.
    pub fn rule(&self, incident: &Incident) -> Option<&CommsRule> {
        let rules = &self.plan.package.comms.as_ref()?.rules;
        let milder = rules
            .iter()
            .filter(|r| r.severity.value >= incident.severity);
        milder.min_by_key(|r| r.severity.value)
    }

    fn template(&self, rule: &CommsRule, state: PublicState) -> Option<&Template> {
        let mut templates = rule
            .templates
            .iter()
            .filter_map(|t| self.plan.package.templates.get(&t.id));
        templates.find(|t| t.head.state == state)
    }

    /// When the update after one published now would be due.
    pub(crate) fn next_update(&self, number: u64, state: PublicState, now: Time) -> Option<Time> {
        let incident = self.state.incidents.get(&number)?;
        let goes_on = incident.is_open() && state != PublicState::Resolved;
        let rule = self.rule(incident).filter(|_| goes_on)?;
        Some(now + rule.cadence)
    }
}

/// Names in a sentence: "A, B and C".
fn names<'a>(list: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut seen: Vec<&str> = Vec::new();
    for name in list {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    let (last, rest) = seen.split_last()?;
    Some(if rest.is_empty() {
        (*last).to_string()
    } else {
        format!("{} and {last}", rest.join(", "))
    })
}
