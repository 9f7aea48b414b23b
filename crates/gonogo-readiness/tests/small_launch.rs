//! Five people who fill in the package that ships come to CONDITIONAL, with what five people
//! can do in a week: at most [`MOST_ACTIONS`] edits, drills, votes and signatures.

mod support;

use gonogo_model::evidence::{Evidence, Exception, Method, Outcome};
use gonogo_model::text::{Span, Spanned};
use gonogo_model::when::Instant;
use gonogo_model::{Duration, Id, Package, PackageText, Ref, Subject, load};
use gonogo_readiness::criteria::{Case, Gate, SMALL_LAUNCH, State};
use gonogo_readiness::graph::Graph;
use gonogo_readiness::recording;
use gonogo_readiness::verdict::{Call, Verdict, judge};
use jiff::{SignedDuration, Timestamp};

/// What five people can do before a launch.
const MOST_ACTIONS: usize = 25;

#[test]
fn five_people_reach_a_conditional_go() {
    let mut team = Team::new();
    let before = team.verdict();
    assert_eq!(before.call, Call::NoGo);
    let stop = before.criteria().filter(|c| c.gate == Gate::Blocker);
    assert_eq!(stop.count(), SMALL_LAUNCH.len());

    for letter in ["a", "b", "c", "d", "e"] {
        team.fill_in(letter);
    }
    // What a running server sees by itself, in one action: to run it.
    team.act("run the server");
    for criterion in ["MON-02", "MON-07", "MON-10", "CRT-03"] {
        team.record(criterion, Method::Probe, "gonogo");
    }
    // Each of the five has to pick up a telephone.
    for letter in ["a", "b", "c", "d", "e"] {
        team.act(&format!("placeholder-{letter} answers a test page"));
    }
    team.record("OWN-02", Method::Probe, "gonogo");
    team.act("take a harmless release of everything back");
    team.record("RBK-09", Method::Drill, "placeholder-b");
    team.act("restore the newest copies into an empty project");
    team.record("DAT-02", Method::Drill, "placeholder-b");
    team.act("compare the counts and sums of a day");
    team.record("DAT-04", Method::Probe, "placeholder-a");
    let votes = team.open("REH-03");
    for position in &votes {
        team.vote(position);
    }
    team.act("sign that some stand in two positions on the day");
    for position in team.open("OWN-05") {
        team.except("OWN-05", position);
    }

    let after = team.verdict();
    let open: Vec<String> = after
        .blocking()
        .flat_map(|c| c.blocking().map(|a| (c.criterion.id, &a.answer)))
        .map(|(id, a)| format!("{id} {}: {}", a.subject, a.reasons.join("; ")))
        .collect();
    assert_eq!(after.call, Call::Conditional, "{open:#?}");
    assert!(after.void_exceptions.is_empty());
    let actions = &team.actions;
    println!("{} actions: {}", actions.len(), actions.join(", "));
    assert!(actions.len() <= MOST_ACTIONS, "{actions:#?}");

    // The same team with everything asked of it is not there yet.
    let full = team.with_profile_full();
    assert_eq!(full.call, Call::NoGo);
}

/// Five people, what they did, and what they have to show for it.
struct Team {
    text: PackageText,
    records: Vec<Evidence>,
    exceptions: Vec<Exception>,
    actions: Vec<String>,
}

impl Team {
    fn new() -> Self {
        Self {
            text: support::read(&support::folder("../../../packages/integrations-platform")),
            records: Vec::new(),
            exceptions: Vec::new(),
            actions: Vec::new(),
        }
    }

    fn act(&mut self, what: &str) {
        self.actions.push(what.to_string());
    }

    fn fill_in(&mut self, letter: &str) {
        let teams = self.text.files.get_mut("teams.yaml").expect("teams.yaml");
        let person = format!(
            "name: Placeholder {}\n    placeholder: true\n",
            letter.to_uppercase()
        );
        assert!(teams.contains(&person), "{person}");
        *teams = teams.replace(&person, &format!("name: Person {letter}\n"));
        self.act(&format!("fill in placeholder-{letter}"));
    }

    /// The day before the launch.
    fn now(package: &Package) -> Timestamp {
        let launch = package.header.as_ref().and_then(|h| h.launch.as_ref());
        let at = launch.expect("the package declares a launch").at.0;
        at.checked_sub(SignedDuration::from_hours(24))
            .expect("in range")
    }

    fn verdict(&self) -> Verdict {
        Self::judged(&self.text, &self.records, &self.exceptions)
    }

    fn judged(text: &PackageText, records: &[Evidence], exceptions: &[Exception]) -> Verdict {
        let package = load(text).package;
        judge(&package, text, records, exceptions, Self::now(&package))
    }

    fn with_profile_full(&self) -> Verdict {
        let mut text = self.text.clone();
        let header = text.files.get_mut("gonogo.yaml").expect("gonogo.yaml");
        assert!(header.contains("profile: small-launch"));
        *header = header.replace("profile: small-launch", "profile: full");
        Self::judged(&text, &self.records, &self.exceptions)
    }

    /// The subjects of which a criterion still wants to know something.
    fn open(&self, criterion: &str) -> Vec<Subject> {
        let verdict = self.verdict();
        let asked = verdict.criteria().find(|c| c.criterion.id == criterion);
        let open = asked.expect("a criterion").blocking();
        open.map(|a| a.answer.subject.clone()).collect()
    }

    /// One record for each open subject, by the rules that the command line keeps to.
    fn record(&mut self, criterion: &str, method: Method, actor: &str) {
        for subject in self.open(criterion) {
            let record = Evidence {
                took: Some(Duration::from_mins(3)),
                lost: Some(Duration::from_mins(1)),
                ..blank(criterion, &subject, method, actor)
            };
            self.keep(record);
        }
    }

    fn vote(&mut self, position: &Subject) {
        let package = load(&self.text).package;
        let Subject::Entity(_, role) = position else {
            panic!("a position is a role's");
        };
        let holders: Vec<&Id> = package.roles[role]
            .holders
            .iter()
            .map(|h| &h.person.id)
            .collect();
        let record = Evidence {
            reviewer: Some(holders[1].to_string()),
            ..blank("REH-03", position, Method::Attest, holders[0].as_str())
        };
        self.act(&format!("{role} votes go"));
        self.keep(record);
    }

    fn keep(&mut self, mut record: Evidence) {
        let package = load(&self.text).package;
        let graph = Graph::new(&package);
        let case = Case::new(
            &package,
            &self.text,
            &graph,
            &self.records,
            Self::now(&package),
        );
        record.observed_at = Instant(case.now);
        let criterion = record.criterion.value.clone();
        let bound = recording::bind(record, &case, &[]);
        self.records
            .push(bound.unwrap_or_else(|why| panic!("{criterion}: {why:?}")));
    }

    fn except(&mut self, criterion: &str, subject: Subject) {
        let package = load(&self.text).package;
        let now = Self::now(&package);
        let who = |id: &str| Ref::new(Id::parse(id).expect("an id"), Span::default());
        let day = |n: i64| {
            Instant(
                now.checked_add(SignedDuration::from_hours(24 * n))
                    .expect("in range"),
            )
        };
        let digest = package.digests[&subject].clone();
        let number = self.exceptions.len();
        self.exceptions.push(Exception {
            id: spanned(Id::parse(&format!("two-hats-{number}")).expect("an id")),
            criterion: spanned(criterion.to_string()),
            covers: [(subject.to_string(), digest)].into(),
            subject: spanned(subject),
            reason: "there are five of us".into(),
            compensating_control: "each position has somebody who stands in".into(),
            control_tested_at: day(-2),
            owner: Ref::new(
                Id::parse("head-of-engineering").expect("an id"),
                Span::default(),
            ),
            signed_by: who("placeholder-a"),
            countersigned_by: who("placeholder-b"),
            signed_at: Instant(now),
            until: day(30),
        });
    }
}

fn blank(criterion: &str, subject: &Subject, method: Method, actor: &str) -> Evidence {
    Evidence {
        criterion: spanned(criterion.to_string()),
        subject: spanned(subject.clone()),
        result: Outcome::Pass,
        method,
        observed_at: Instant(Timestamp::UNIX_EPOCH),
        ttl: None,
        covers: Default::default(),
        package_digest: None,
        actor: actor.to_string(),
        reviewer: None,
        limitations: None,
        note: None,
        steps: Default::default(),
        tried: Vec::new(),
        took: None,
        lost: None,
        measured: None,
    }
}

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned {
        value,
        span: Span::default(),
    }
}

#[test]
fn nothing_but_blockers_decides() {
    let verdict = Team::new().verdict();
    for asked in verdict.criteria().filter(|c| c.blocks()) {
        assert!(SMALL_LAUNCH.contains(&asked.criterion.id));
        assert_ne!(asked.state, State::Pass);
    }
}
