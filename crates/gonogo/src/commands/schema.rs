//! `gonogo schema`: what an editor needs to complete and check a package's files.

use std::io::Write as _;

use gonogo_model::schema;

use crate::args::{Schema, SchemaOf};
use crate::exit::Exit;

/// Runs the command.
pub fn run(args: &Schema) -> anyhow::Result<Exit> {
    let schema = match args.of {
        SchemaOf::Package => schema::package(),
        SchemaOf::Evidence => schema::evidence(),
        SchemaOf::Runbook => schema::runbook(),
        SchemaOf::Template => schema::template(),
    };
    let mut out = anstream::stdout().lock();
    writeln!(out, "{schema:#}")?;
    out.flush()?;
    Ok(Exit::Clean)
}
