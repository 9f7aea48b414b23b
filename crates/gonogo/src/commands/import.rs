//! `gonogo import`: another tool's catalogue as a package, and what did not come along.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use gonogo_readiness::import::{Imported, Input, VERSION, backstage, codeowners, datadog, openslo};
use gonogo_server::package_dir::{self, MARKER};
use serde_json::json;

use crate::args::{Catalogue, Format, Import};
use crate::exit::Exit;
use crate::print;

/// The largest file that is read.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Runs the command.
pub fn run(args: &Import) -> anyhow::Result<Exit> {
    let mut texts: Vec<(String, String)> = Vec::new();
    for path in &args.files {
        match read(path) {
            Ok(text) => texts.push((path.display().to_string(), text)),
            Err(why) => {
                anstream::eprintln!("error: `{}` cannot be read: {why}", path.display());
                return Ok(Exit::CouldNotRun);
            }
        }
    }
    let inputs: Vec<Input<'_>> = texts
        .iter()
        .map(|(name, text)| Input { name, text })
        .collect();
    let mut imported = match args.from {
        Catalogue::Backstage => backstage::import(&inputs),
        Catalogue::Datadog => datadog::import(&inputs),
        Catalogue::Openslo => openslo::import(&inputs),
        Catalogue::Codeowners => codeowners::import(&inputs),
    };
    if let Some(dir) = &args.into {
        if package_dir::is_package(dir) {
            imported.files.remove(MARKER);
        }
        let there = imported.files.keys().map(|path| dir.join(path));
        if let Some(there) = there.into_iter().find(|p| fs::symlink_metadata(p).is_ok()) {
            anstream::eprintln!(
                "error: `{}` exists already; nothing was written",
                there.display()
            );
            anstream::eprintln!("help: move it away, or import into another directory and compare");
            return Ok(Exit::CouldNotRun);
        }
        write(dir, &imported.files)?;
    }
    say(args, &imported)?;
    Ok(match imported.report.is_whole() {
        true => Exit::Clean,
        false => Exit::Findings,
    })
}

fn read(path: &Path) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|e| e.to_string())?.len();
    if size > MAX_FILE_BYTES {
        return Err(format!("it is larger than {} MiB", MAX_FILE_BYTES >> 20));
    }
    let bytes = fs::read(path).map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".into())
}

fn write(dir: &Path, files: &BTreeMap<String, String>) -> anyhow::Result<()> {
    for (path, content) in files {
        let path = dir.join(path);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| OpenOptions::new().write(true).create_new(true).open(&path))
            .and_then(|mut file| file.write_all(content.as_bytes()))
            .with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(())
}

/// The report; without `--into` the files too, for a person before it.
fn say(args: &Import, imported: &Imported) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    match (args.format, &args.into) {
        (Format::Json, _) => {
            let report = &imported.report;
            let value = json!({
                "version": VERSION,
                "files": imported.files,
                "taken": report.taken,
                "losses": report.losses,
            });
            writeln!(out, "{value:#}")?;
        }
        (Format::Human, None) => {
            for (path, content) in &imported.files {
                writeln!(out, "# --- {path}\n{content}")?;
            }
            out.flush()?;
            anstream::eprint!("{}", print::plain(&imported.report.human()));
        }
        (Format::Human, Some(dir)) => {
            for path in imported.files.keys() {
                writeln!(out, "wrote {}", dir.join(path).display())?;
            }
            let report = print::plain(&imported.report.human());
            write!(out, "\n{report}\nNext: `gonogo check {}`\n", dir.display())?;
        }
    }
    Ok(out.flush()?)
}
