//! `gonogo evidence`: records that answer criteria, and exceptions, as files of the package.
//!
//! Nothing is written that would not count, and nothing that the loader would not read back to
//! the same record.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gonogo_model::evidence::{Evidence as Record, Exception, Method, Outcome};
use gonogo_model::text::Spanned;
use gonogo_model::when::Instant;
use gonogo_model::{Id, Package, PackageText, Ref, Subject, load};
use gonogo_readiness::criteria::{self, Answer, Answers, Case, Criterion};
use gonogo_readiness::graph::Graph;
use gonogo_readiness::recording::{Refusal, about, bind, criterion, digests, person};
use gonogo_readiness::report::{counted, evidence as report};
use gonogo_readiness::verdict::why_void;
use jiff::Timestamp;
use serde_json::json;

use super::read_package;
use crate::args::{
    Evidence, EvidenceAdd, EvidenceExcept, EvidenceList, EvidenceVerb, Format, MethodArg,
    ResultArg, Verdict,
};
use crate::client::Client;
use crate::exit::Exit;
use crate::print;

/// Runs the command.
pub fn run(args: &Evidence) -> anyhow::Result<Exit> {
    match &args.verb {
        EvidenceVerb::Add(args) => add(args),
        EvidenceVerb::List(args) => list(args),
        EvidenceVerb::Except(args) => except(args),
    }
}

/// What a server knows beyond the package's own files.
#[derive(Debug, Default)]
pub struct Known {
    /// Records.
    pub records: Vec<Record>,
    /// Exceptions.
    pub exceptions: Vec<Exception>,
}

/// Asks the server that was named for what it knows; nothing, where none was.
pub fn of_server(args: &Verdict) -> anyhow::Result<Result<Known, Exit>> {
    let Some(server) = &args.server else {
        return Ok(Ok(Known::default()));
    };
    let server = crate::args::Server {
        server: server.clone(),
        token: args.token.clone(),
        format: args.format,
    };
    let mut found = None;
    let exit = super::ask(&server, async |client: &Client| {
        let answer = client.get("/evidence").await?;
        found = Some(answer.to_string());
        Ok(Exit::Clean)
    })?;
    let Some(answer) = found else {
        return Ok(Err(exit));
    };
    // JSON is YAML: the loader reads what the server says, and checks it like a file.
    let mut text = PackageText::default();
    text.files.insert("evidence/server.yaml".into(), answer);
    let package = load(&text).package;
    Ok(Ok(Known {
        records: package.evidence,
        exceptions: package.exceptions,
    }))
}

/// Now, without the fractions that nobody reads.
fn this_second() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// A package that was read for a command, and where it lies.
struct Opened {
    dir: PathBuf,
    text: PackageText,
    package: Package,
}

fn open(dir: PathBuf) -> Result<Opened, Exit> {
    let read = read_package(&dir)?;
    let loaded = load(&read.text);
    if !loaded.is_sound() {
        anstream::eprintln!("error: the package has mistakes, so nothing can be bound to it");
        anstream::eprintln!("help: `gonogo check {}` shows where", dir.display());
        return Err(Exit::CouldNotRun);
    }
    Ok(Opened {
        dir,
        text: read.text,
        package: loaded.package,
    })
}

/// What a criterion asks of a package, about every subject.
fn answers(criterion: &'static Criterion, opened: &Opened, now: Timestamp) -> Vec<Answer> {
    let graph = Graph::new(&opened.package);
    let case = Case::new(&opened.package, &opened.text, &graph, &[], now);
    let mut answers = Answers::new(criterion, case.profile());
    (criterion.assess)(&case, &mut answers);
    answers.into_vec()
}

fn add(args: &EvidenceAdd) -> anyhow::Result<Exit> {
    let opened = match open(args.package.dir()) {
        Ok(opened) => opened,
        Err(exit) => return Ok(exit),
    };
    let now = this_second();
    // All of them or none: half of a trial on record would be believed to be the whole.
    let subjects = std::iter::once(&args.subject).chain(&args.also);
    let records: Result<Vec<Record>, Refusal> = subjects
        .map(|subject| compose(args, subject, &opened, now))
        .collect();
    let records = match records {
        Ok(records) => records,
        Err(refusal) => return Ok(say(&refusal)),
    };
    for record in records {
        let path = append(
            &opened,
            &record.criterion.value,
            "evidence",
            &report::yaml(&record),
        )?;
        print!(
            "{}",
            print::plain(&format!(
                "{} about {} is in {}: commit it\nIt is bound to {}, and goes stale when one of them changes.\n",
                record.criterion.value,
                record.subject.value,
                path.display(),
                counted(record.covers.len(), "entity").replace("entitys", "entities"),
            ))
        );
    }
    Ok(Exit::Clean)
}

/// Says why nothing was written, and what to do.
fn say(refusal: &Refusal) -> Exit {
    anstream::eprintln!("error: {}", print::plain(&refusal.why));
    anstream::eprintln!("help: {}", print::plain(&refusal.help));
    Exit::Usage
}

fn compose(
    args: &EvidenceAdd,
    subject: &Subject,
    opened: &Opened,
    now: Timestamp,
) -> Result<Record, Refusal> {
    let record = Record {
        criterion: unplaced(args.criterion.clone()),
        subject: unplaced(subject.clone()),
        result: match args.result {
            ResultArg::Pass => Outcome::Pass,
            ResultArg::Fail => Outcome::Fail,
        },
        method: match args.method {
            MethodArg::Probe => Method::Probe,
            MethodArg::Drill => Method::Drill,
            MethodArg::Artifact => Method::Artifact,
            MethodArg::Attest => Method::Attest,
        },
        observed_at: Instant(args.at.unwrap_or(now)),
        ttl: args.ttl,
        covers: BTreeMap::new(),
        package_digest: None,
        actor: args.actor.clone(),
        reviewer: args.reviewer.clone(),
        limitations: args.limitations.clone(),
        note: args.note.clone(),
        steps: args.step.iter().cloned().collect(),
        tried: args.tried.clone(),
        took: args.took,
        lost: args.lost,
        measured: args.measured,
    };
    let graph = Graph::new(&opened.package);
    let case = Case::new(&opened.package, &opened.text, &graph, &[], now);
    bind(record, &case, &args.covers)
}

fn unplaced<T>(value: T) -> Spanned<T> {
    Spanned {
        value,
        span: gonogo_model::text::Span::default(),
    }
}

/// Adds an item to the file of its criterion; where that would not read back as one item more,
/// a new file is made.
fn append(opened: &Opened, criterion: &str, section: &str, item: &str) -> anyhow::Result<PathBuf> {
    let folder = opened.dir.join("evidence");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let stem = criterion.to_lowercase();
    for number in 1..1000 {
        let name = match number {
            1 => format!("{stem}.yaml"),
            n => format!("{stem}-{n}.yaml"),
        };
        let path = folder.join(&name);
        let before = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let mut after = before.clone();
        if after.is_empty() {
            let _ = writeln!(after, "{section}:");
        } else if !after.ends_with('\n') {
            after.push('\n');
        }
        after += item;
        if reads_as_one_more(&before, &after, section) {
            write_whole(&path, &after)?;
            return Ok(path);
        }
    }
    anyhow::bail!("{} is full of files for {criterion}", folder.display())
}

fn reads_as_one_more(before: &str, after: &str, section: &str) -> bool {
    let count = |content: &str| {
        let mut text = PackageText::default();
        text.files.insert("evidence/x.yaml".into(), content.into());
        let loaded = load(&text);
        let here = loaded
            .diagnostics
            .iter()
            .filter(|d| d.span.is_some() && d.code != "unknown-reference");
        let package = &loaded.package;
        let counts = (package.evidence.len(), package.exceptions.len());
        (here.count() == 0).then_some(counts)
    };
    let (Some((records, exceptions)), Some(found)) = (count(before), count(after)) else {
        return false;
    };
    match section {
        "evidence" => found == (records + 1, exceptions),
        _ => found == (records, exceptions + 1),
    }
}

/// Writes a file so that it is never seen half.
fn write_whole(path: &Path, content: &str) -> anyhow::Result<()> {
    let beside = path.with_extension("yaml~");
    fs::write(&beside, content).with_context(|| format!("cannot write {}", beside.display()))?;
    fs::rename(&beside, path).with_context(|| format!("cannot write {}", path.display()))
}

fn list(args: &EvidenceList) -> anyhow::Result<Exit> {
    let opened = match open(args.package.dir()) {
        Ok(opened) => opened,
        Err(exit) => return Ok(exit),
    };
    let now = this_second();
    let wanted = |name: &str| {
        args.criterion
            .as_ref()
            .is_none_or(|c| c.eq_ignore_ascii_case(name))
    };
    let records = opened
        .package
        .evidence
        .iter()
        .filter(|r| wanted(&r.criterion.value));
    let mut judged: BTreeMap<&str, Vec<Answer>> = BTreeMap::new();
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for record in records {
        let name = record.criterion.value.as_str();
        let given = judged.entry(name).or_insert_with(|| {
            criteria::find(name).map_or_else(Vec::new, |c| answers(c, &opened, now))
        });
        let (counts, why) = standing(record, given);
        rows.push([
            record.criterion.value.clone(),
            record.subject.value.to_string(),
            record.observed_at.0.strftime("%Y-%m-%d").to_string(),
            record.result.word().to_string(),
            format!("{} by {}", record.method, record.actor),
            why.clone(),
        ]);
        let mut value = report::value(record);
        value["counts"] = json!(counts);
        value["standing"] = json!(why);
        values.push(value);
    }
    let exceptions = exceptions(&opened, &wanted, now);
    let text = match args.format {
        Format::Json => format!(
            "{:#}\n",
            json!({"version": 1, "records": values, "exceptions": exceptions.iter().map(|(e, why)| {
                let mut value = report::exception_value(e);
                value["void"] = json!(why);
                value
            }).collect::<Vec<_>>()})
        ),
        Format::Human if rows.is_empty() && exceptions.is_empty() => {
            "No evidence yet. `gonogo verdict` says what is asked for, `gonogo evidence add --help` how to record it.\n".into()
        }
        Format::Human => {
            let said = exceptions.iter().map(|(e, why)| {
                let until = e.until.0.strftime("%Y-%m-%d");
                let standing = match why {
                    None => format!("excepted until {until}"),
                    Some(why) => format!("void: {why}"),
                };
                format!("{}  {}  exception `{}`, {standing}\n", e.criterion.value, e.subject.value, e.id.value)
            });
            print::columns(&rows) + &said.collect::<String>()
        }
    };
    print!("{}", print::plain(&text));
    Ok(Exit::Clean)
}

/// Does a record count, and if not, why?
fn standing(record: &Record, answers: &[Answer]) -> (bool, String) {
    let Some(answer) = answers.iter().find(|a| a.subject == record.subject.value) else {
        return (false, "nothing asks for it".into());
    };
    let same = |r: &Record| {
        r.observed_at == record.observed_at && r.actor == record.actor && r.method == record.method
    };
    if !answer.evidence.iter().any(same) {
        return (
            false,
            "a newer one counts, or none of this method is asked for".into(),
        );
    }
    match answer.reasons.is_empty() {
        true => (true, "counts".into()),
        false => (
            answer.state == criteria::State::Pass,
            answer.reasons.join("; "),
        ),
    }
}

fn exceptions<'p>(
    opened: &'p Opened,
    wanted: &dyn Fn(&str) -> bool,
    now: Timestamp,
) -> Vec<(&'p Exception, Option<String>)> {
    let graph = Graph::new(&opened.package);
    let case = Case::new(&opened.package, &opened.text, &graph, &[], now);
    let all = opened.package.exceptions.iter();
    all.filter(|e| wanted(&e.criterion.value))
        .map(|e| (e, why_void(&case, e)))
        .collect()
}

fn except(args: &EvidenceExcept) -> anyhow::Result<Exit> {
    let opened = match open(args.package.dir()) {
        Ok(opened) => opened,
        Err(exit) => return Ok(exit),
    };
    let subjects = std::iter::once(&args.subject).chain(&args.also);
    let exceptions: Result<Vec<Exception>, Refusal> = subjects
        .map(|subject| compose_exception(args, subject, &opened))
        .collect();
    let exceptions = match exceptions {
        Ok(exceptions) => exceptions,
        Err(refusal) => return Ok(say(&refusal)),
    };
    for exception in exceptions {
        let item = report::exception_yaml(&exception);
        let path = append(&opened, "exceptions", "exceptions", &item)?;
        print!(
            "{}",
            print::plain(&format!(
                "{} for {} is excepted until {}; it is in {}: commit it\n",
                exception.criterion.value,
                exception.subject.value,
                exception.until.0.strftime("%Y-%m-%d %H:%M UTC"),
                path.display()
            ))
        );
    }
    Ok(Exit::Clean)
}

fn compose_exception(
    args: &EvidenceExcept,
    subject: &Subject,
    opened: &Opened,
) -> Result<Exception, Refusal> {
    let now = this_second();
    let criterion = criterion(&args.criterion)?;
    let graph = Graph::new(&opened.package);
    let case = Case::new(&opened.package, &opened.text, &graph, &[], now);
    about(criterion, subject, &case)?;
    let nowhere = gonogo_model::text::Span::default();
    let owner = opened
        .package
        .roles
        .keys()
        .find(|id| id.as_str() == args.owner);
    let owner = owner.ok_or_else(|| {
        Refusal::new(
            "unknown_role",
            format!("there is no role `{}`", args.owner),
            "name one of `roles`",
        )
    })?;
    let stem = format!("{}-{}", criterion.id.to_lowercase(), subject).replace('/', "-");
    let taken = |id: &str| {
        opened
            .package
            .exceptions
            .iter()
            .any(|e| e.id.as_str() == id)
    };
    let id = (1..)
        .map(|n| {
            if n == 1 {
                stem.clone()
            } else {
                format!("{stem}-{n}")
            }
        })
        .find(|id| !taken(id))
        .and_then(|id| Id::parse(&id).ok())
        .ok_or_else(|| {
            Refusal::new(
                "name_too_long",
                "its name would be too long",
                "write it by hand",
            )
        })?;
    let exception = Exception {
        id: unplaced(id),
        criterion: unplaced(criterion.id.to_string()),
        subject: unplaced(subject.clone()),
        reason: args.reason.clone(),
        compensating_control: args.control.clone(),
        control_tested_at: Instant(args.control_tested_at),
        owner: Ref::new(owner.clone(), nowhere),
        signed_by: Ref::new(person(&args.signed_by, &opened.package)?, nowhere),
        countersigned_by: Ref::new(person(&args.countersigned_by, &opened.package)?, nowhere),
        signed_at: Instant(now),
        until: Instant(args.until),
        covers: digests(std::iter::once(subject), &opened.package)?,
    };
    match why_void(&case, &exception) {
        None => Ok(exception),
        Some(why) => Err(Refusal::new(
            "void",
            format!("it would be void: {why}"),
            "`gonogo evidence except --help` shows what it needs",
        )),
    }
}
