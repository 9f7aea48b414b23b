//! `gonogo export`: a package for other tools, and for when no tool is left.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gonogo_model::Package;
use gonogo_readiness::check;
use gonogo_readiness::export::handbook::Handbook;
use gonogo_readiness::export::{Exported, backstage, openslo, prometheus};
use gonogo_readiness::report::{counted, printable};
use jiff::Timestamp;

use super::read_package;
use crate::args::{self, Export, ExportVerb};
use crate::exit::Exit;

/// The file that says that a directory is a handbook, and which files are its own.
const MANIFEST: &str = ".gonogo-handbook";

/// Runs the command.
pub fn run(args: &Export) -> anyhow::Result<Exit> {
    match &args.verb {
        ExportVerb::Handbook(args) => handbook(args),
        ExportVerb::Backstage(args) => catalogue(args, backstage::export),
        ExportVerb::Openslo(args) => catalogue(args, openslo::export),
        ExportVerb::Prometheus(args) => rules(args),
    }
}

/// Another tool's format on standard output, and what it has no place for beside it.
fn catalogue(args: &args::Catalog, export: impl Fn(&Package) -> Exported) -> anyhow::Result<Exit> {
    let package = match sound(&args.package.dir())? {
        Ok(package) => package,
        Err(exit) => return Ok(exit),
    };
    let exported = export(&package);
    print(&exported.text)?;
    say_lost(&exported.lost);
    Ok(Exit::Clean)
}

fn rules(args: &args::Prometheus) -> anyhow::Result<Exit> {
    let package = match sound(&args.package.dir())? {
        Ok(package) => package,
        Err(exit) => return Ok(exit),
    };
    let name = args.out.as_deref().and_then(Path::file_name);
    let name = name.map_or_else(|| "rules.yml".into(), |n| n.to_string_lossy());
    let exported = prometheus::export(&package, args.url.as_deref(), &name);
    match &args.out {
        None => print(&exported.rules)?,
        Some(out) => {
            let tests = out.with_extension("test.yml");
            write(out, &exported.rules)?;
            write(&tests, &exported.tests)?;
            anstream::println!(
                "{} and {}: try them with `promtool test rules {}`",
                out.display(),
                tests.display(),
                tests.display()
            );
        }
    }
    say_lost(&exported.lost);
    Ok(Exit::Clean)
}

/// A package without errors, or how to end.
fn sound(dir: &Path) -> anyhow::Result<Result<Package, Exit>> {
    let read = match read_package(dir) {
        Ok(read) => read,
        Err(exit) => return Ok(Err(exit)),
    };
    let checked = check(&read.text, read.findings);
    if !checked.is_sound() {
        anstream::eprintln!("error: the package has {}", checked.counts);
        anstream::eprintln!("help: `gonogo check {}` shows where", dir.display());
        return Ok(Err(Exit::CouldNotRun));
    }
    Ok(Ok(checked.package))
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

fn say_lost(lost: &[String]) {
    if !lost.is_empty() {
        anstream::eprintln!("What did not go along:");
    }
    for lost in lost {
        anstream::eprintln!("  {}", printable(lost));
    }
}

fn handbook(args: &args::Handbook) -> anyhow::Result<Exit> {
    let dir = args.package.dir();
    let read = match read_package(&dir) {
        Ok(read) => read,
        Err(exit) => return Ok(exit),
    };
    let checked = check(&read.text, read.findings);
    if !checked.is_sound() {
        anstream::eprintln!(
            "error: the package has {}, so a handbook of it would lack something",
            checked.counts
        );
        anstream::eprintln!("help: `gonogo check {}` shows where", dir.display());
        return Ok(Exit::CouldNotRun);
    }
    let handbook = Handbook::of(&checked.package, Timestamp::now());
    if args.markdown {
        let mut out = anstream::stdout().lock();
        out.write_all(handbook.markdown().as_bytes())?;
        out.flush()?;
        return Ok(Exit::Clean);
    }
    let mut files = handbook.site();
    files.insert("handbook.md".into(), handbook.markdown());
    if let Err(why) = replace(&args.out, &files)? {
        anstream::eprintln!("error: {why}");
        anstream::eprintln!("help: name an empty or a new directory with --out");
        return Ok(Exit::Usage);
    }
    anstream::println!(
        "{} in {}: open {}\nIt needs nothing else: copy it to where it can be read when everything is down.",
        counted(files.len(), "file"),
        args.out.display(),
        args.out.join("index.html").display()
    );
    Ok(Exit::Clean)
}

/// Writes the files, and removes those of an earlier handbook that are no more; says why not,
/// where the directory holds something else.
fn replace(
    out: &Path,
    files: &std::collections::BTreeMap<String, String>,
) -> anyhow::Result<Result<(), String>> {
    let manifest = out.join(MANIFEST);
    let known: Option<BTreeSet<String>> = fs::read_to_string(&manifest)
        .ok()
        .map(|text| text.lines().map(str::to_string).collect());
    let occupied = fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    let Some(known) = known.or_else(|| (!occupied).then(BTreeSet::new)) else {
        return Ok(Err(format!(
            "{} holds something that is no handbook",
            out.display()
        )));
    };
    // What it will hold is said first, so that a run that was cut short can be repeated.
    let all: BTreeSet<&str> = known
        .iter()
        .map(String::as_str)
        .chain(files.keys().map(String::as_str))
        .collect();
    let list =
        |names: &mut dyn Iterator<Item = &str>| names.map(|n| format!("{n}\n")).collect::<String>();
    write(&manifest, &list(&mut all.into_iter()))?;
    for (path, content) in files {
        write(&out.join(path), content)?;
    }
    for gone in known.iter().filter(|path| !files.contains_key(*path)) {
        // Only names that such a handbook could have.
        if !gone.contains("..") && !gone.starts_with('/') {
            fs::remove_file(out.join(gone)).ok();
        }
    }
    write(&manifest, &list(&mut files.keys().map(String::as_str)))?;
    Ok(Ok(()))
}

fn write(path: &PathBuf, content: &str) -> anyhow::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}
