//! `gonogo admin-link`: a new link for the administrator who lost theirs.

use gonogo_server::auth::{FIRST_ADMIN, LinkPurpose};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::accounts::Accounts;
use crate::args::AdminLink;
use crate::exit::Exit;
use crate::print;

pub fn run(args: &AdminLink) -> anyhow::Result<Exit> {
    let accounts = match Accounts::open(&args.data)? {
        Ok(accounts) => accounts,
        Err(exit) => return Ok(exit),
    };
    let link = accounts.run(async |auth| auth.reissue(FIRST_ADMIN, Timestamp::now()).await);
    accounts.close()?;
    let path = LinkPurpose::Setup.path(&link?);
    let base_url = args.base_url.trim_end_matches('/');
    let url = format!("{base_url}{}", path.expose());
    print::answer(args.format, json!({ "url": url }), |_: Value| {
        format!("{url}\n")
    })?;
    anstream::eprintln!("It works once, for a day, once `gonogo serve` runs again.");
    Ok(Exit::Clean)
}
