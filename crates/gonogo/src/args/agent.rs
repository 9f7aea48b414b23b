//! `gonogo agent`

use std::path::PathBuf;

use clap::Args;
use gonogo_model::Id;
use gonogo_model::check::LOCAL;
use reqwest::Url;

use super::operator::server_url;

/// `gonogo agent`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gonogo agent --server https://gonogo.example.com --place eu-west --token-file /run/secrets/agent
  GONOGO_TOKEN=gng_… gonogo agent --server https://gonogo.example.com --place eu-west

It asks the checks that name the place in `from: {places: […]}`. Settings such as ${env:NAME}
are read where it runs. The token is one of `gonogo token create --scope agent`.")]
pub struct Agent {
    /// Where the server is
    #[arg(long, value_name = "URL", env = "GONOGO_SERVER", value_parser = server_url)]
    pub server: Url,
    /// The place that it asks from, as checks name it
    #[arg(long, value_name = "PLACE", value_parser = place)]
    pub place: String,
    /// The file with its token
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Its token; better in a file or in GONOGO_TOKEN
    #[arg(
        long,
        value_name = "TOKEN",
        env = "GONOGO_TOKEN",
        hide_env_values = true,
        conflicts_with = "token_file"
    )]
    pub token: Option<String>,
}

fn place(text: &str) -> Result<String, String> {
    let id = Id::parse(text).map_err(|error| error.to_string())?;
    if id.as_str() == LOCAL {
        return Err(format!(
            "`{LOCAL}` is the server itself; name another place"
        ));
    }
    Ok(text.to_owned())
}
