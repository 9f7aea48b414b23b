//! `gonogo init`: a new package that already passes `check`, but for its stand-in people.
//!
//! Nothing is written before everything is known, and nothing that exists is overwritten.

mod ask;
mod fill;

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use gonogo_model::diagnostic::did_you_mean;
use gonogo_model::schema;
use gonogo_model::when::Zone;
use gonogo_readiness::report::counted;
use gonogo_server::package_dir;

use crate::args::Init;
use crate::exit::Exit;
use crate::{print, shipped};
use fill::{Answers, Template};

/// Runs the command.
pub fn run(args: &Init) -> anyhow::Result<Exit> {
    if let Some(zone) = &args.time_zone
        && let Err(why) = Zone::parse(zone)
    {
        return Ok(not_understood(&why, None));
    }
    let asks = io::stdin().is_terminal() && io::stdout().is_terminal();
    let mut talk = asks.then(|| ask::Talk::new(io::stdin().lock(), io::stdout()));
    if let Some(talk) = &mut talk {
        talk.say(&format!(
            "A new ops package in `{}`. Enter takes what stands in brackets.\n",
            args.dir.display()
        ))?;
    }
    let name = match (&args.template, &mut talk) {
        (Some(name), _) => name.clone(),
        (None, Some(talk)) => talk.template(shipped::names())?,
        (None, None) => DEFAULT_TEMPLATE.into(),
    };
    let Some(files) = shipped::package(&name) else {
        let near = did_you_mean(&name, shipped::names());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "there are {}",
                shipped::names().collect::<Vec<_>>().join(", ")
            ),
        };
        return Ok(not_understood(
            &format!("there is no template `{name}`"),
            Some(&help),
        ));
    };
    let template = Template::new(files);
    let answers = match Answers::from_flags(args, &template) {
        Ok(answers) => answers,
        Err(why) => return Ok(not_understood(&why, None)),
    };
    let answers = match &mut talk {
        Some(talk) => talk.answers(answers, &template)?,
        None => answers,
    };
    let mut filled = template.filled(&answers);
    filled.insert(
        schema::FILE_NAME.into(),
        format!("{:#}\n", schema::package()),
    );
    if let Some(refused) = refusal(&args.dir, &filled) {
        anstream::eprintln!("error: {refused}; nothing was written");
        anstream::eprintln!("help: name a directory of its own, such as `gonogo init ops`");
        return Ok(Exit::CouldNotRun);
    }
    write(&args.dir, &filled)?;
    anstream::print!("{}", print::plain(&closing(&args.dir, &name, filled.len())));
    Ok(Exit::Clean)
}

/// The template where none is named.
const DEFAULT_TEMPLATE: &str = "minimal";

fn not_understood(why: &str, help: Option<&str>) -> Exit {
    anstream::eprintln!("error: {}", print::plain(why));
    if let Some(help) = help {
        anstream::eprintln!("help: {help}");
    }
    Exit::Usage
}

/// Why these files cannot be written there.
fn refusal(dir: &Path, files: &BTreeMap<String, String>) -> Option<String> {
    if package_dir::is_package(dir) {
        return Some(format!("`{}` holds a package already", dir.display()));
    }
    if dir.exists() && !dir.is_dir() {
        return Some(format!("`{}` is not a directory", dir.display()));
    }
    let there = files.keys().map(|path| dir.join(path));
    let there = there
        .into_iter()
        .find(|p| fs::symlink_metadata(p).is_ok())?;
    Some(format!("`{}` exists already", there.display()))
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

/// What was written, and the three commands that come next.
fn closing(dir: &Path, template: &str, files: usize) -> String {
    let shown = dir.display().to_string();
    let shown = match shown.contains(char::is_whitespace) {
        true => format!("'{shown}'"),
        false => shown,
    };
    let files = counted(files, "file");
    let next = [
        (
            format!("gonogo check {shown}"),
            "what is still missing, with its place",
        ),
        (
            format!("gonogo rehearse --all {shown}"),
            "what it is to survive, played in a second",
        ),
        (format!("gonogo serve {shown}"), "run it"),
    ];
    let width = next
        .iter()
        .map(|(command, _)| command.chars().count())
        .max();
    let width = width.unwrap_or(0);
    let mut out = format!("Wrote {files} to {shown} from the template {template}.\n\nNext:\n");
    for (command, what) in next {
        out += &format!("  {command:<width$}   {what}\n");
    }
    out + &format!(
        "\nWhat is yours to fill in stands in {}, people first.\n",
        dir.join("README.md").display()
    )
}
