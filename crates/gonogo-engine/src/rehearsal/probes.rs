//! The answers of checks: well, unless an inject changed that.
//!
//! Answers come as the server brings them: news at once, equal good answers as one summary a
//! minute.

use gonogo_model::check::{Check, LOCAL, Probe};
use gonogo_model::{Duration, Id};

use super::luck::Luck;
use crate::input::{
    Beat, BeatKind, Certificate, CheckResult, CheckVerdict, Input, Registration, Report,
};
use crate::time::Time;

/// How often equal good answers are summed up.
const SUMMARY_EVERY: Duration = Duration::from_secs(60);
/// A healthy certificate: its lifetime, how much of that is left when a rehearsal begins, and
/// how much is left when it is renewed.
const LIFETIME: Duration = Duration::from_hours(90 * 24);
const LEFT: Duration = Duration::from_hours(60 * 24);
const RENEWED_AT: Duration = Duration::from_hours(45 * 24);
const REGISTERED_FOR: Duration = Duration::from_hours(300 * 24);

/// A check as the world answers it.
#[derive(Debug)]
pub(super) struct Probed {
    pub(super) id: Id,
    /// From where it is asked.
    pub(super) place: Id,
    /// The agent there says nothing.
    pub(super) silent: bool,
    pub(super) every: Duration,
    pub(super) component: Id,
    pub(super) luck: Luck,
    settles_after: u32,
    sees_certificate: bool,
    sees_registration: bool,
    reports: bool,
    reported: u64,
    fault: Option<String>,
    served: Option<(Time, Time)>,
    began: Time,
    asked: u64,
    good_told: u32,
    good_waiting: u32,
    told_at: Time,
}

impl Probed {
    /// A check, once for each place that it is asked from.
    pub(super) fn of(check: &Check, seed: u64, began: Time) -> Vec<Self> {
        let places = match &check.from {
            Some(from) => from.places.clone(),
            None => vec![Id::from_static(LOCAL)],
        };
        let asked = places.into_iter().map(|p| Self::new(check, p, seed, began));
        asked.collect()
    }

    fn new(check: &Check, place: Id, seed: u64, began: Time) -> Self {
        let id = check.id.value.clone();
        let luck = match place.as_str() {
            LOCAL => Luck::of(seed, id.as_str()),
            elsewhere => Luck::of(seed, &format!("{id} from {elsewhere}")),
        };
        Self {
            luck,
            id,
            place,
            silent: false,
            reported: 0,
            // A check that is asked all the time would stop the clock.
            every: check.asked_every().max(Duration::from_secs(1)),
            component: check.component.id.clone(),
            settles_after: u32::from(check.recovers_after.max(1)),
            sees_certificate: matches!(check.probe, Probe::Tls(_)),
            sees_registration: matches!(check.probe, Probe::Registration(_)),
            reports: matches!(check.probe, Probe::Heartbeat(_)),
            fault: None,
            served: None,
            began,
            asked: 0,
            good_told: 0,
            good_waiting: 0,
            told_at: began,
        }
    }

    /// How long after the start it is first asked: checks do not all begin at once.
    pub(super) fn offset(&self) -> Duration {
        Duration::from_millis(self.luck.below(u64::MAX, self.every.as_millis()))
    }

    pub(super) fn is_failing(&self) -> bool {
        self.fault.is_some()
    }

    pub(super) fn sees_certificate(&self) -> bool {
        self.sees_certificate
    }

    pub(super) fn fail(&mut self, detail: &str) {
        self.fault = Some(detail.to_string());
    }

    pub(super) fn recover(&mut self) {
        self.fault = None;
        self.served = None;
    }

    pub(super) fn serve(&mut self, lifetime: Duration, left: Duration, now: Time) {
        let not_after = now + left;
        self.served = Some((not_after - lifetime, not_after));
        // Another certificate is news.
        self.good_told = 0;
    }

    /// Asks once, or lets the job report; an answer that is no news waits for the next summary.
    pub(super) fn ask(&mut self, now: Time) -> Option<Input> {
        if self.reports {
            return Some(Input::Beat(self.report(now)));
        }
        let answer = self.answer(now).filter(|_| !self.silent)?;
        if self.place.as_str() == LOCAL {
            return Some(Input::Check(answer));
        }
        self.reported += 1;
        Some(Input::Reported(Box::new(Report {
            // Each check reports for itself here, so that each counts for itself.
            boot: format!("{}-{}", self.id, self.reported),
            place: self.place.clone(),
            first: 0,
            results: vec![answer],
            dropped: 0,
        })))
    }

    fn report(&self, now: Time) -> Beat {
        let note = self.fault.clone();
        Beat {
            check: self.id.clone(),
            at: now,
            kind: match note {
                Some(_) => BeatKind::Fail,
                None => BeatKind::Success,
            },
            run: None,
            took: None,
            exit: None,
            note: note.unwrap_or_default(),
        }
    }

    fn answer(&mut self, now: Time) -> Option<CheckResult> {
        self.asked += 1;
        let took = Duration::from_millis(self.luck.between(self.asked, 20, 250));
        let (from, until) = self.served.unwrap_or_else(|| self.healthy(now));
        let expired = self.sees_certificate && until <= now;
        let fault = match &self.fault {
            Some(detail) => Some(("failing", detail.clone())),
            None if expired => Some((
                "cert_expired",
                format!("the certificate expired at {until}"),
            )),
            None => None,
        };
        let failing = fault.is_some();
        let count = self.due(failing, now)?;
        let (code, detail) = fault.unwrap_or(("ok", String::from("answers well")));
        Some(CheckResult {
            check: self.id.clone(),
            at: now,
            verdict: if failing {
                CheckVerdict::Failing
            } else {
                CheckVerdict::Ok
            },
            code: code.into(),
            detail,
            took,
            count,
            seen: Box::default(),
            certificate: (self.sees_certificate && (!failing || expired)).then(|| Certificate {
                not_before: from,
                not_after: until,
                issuer: "Rehearsal CA".into(),
                serial: format!("{:x}", until.as_millis()),
            }),
            registration: self.sees_registration.then(|| Registration {
                ends: Some(self.began + REGISTERED_FOR),
                registrar: "Rehearsal Registrar".into(),
                status: Vec::new(),
            }),
        })
    }

    /// For how many equal answers one is sent now; none while they are saved up.
    fn due(&mut self, failing: bool, now: Time) -> Option<u32> {
        if failing {
            (self.good_told, self.good_waiting) = (0, 0);
            return Some(1);
        }
        self.good_waiting += 1;
        let news = self.good_told < self.settles_after;
        if !news && now < self.told_at + SUMMARY_EVERY {
            return None;
        }
        self.good_told = self.good_told.saturating_add(1);
        self.told_at = now;
        Some(std::mem::take(&mut self.good_waiting))
    }

    /// The certificate of somebody whose renewal works.
    fn healthy(&self, now: Time) -> (Time, Time) {
        let turn = (LIFETIME.as_millis() - RENEWED_AT.as_millis()).max(1);
        let aged = Duration::from_millis(LIFETIME.as_millis() - LEFT.as_millis());
        let first = self.began - aged;
        let renewals = now.since(first).as_millis() / turn;
        let issued = first + Duration::from_millis(renewals.saturating_mul(turn));
        (issued, issued + LIFETIME)
    }
}
