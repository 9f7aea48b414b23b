//! The pages of a handbook, in the order in which somebody needs them.

use std::fmt::Write as _;

use gonogo_model::alert::Alert;
use gonogo_model::component::Component;
use gonogo_model::runbook::Runbook;
use gonogo_model::schedule::Schedule;
use gonogo_model::team::{Person, Role};
use gonogo_model::{Id, Package, Ref};
use jiff::{SignedDuration, Timestamp};

use super::{Page, link, md};
use crate::graph::blast::{Blast, Hit};
use crate::graph::{Graph, Node};
use crate::whom;

/// For how many days ahead it is written who is on call.
pub const ON_CALL_DAYS: i64 = 28;

/// Until when the pages know who is on call.
pub(super) fn on_call_until(at: Timestamp) -> Timestamp {
    let days = SignedDuration::from_hours(ON_CALL_DAYS * 24);
    at.checked_add(days).unwrap_or(at)
}

/// All pages.
pub(super) fn all(package: &Package, at: Timestamp) -> Vec<Page> {
    let mut pages = vec![start(package, at), on_call(package, at), runbooks(package)];
    pages.extend(package.runbooks.values().map(|r| runbook(package, r)));
    pages.push(components(package));
    let graph = Graph::new(package);
    pages.extend(
        package
            .components
            .values()
            .map(|c| component(package, &graph, c)),
    );
    pages.push(customers(package));
    pages.push(launch(package));
    pages.push(risks(package));
    pages
}

fn new(path: impl Into<String>, title: impl Into<String>, body: String) -> Page {
    Page {
        path: path.into(),
        title: title.into(),
        body,
    }
}

fn start(package: &Package, at: Timestamp) -> Page {
    let mut out = String::from(
        "Read from the top: what it looks like, who to call, what to do.\n\n## What customers say\n\n",
    );
    let routing = package.support.iter().flat_map(|s| &s.routing);
    let mut any = false;
    for rule in routing {
        if !any {
            out += "| They say | Ask back | Then | Call |\n|---|---|---|---|\n";
        }
        any = true;
        let modes = rule
            .failure_modes
            .iter()
            .filter_map(|m| package.failure_modes.get(&m.id));
        let mut then: Vec<String> = modes
            .filter_map(|m| m.runbook.as_ref())
            .map(|r| runbook_link(package, r))
            .collect();
        then.sort();
        then.dedup();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            md(&rule.symptom),
            md(rule.ask.as_deref().unwrap_or("")),
            then.join(", "),
            policy_link(package, &rule.escalate_to.id),
        );
    }
    if !any {
        for journey in package.journeys.values() {
            for symptom in &journey.symptoms {
                let _ = writeln!(out, "- {} ({})", md(symptom), md(&journey.name));
            }
        }
    }
    out += "\n## Who is on call now\n\n| Schedule | Until | Who | How |\n|---|---|---|---|\n";
    for schedule in package.schedules.values() {
        let Some(shift) = schedule.on_call_at(at) else {
            let _ = writeln!(out, "| {} | | nobody | |", md(&schedule.name));
            continue;
        };
        let person = holder(package, shift.role, at);
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            md(&schedule.name),
            minute(shift.ends),
            person.map_or("nobody".into(), |p| md(&p.name)),
            person.map_or(String::new(), contacts),
        );
    }
    if let Some(coordination) = package
        .header
        .as_ref()
        .and_then(|h| h.coordination.as_ref())
    {
        let _ = writeln!(out, "\n## Where we meet\n\n{}", md(&coordination.room));
        if let Some(other) = &coordination.alternate_room {
            let _ = writeln!(out, "\nWhen that is down, too: {}", md(other));
        }
        if let Some(security) = &coordination.security {
            let _ = writeln!(
                out,
                "\nIf it looks like an attack or a leak: {}",
                runbook_link(package, security)
            );
        }
    }
    out += "\n## The worst first\n\n";
    let mut paging: Vec<&Alert> = package
        .alerts
        .values()
        .filter(|a| a.runbook.is_some())
        .collect();
    paging.sort_by_key(|a| (a.severity, a.id.value.clone()));
    for alert in paging {
        if let Some(runbook) = &alert.runbook {
            let _ = writeln!(
                out,
                "- {} {}: {}",
                alert.severity,
                md(&alert.name),
                runbook_link(package, runbook)
            );
        }
    }
    new("index", "When something is wrong", out)
}

fn on_call(package: &Package, at: Timestamp) -> Page {
    let mut out = String::from(
        "## People\n\n| Who | Where | How, the first that works first |\n|---|---|---|\n",
    );
    for person in package.people.values() {
        let zone = person.time_zone.as_ref().map_or("", |z| z.name());
        let _ = writeln!(
            out,
            "| {} | {} | {} |",
            md(&person.name),
            md(zone),
            contacts(person)
        );
    }
    out += "\n## Who is called, in which order\n";
    for policy in package.escalation_policies.values() {
        let _ = writeln!(out, "\n### {}\n", md(&policy.name));
        for (number, step) in policy.steps.iter().enumerate() {
            let names: Vec<String> = step.notify.iter().map(|t| target(package, t)).collect();
            let _ = writeln!(
                out,
                "{}. {}, then wait {}",
                number + 1,
                names.join(" and "),
                step.wait
            );
        }
        let _ = writeln!(
            out,
            "\nWhen nobody answers: {}, every {} until somebody does.",
            target(package, &policy.fallback),
            policy.fallback_every
        );
    }
    let _ = writeln!(out, "\n## On call for the next {ON_CALL_DAYS} days");
    for schedule in package.schedules.values() {
        let _ = writeln!(
            out,
            "\n### {}\n\n| From | Until | Who |\n|---|---|---|",
            md(&schedule.name)
        );
        out += &shifts(package, schedule, at);
    }
    out += "\n## Vendors\n";
    for vendor in package.components.values().filter(|c| c.support.is_some()) {
        let Some(support) = &vendor.support else {
            continue;
        };
        let _ = writeln!(
            out,
            "\n### {}\n\n- {}",
            md(&vendor.name),
            md(&support.level)
        );
        for (name, value) in [
            ("Open a case", &support.portal),
            ("They ask for", &support.account),
            ("When their portal is down", &support.when_portal_is_down),
            ("They say how they are at", &vendor.status_feed),
        ] {
            if let Some(value) = value {
                let _ = writeln!(out, "- {name}: {}", md(value));
            }
        }
    }
    new("on-call", "Who to call", out)
}

fn shifts(package: &Package, schedule: &Schedule, from: Timestamp) -> String {
    let until = on_call_until(from);
    let mut at = from;
    let mut out = String::new();
    // A schedule that hands over every hour still ends.
    for _ in 0..ON_CALL_DAYS * 24 {
        if at >= until {
            break;
        }
        let Some(shift) = schedule.on_call_at(at) else {
            let _ = writeln!(out, "| {} | | nobody |", minute(at));
            break;
        };
        let who = holder(package, shift.role, at).map_or("nobody".into(), |p| md(&p.name));
        let _ = writeln!(out, "| {} | {} | {who} |", minute(at), minute(shift.ends));
        if shift.ends <= at {
            break;
        }
        at = shift.ends;
    }
    out
}

fn runbooks(package: &Package) -> Page {
    let mut out = String::from("| Runbook | For | Takes | Kept by |\n|---|---|---|---|\n");
    for runbook in package.runbooks.values() {
        let covers: Vec<String> = runbook
            .head
            .covers
            .iter()
            .map(|c| component_link(package, &c.id))
            .collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            link(
                &runbook.head.title,
                &format!("runbooks/{}", runbook.id.value)
            ),
            covers.join(", "),
            runbook.head.takes.map_or(String::new(), |t| t.to_string()),
            role_name(package, &runbook.head.owner.id),
        );
    }
    new("runbooks", "Runbooks", out)
}

fn runbook(package: &Package, runbook: &Runbook) -> Page {
    let mut out = String::new();
    if !runbook.head.access.is_empty() {
        let access: Vec<String> = runbook.head.access.iter().map(|a| md(a)).collect();
        let _ = writeln!(out, "You need: {}\n", access.join("; "));
    }
    let covers: Vec<String> = runbook
        .head
        .covers
        .iter()
        .map(|c| component_link(package, &c.id))
        .collect();
    if !covers.is_empty() {
        let _ = writeln!(out, "For: {}\n", covers.join(", "));
    }
    // Its own first heading repeats the title.
    let body = runbook.body.trim_start();
    let body = match body.strip_prefix("# ") {
        Some(rest) => rest.split_once('\n').map_or("", |(_, rest)| rest),
        None => body,
    };
    out += &annotated(package, runbook, body);
    new(
        format!("runbooks/{}", runbook.id.value),
        &runbook.head.title,
        out,
    )
}

/// The text with what each step expects, and how it is undone, after its command: both stand in
/// the line that opens the block, which no reader shows.
fn annotated(package: &Package, runbook: &Runbook, body: &str) -> String {
    let mut steps = runbook.sections.iter().flat_map(|s| &s.steps).peekable();
    let mut out = String::with_capacity(body.len() + 512);
    let mut block: Option<String> = None;
    for line in body.lines() {
        out.push_str(&to_pages(package, line));
        out.push('\n');
        let fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        block = match block {
            None if fence => Some(String::new()),
            Some(text) if fence => {
                if let Some(step) = steps.next_if(|s| s.command == text.trim_end()) {
                    let notes = [
                        ("Expect", &step.expect),
                        ("To undo", &step.undo),
                        ("Confirm", &step.confirm),
                    ];
                    for (word, text) in notes {
                        if let Some(text) = text {
                            let _ = writeln!(out, "\n**{word}:** {}", md(text));
                        }
                    }
                    out.push('\n');
                }
                None
            }
            Some(text) => Some(text + line + "\n"),
            None => None,
        };
    }
    out
}

/// A line with its links to other runbooks' files leading to their pages.
fn to_pages(package: &Package, line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find("](") {
        let (before, tail) = rest.split_at(at + 2);
        out.push_str(before);
        let end = tail.find(')').unwrap_or(tail.len());
        let file = tail[..end].split('#').next().unwrap_or_default();
        let name = file.rsplit('/').next().unwrap_or_default();
        let known = name
            .strip_suffix(".md")
            .filter(|name| package.runbooks.keys().any(|id| id.as_str() == *name));
        match known {
            Some(name) => out += &format!("page:runbooks/{name}"),
            None => out.push_str(&tail[..end]),
        }
        rest = &tail[end..];
    }
    out + rest
}

fn components(package: &Package) -> Page {
    let mut out = String::from("| Component | Kind | Tier | Team |\n|---|---|---|---|\n");
    let mut all: Vec<&Component> = package.components.values().collect();
    all.sort_by_key(|c| (c.tier, &c.id.value));
    for c in all {
        let team = package.teams.get(&c.team.id).map_or("", |t| &t.name);
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            component_link(package, &c.id.value),
            c.kind,
            c.tier,
            md(team)
        );
    }
    new("components", "Components", out)
}

fn component<'p>(package: &'p Package, graph: &Graph<'p>, c: &'p Component) -> Page {
    let mut out = String::new();
    if let Some(text) = &c.description {
        let _ = writeln!(out, "{}\n", md(text));
    }
    let team = package.teams.get(&c.team.id);
    let _ = writeln!(
        out,
        "{}, tier {}. Owned by {}, called through {}.",
        c.kind,
        c.tier,
        team.map_or(String::new(), |t| md(&t.name)),
        team.map_or(String::new(), |t| policy_link(
            package,
            &t.escalation_policy.id
        )),
    );
    if let Some(rollback) = &c.rollback {
        let _ = writeln!(
            out,
            "\n## Taking a change back\n\nWhen: {}. Within {}. {} decides.\n\n```sh\n{}\n```",
            md(&rollback.trigger),
            rollback.budget,
            role_name(package, &rollback.decider.id),
            rollback.command.replace("```", "` ` `"),
        );
        for (word, text) in [
            ("Data", &rollback.data),
            (
                "After this it no longer works",
                &rollback.point_of_no_return,
            ),
        ] {
            if let Some(text) = text {
                let _ = writeln!(out, "\n{word}: {}", md(text));
            }
        }
    }
    if let Some(blast) = Blast::of(package, graph, &c.id.value) {
        out += "\n## When it fails\n";
        for (title, hits) in [
            ("Fails with it", &blast.fails),
            ("Is worse", &blast.degrades),
            ("Cannot be started", &blast.cannot_start),
            ("Cannot be changed", &blast.cannot_change),
            ("Cannot be repaired", &blast.cannot_recover),
        ] {
            if !hits.is_empty() {
                let names: Vec<String> = hits.iter().map(|h| hit(package, h)).collect();
                let _ = writeln!(out, "\n**{title}:** {}", names.join(", "));
            }
        }
        let runbooks: Vec<String> = blast
            .runbooks
            .iter()
            .map(|(r, _)| link(&r.head.title, &format!("runbooks/{}", r.id.value)))
            .collect();
        if !runbooks.is_empty() {
            let _ = writeln!(out, "\n**Runbooks:** {}", runbooks.join(", "));
        }
        let teams: Vec<String> = blast.teams.iter().map(|o| md(&o.team.name)).collect();
        let _ = writeln!(out, "\n**Who is told:** {}", teams.join(", "));
    }
    if !c.depends_on.is_empty() {
        out += "\n## What it needs\n\n| What | How much | When it fails |\n|---|---|---|\n";
        for d in &c.depends_on {
            let _ = writeln!(
                out,
                "| {} | {} | {} |",
                component_link(package, &d.component.id),
                d.kind,
                md(d.when_it_fails.as_deref().unwrap_or(""))
            );
        }
    }
    if !c.links.is_empty() {
        out += "\n## Where to look\n\n";
        for (name, url) in &c.links {
            let _ = writeln!(out, "- {}: {}", md(name), md(url));
        }
    }
    new(format!("components/{}", c.id.value), &c.name, out)
}

fn customers(package: &Package) -> Page {
    let mut out = String::new();
    if let Some(comms) = &package.comms {
        if let Some(page) = &comms.status_page {
            let url = page.url.as_deref().unwrap_or("");
            let _ = writeln!(out, "They read {} {}.\n", md(&page.name), md(url));
        }
        out += "## What is promised\n\n| Severity | First update | Then every | Who writes | Stands in |\n|---|---|---|---|---|\n";
        for rule in &comms.rules {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} |",
                rule.severity.value,
                rule.first_update,
                rule.cadence,
                role_name(package, &rule.owner.id),
                rule.backup
                    .as_ref()
                    .map_or(String::new(), |r| role_name(package, &r.id)),
            );
        }
    }
    out += "\n## Texts\n";
    for template in package.templates.values() {
        let quoted = template.body.lines().map(|l| format!("> {}\n", md(l)));
        let _ = writeln!(
            out,
            "\n### {} ({})\n\n{}",
            md(&template.head.title),
            template.head.state.word(),
            quoted.collect::<String>()
        );
    }
    if let Some(support) = &package.support {
        out += "\n## Answers for support\n";
        for answer in &support.macros {
            let quoted = answer.body.lines().map(|l| format!("> {}\n", md(l)));
            let _ = writeln!(
                out,
                "\n### {}\n\n{}",
                md(&answer.tag),
                quoted.collect::<String>()
            );
        }
        for (title, text) in [
            ("Declaring an incident", &support.declare),
            ("Which customers are affected", &support.affected_customers),
            ("What may be promised", &support.goodwill),
        ] {
            if let Some(text) = text {
                let _ = writeln!(out, "\n## {title}\n\n{}", md(text));
            }
        }
    }
    new("customers", "Customers", out)
}

fn launch(package: &Package) -> Page {
    let mut out = String::new();
    if let Some(launch) = package.header.as_ref().and_then(|h| h.launch.as_ref()) {
        let _ = writeln!(
            out,
            "Launch: {}. {} declares it; it is watched closely for {}.",
            minute(launch.at.0),
            role_name(package, &launch.director.id),
            launch.observation
        );
        if !launch.staff.is_empty() {
            out += "\n## Who does what\n\n| Position | Who | Stands in |\n|---|---|---|\n";
            for staff in &launch.staff {
                let _ = writeln!(
                    out,
                    "| {} | {} | {} |",
                    staff.position,
                    role_name(package, &staff.role.id),
                    staff
                        .backup
                        .as_ref()
                        .map_or(String::new(), |r| role_name(package, &r.id)),
                );
            }
        }
        if !launch.stages.is_empty() {
            out += "\n## Stages\n\n| Stage | Share | At least | Ends at once, when |\n|---|---|---|---|\n";
            for stage in &launch.stages {
                let alerts: Vec<String> =
                    stage.abort_on.iter().map(|a| md(a.id.as_str())).collect();
                let _ = writeln!(
                    out,
                    "| {} | {} | {} | {} |",
                    md(&stage.name),
                    stage.share,
                    stage.bake,
                    alerts.join(", ")
                );
            }
        }
        if !launch.abort.is_empty() {
            out += "\n## What ends the launch\n\n";
            for abort in &launch.abort {
                let _ = writeln!(
                    out,
                    "- {} ({} decides within {}; without a word it is taken back)",
                    md(&abort.when),
                    role_name(package, &abort.decider.id),
                    abort.decide_within
                );
            }
        }
        if let Some(text) = &launch.point_of_no_return {
            let _ = writeln!(out, "\n## Point of no return\n\n{}", md(text));
        }
        if !launch.no_go.is_empty() {
            out += "\n## When the answer is no\n\n";
            for task in &launch.no_go {
                let within = task
                    .within
                    .map_or(String::new(), |w| format!(", within {w}"));
                let _ = writeln!(
                    out,
                    "- [ ] {} ({}{within})",
                    md(&task.what),
                    role_name(package, &task.owner.id)
                );
            }
        }
    }
    if !package.checklist.is_empty() {
        out += "\n## Checklist\n\n";
        let mut items: Vec<_> = package.checklist.values().collect();
        items.sort_by_key(|i| (i.at, i.id.value.clone()));
        for item in items {
            let _ = writeln!(
                out,
                "- [ ] {}: {} ({})",
                item.at,
                md(&item.name),
                role_name(package, &item.owner.id)
            );
        }
    }
    if out.is_empty() {
        out += "The package says no launch.\n";
    }
    new("launch", "Launch", out)
}

fn risks(package: &Package) -> Page {
    let mut out = String::from(
        "| What goes wrong | Where | What customers notice | What to do |\n|---|---|---|---|\n",
    );
    let mut all: Vec<_> = package.failure_modes.values().collect();
    all.sort_by_key(|f| (u8::MAX - f.severity, u8::MAX - f.occurrence, &f.id.value));
    for mode in all {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            md(&mode.name),
            component_link(package, &mode.component.id),
            md(&mode.effect),
            mode.runbook
                .as_ref()
                .map_or(String::new(), |r| runbook_link(package, r)),
        );
    }
    new("risks", "What can go wrong", out)
}

fn hit(package: &Package, hit: &Hit<'_>) -> String {
    match hit.node {
        Node::Component(c) => component_link(package, &c.id.value),
        Node::Journey(j) => format!("{} (journey)", md(&j.name)),
    }
}

fn target(package: &Package, target: &gonogo_model::escalation::Target) -> String {
    use gonogo_model::escalation::Target;
    match target {
        Target::Schedule(s) => package
            .schedules
            .get(&s.id)
            .map_or(String::new(), |s| md(&s.name)),
        Target::Role(r) => role_name(package, &r.id),
        Target::Person(p) => package
            .people
            .get(&p.id)
            .map_or(String::new(), |p| md(&p.name)),
    }
}

/// A role, and who may hold it.
fn role_name(package: &Package, role: &Id) -> String {
    let Some(role) = package.roles.get(role) else {
        return String::new();
    };
    let people: Vec<String> = whom::holders(package, role)
        .iter()
        .map(|p| md(&p.name))
        .collect();
    match people.is_empty() {
        true => format!("{} (nobody)", md(&role.name)),
        false => format!("{} ({})", md(&role.name), people.join(", ")),
    }
}

fn holder<'p>(package: &'p Package, role: &Ref<Role>, at: Timestamp) -> Option<&'p Person> {
    let role = package.roles.get(&role.id)?;
    package.people.get(&role.holder_at(at)?.id)
}

/// How to reach somebody. What is kept outside the package stays outside, and is named.
fn contacts(person: &Person) -> String {
    let phone = person.phone.iter().map(|p| match p.as_plain() {
        Some(number) => format!("telephone {}", md(number)),
        None => format!("telephone (kept as {})", md(&p.to_string())),
    });
    let others = person.contacts.iter().map(|c| match c.to.as_plain() {
        Some(address) if c.channel.value == gonogo_model::team::Channel::Email => {
            format!("mail {}", md(address))
        }
        // An address that rings a phone can be a secret in itself.
        Some(_) => c.channel.value.to_string(),
        None => format!("{} (kept as {})", c.channel.value, md(&c.to.to_string())),
    });
    phone.chain(others).collect::<Vec<_>>().join(", ")
}

fn component_link(package: &Package, id: &Id) -> String {
    match package.components.get(id) {
        Some(c) => link(&c.name, &format!("components/{id}")),
        None => md(id.as_str()),
    }
}

fn runbook_link(package: &Package, runbook: &Ref<Runbook>) -> String {
    match package.runbooks.get(&runbook.id) {
        Some(r) => link(&r.head.title, &format!("runbooks/{}", runbook.id)),
        None => md(runbook.id.as_str()),
    }
}

fn policy_link(package: &Package, id: &Id) -> String {
    let name = package
        .escalation_policies
        .get(id)
        .map_or(id.as_str(), |p| &p.name);
    link(name, "on-call")
}

fn minute(at: Timestamp) -> String {
    at.strftime("%a %Y-%m-%d %H:%M UTC").to_string()
}
