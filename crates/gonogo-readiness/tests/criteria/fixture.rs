//! A small package to ask criteria of, and evidence about it.

use gonogo_model::{Package, PackageText, load};
use gonogo_readiness::criteria::State;
use gonogo_readiness::verdict::{self, Judged, Verdict};
use jiff::Timestamp;

/// The moment at which the tests judge.
pub const NOW: &str = "2026-12-01T12:00:00Z";

/// What every test's package has: two people, a team, a policy, one component, one journey.
const BASE: &str = "
package:
  format: 1
  id: shop
  name: Shop
  operators: shop
  profile: full
  launch: {at: 2026-12-08T17:00:00Z, director: lead}
people:
  - {id: ann, name: Ann Example, contacts: [{channel: ntfy, to: https://push.example.com/ann}]}
  - {id: bob, name: Bob Example, contacts: [{channel: ntfy, to: https://push.example.com/bob}]}
roles:
  - {id: lead, name: Lead, holders: [{person: ann}]}
  - {id: second, name: Second, holders: [{person: bob}]}
schedules:
  - {id: shop, name: Shop, time_zone: UTC, rotation: {starts: 2026-01-05T09:00, members: [lead, second]}}
escalation_policies:
  - id: shop
    name: Shop
    steps: [{notify: [{schedule: shop}]}, {notify: [{role: second}]}]
    fallback: {role: lead}
teams:
  - {id: shop, name: Shop, accountable: lead, members: [lead, second], escalation_policy: shop}
";

/// A package in the making.
pub struct Fixture {
    text: PackageText,
}

/// One answer, short: subject, state, reasons in one line.
pub type Said = (String, State, String);

impl Fixture {
    /// The base and what is added to it, as the file `more.yaml`.
    pub fn new(more: &str) -> Self {
        let mut text = PackageText::default();
        text.files.insert("gonogo.yaml".into(), BASE.into());
        text.files.insert("more.yaml".into(), more.into());
        Self { text }
    }

    /// With another file: a runbook, a template, evidence.
    pub fn file(mut self, path: &str, content: &str) -> Self {
        self.text.files.insert(path.into(), content.into());
        self
    }

    /// With something in the base written another way; it has to be there.
    pub fn instead(mut self, of: &str, write: &str) -> Self {
        let base = self.text.files.get_mut("gonogo.yaml").unwrap();
        assert!(base.contains(of), "the base has no {of:?}");
        *base = base.replacen(of, write, 1);
        self
    }

    /// With something in `more.yaml` written another way; it has to be there.
    pub fn instead_of_more(mut self, of: &str, write: &str) -> Self {
        let more = self.text.files.get_mut("more.yaml").unwrap();
        assert!(more.contains(of), "more.yaml has no {of:?}");
        *more = more.replacen(of, write, 1);
        self
    }

    /// With a record that passes, bound to what its subject and `also` are now.
    pub fn proved(self, criterion: &str, subject: &str, method: &str, also: &[&str]) -> Self {
        self.record(
            criterion,
            subject,
            method,
            also,
            "result: pass, observed_at: 2026-11-25T09:00:00Z, actor: ann, reviewer: bob",
        )
    }

    /// With a record whose result, time and people are written out.
    pub fn record(
        mut self,
        criterion: &str,
        subject: &str,
        method: &str,
        also: &[&str],
        rest: &str,
    ) -> Self {
        let package = self.load();
        let covers: Vec<String> = std::iter::once(&subject)
            .chain(also)
            .map(|name| {
                let key = gonogo_model::Subject::parse(name).unwrap();
                let digest = package.digests.get(&key);
                format!(
                    "{name}: '{}'",
                    digest.unwrap_or_else(|| panic!("no {name}"))
                )
            })
            .collect();
        let record = format!(
            "evidence:\n  - {{criterion: {criterion}, subject: {subject}, method: {method}, covers: {{{}}}, {rest}}}\n",
            covers.join(", ")
        );
        let path = format!("evidence/{}.yaml", self.text.files.len());
        self.text.files.insert(path, record);
        self
    }

    /// The package, which has to load without an error.
    pub fn load(&self) -> Package {
        let loaded = load(&self.text);
        assert!(loaded.is_sound(), "{:#?}", loaded.diagnostics);
        loaded.package
    }

    /// Its text.
    pub fn text(&self) -> &PackageText {
        &self.text
    }

    /// The whole board.
    pub fn verdict(&self) -> Verdict {
        self.verdict_at(NOW)
    }

    /// The whole board at another moment.
    pub fn verdict_at(&self, at: &str) -> Verdict {
        let at: Timestamp = at.parse().unwrap();
        verdict::judge(&self.load(), &self.text, &[], &[], at)
    }

    /// What one criterion says.
    pub fn ask(&self, criterion: &str) -> Vec<Said> {
        self.ask_at(criterion, NOW)
    }

    /// What one criterion says at another moment.
    pub fn ask_at(&self, criterion: &str, at: &str) -> Vec<Said> {
        answers(&self.verdict_at(at), criterion)
    }

    /// What one criterion says about one subject of a package with mistakes in it.
    pub fn said_unsound(&self, criterion: &str, subject: &str) -> Said {
        let loaded = load(&self.text);
        assert!(!loaded.is_sound(), "the package has no mistake");
        let verdict = verdict::judge(&loaded.package, &self.text, &[], &[], NOW.parse().unwrap());
        find(&verdict, criterion, subject)
    }

    /// The state of one criterion about one subject.
    pub fn state(&self, criterion: &str, subject: &str) -> State {
        self.said(criterion, subject).1
    }

    /// What one criterion says about one subject.
    pub fn said(&self, criterion: &str, subject: &str) -> Said {
        find(&self.verdict(), criterion, subject)
    }
}

fn answers(verdict: &Verdict, criterion: &str) -> Vec<Said> {
    let asked = verdict
        .criteria()
        .find(|c| c.criterion.id == criterion)
        .unwrap_or_else(|| panic!("no criterion {criterion}"));
    let said = |a: &Judged| {
        let answer = &a.answer;
        (
            answer.subject.to_string(),
            answer.state,
            answer.reasons.join("; "),
        )
    };
    asked.answers.iter().map(said).collect()
}

fn find(verdict: &Verdict, criterion: &str, subject: &str) -> Said {
    let all = answers(verdict, criterion);
    let found = all.iter().find(|(name, _, _)| name == subject);
    found
        .unwrap_or_else(|| panic!("{criterion} says nothing of {subject}: {all:#?}"))
        .clone()
}
