//! `POST /reload`: look at the package on disk now, and say what came of it.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Body, Nothing};
use super::problem::Problem;
use super::state::{PackageInForce, Refused};
use crate::auth::{Require, need};
use crate::site::Site;
use crate::store::Lane;

/// How long the package on disk may take to be read and judged.
const JUDGED_WITHIN: Duration = Duration::from_secs(10);

/// What came of looking at the package on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// The package in force now.
    pub package: Option<PackageInForce>,
    /// Why the one on disk is not in force, when it is not. The one before goes on.
    pub refused: Option<Refused>,
}

pub(super) async fn post(
    State(site): State<Site>,
    _: Require<need::Responder>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer<Reloaded> {
    let mut asked = 0;
    site.reload.send_modify(|n| {
        *n += 1;
        asked = *n;
    });
    let mut disk = site.disk.clone();
    let judged = disk.wait_for(|state| state.asked >= asked);
    let refused = match tokio::time::timeout(JUDGED_WITHIN, judged).await {
        Ok(Ok(state)) => state.refused.as_ref().map(|refused| Refused {
            summary: refused.summary.clone(),
            mistakes: refused.mistakes.clone(),
        }),
        Ok(Err(_)) | Err(_) => {
            let message = "The package on disk could not be judged in time.";
            return Err(Problem::not_now("not_judged", message)
                .help("It is looked at again by itself; the server's log says more."));
        }
    };
    let newest = site.store.heads().borrow().of(Lane::Human);
    site.shown(newest).await;
    Ok(Json(Reloaded {
        package: PackageInForce::of(&site.view()),
        refused,
    }))
}
