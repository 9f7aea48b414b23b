//! What the providers' documentation says about the fields of their events.
//!
//! Only what a condition is likely to ask for; a package adds to it with `schema`, and what it
//! says about a field is believed instead.

use super::schema::{EventSchema, FieldSchema, FieldType};
use crate::source::Provider;

/// Path, type, and the values it may have.
type Row = (&'static str, FieldType, &'static [&'static str]);

const TEXT: FieldType = FieldType::Text;
const INT: FieldType = FieldType::Int;
const BOOL: FieldType = FieldType::Bool;
const MAP: FieldType = FieldType::Map;
const TIME: FieldType = FieldType::Timestamp;

const STRIPE: &[Row] = &[
    ("id", TEXT, &[]),
    ("object", TEXT, &[]),
    ("type", TEXT, &[]),
    ("account", TEXT, &[]),
    ("api_version", TEXT, &[]),
    ("context", TEXT, &[]),
    ("created", INT, &[]),
    ("livemode", BOOL, &[]),
    ("pending_webhooks", INT, &[]),
    ("request.id", TEXT, &[]),
    ("request.idempotency_key", TEXT, &[]),
    ("data.previous_attributes", MAP, &[]),
    ("data.object.id", TEXT, &[]),
    ("data.object.object", TEXT, &[]),
    ("data.object.created", INT, &[]),
    ("data.object.currency", TEXT, &[]),
    ("data.object.customer", TEXT, &[]),
    ("data.object.description", TEXT, &[]),
    ("data.object.livemode", BOOL, &[]),
    ("data.object.metadata", MAP, &[]),
];

const STRIPE_CHARGE: &[Row] = &[
    ("data.object.amount", INT, &[]),
    ("data.object.amount_captured", INT, &[]),
    ("data.object.amount_refunded", INT, &[]),
    ("data.object.balance_transaction", TEXT, &[]),
    ("data.object.billing_details", MAP, &[]),
    ("data.object.captured", BOOL, &[]),
    ("data.object.disputed", BOOL, &[]),
    ("data.object.failure_code", TEXT, &[]),
    ("data.object.failure_message", TEXT, &[]),
    ("data.object.invoice", TEXT, &[]),
    ("data.object.outcome", MAP, &[]),
    ("data.object.paid", BOOL, &[]),
    ("data.object.payment_intent", TEXT, &[]),
    ("data.object.payment_method", TEXT, &[]),
    ("data.object.payment_method_details", MAP, &[]),
    ("data.object.receipt_url", TEXT, &[]),
    ("data.object.refunded", BOOL, &[]),
    (
        "data.object.status",
        TEXT,
        &["succeeded", "pending", "failed"],
    ),
];

const STRIPE_INVOICE: &[Row] = &[
    ("data.object.amount_due", INT, &[]),
    ("data.object.amount_overpaid", INT, &[]),
    ("data.object.amount_paid", INT, &[]),
    ("data.object.amount_remaining", INT, &[]),
    ("data.object.attempt_count", INT, &[]),
    ("data.object.attempted", BOOL, &[]),
    ("data.object.auto_advance", BOOL, &[]),
    ("data.object.billing_reason", TEXT, &[]),
    (
        "data.object.collection_method",
        TEXT,
        &["charge_automatically", "send_invoice"],
    ),
    ("data.object.due_date", INT, &[]),
    ("data.object.hosted_invoice_url", TEXT, &[]),
    ("data.object.lines", MAP, &[]),
    ("data.object.number", TEXT, &[]),
    ("data.object.parent", MAP, &[]),
    ("data.object.period_end", INT, &[]),
    ("data.object.period_start", INT, &[]),
    (
        "data.object.status",
        TEXT,
        &["draft", "open", "paid", "uncollectible", "void"],
    ),
    ("data.object.status_transitions", MAP, &[]),
    ("data.object.subscription", TEXT, &[]),
    ("data.object.subtotal", INT, &[]),
    ("data.object.total", INT, &[]),
];

const FIVETRAN: &[Row] = &[
    ("event", TEXT, &[]),
    ("created", TIME, &[]),
    ("connector_id", TEXT, &[]),
    ("connector_name", TEXT, &[]),
    ("connector_type", TEXT, &[]),
    ("destination_group_id", TEXT, &[]),
    ("group_id", TEXT, &[]),
    ("sync_id", TEXT, &[]),
];

const FIVETRAN_SYNC: &[Row] = &[
    (
        "data.status",
        TEXT,
        &[
            "SUCCESSFUL",
            "FAILURE",
            "FAILURE_WITH_TASK",
            "FAILED",
            "CANCELED",
            "RESCHEDULED",
            "NO_STATUS",
        ],
    ),
    ("data.reason", TEXT, &[]),
    ("data.taskType", TEXT, &[]),
];

const GITHUB: &[Row] = &[
    ("repository.full_name", TEXT, &[]),
    ("repository.name", TEXT, &[]),
    ("repository.default_branch", TEXT, &[]),
    ("repository.private", BOOL, &[]),
    ("organization.login", TEXT, &[]),
    ("sender.login", TEXT, &[]),
    ("sender.type", TEXT, &[]),
];

const GITHUB_RUN: &[Row] = &[
    ("action", TEXT, &["requested", "in_progress", "completed"]),
    ("workflow.name", TEXT, &[]),
    ("workflow.path", TEXT, &[]),
    ("workflow_run.id", INT, &[]),
    ("workflow_run.name", TEXT, &[]),
    ("workflow_run.display_title", TEXT, &[]),
    ("workflow_run.event", TEXT, &[]),
    ("workflow_run.head_branch", TEXT, &[]),
    ("workflow_run.head_sha", TEXT, &[]),
    ("workflow_run.html_url", TEXT, &[]),
    ("workflow_run.path", TEXT, &[]),
    ("workflow_run.run_attempt", INT, &[]),
    ("workflow_run.run_number", INT, &[]),
    ("workflow_run.actor.login", TEXT, &[]),
    ("workflow_run.created_at", TIME, &[]),
    ("workflow_run.run_started_at", TIME, &[]),
    ("workflow_run.updated_at", TIME, &[]),
    (
        "workflow_run.status",
        TEXT,
        &[
            "requested",
            "in_progress",
            "completed",
            "queued",
            "waiting",
            "pending",
        ],
    ),
    (
        "workflow_run.conclusion",
        TEXT,
        &[
            "success",
            "failure",
            "neutral",
            "cancelled",
            "timed_out",
            "action_required",
            "stale",
            "skipped",
            "startup_failure",
        ],
    ),
];

const GITHUB_DEPLOYMENT: &[Row] = &[
    ("action", TEXT, &["created"]),
    ("deployment.id", INT, &[]),
    ("deployment.environment", TEXT, &[]),
    ("deployment.description", TEXT, &[]),
    ("deployment.payload", MAP, &[]),
    ("deployment.production_environment", BOOL, &[]),
    ("deployment.ref", TEXT, &[]),
    ("deployment.sha", TEXT, &[]),
    ("deployment.task", TEXT, &[]),
    ("deployment.transient_environment", BOOL, &[]),
    ("deployment.creator.login", TEXT, &[]),
    ("deployment.created_at", TIME, &[]),
    ("deployment.updated_at", TIME, &[]),
    ("workflow_run", MAP, &[]),
];

const GITHUB_STATUS: &[Row] = &[
    ("deployment_status.id", INT, &[]),
    (
        "deployment_status.state",
        TEXT,
        &[
            "pending",
            "in_progress",
            "queued",
            "waiting",
            "success",
            "failure",
            "error",
            "inactive",
        ],
    ),
    ("deployment_status.description", TEXT, &[]),
    ("deployment_status.environment", TEXT, &[]),
    ("deployment_status.environment_url", TEXT, &[]),
    ("deployment_status.log_url", TEXT, &[]),
    ("deployment_status.target_url", TEXT, &[]),
    ("deployment_status.created_at", TIME, &[]),
    ("deployment_status.updated_at", TIME, &[]),
];

/// The fields of a type of event; `None` where nothing is known about it.
pub(super) fn of(provider: Provider, event: &str) -> Option<EventSchema> {
    let object = event.split('.').next().unwrap_or(event);
    let another = ["charge.dispute.", "charge.refund."];
    let rows: &[&[Row]] = match (provider, object) {
        (Provider::Stripe, "charge") if !another.iter().any(|p| event.starts_with(p)) => {
            &[STRIPE, STRIPE_CHARGE]
        }
        (Provider::Stripe, "invoice") => &[STRIPE, STRIPE_INVOICE],
        (Provider::Fivetran, "sync_start" | "sync_end") => &[FIVETRAN, FIVETRAN_SYNC],
        (Provider::Github, "workflow_run") => &[GITHUB, GITHUB_RUN],
        (Provider::Github, "deployment") => &[GITHUB, GITHUB_DEPLOYMENT],
        (Provider::Github, "deployment_status") => &[GITHUB, GITHUB_DEPLOYMENT, GITHUB_STATUS],
        _ => return None,
    };
    let rows = rows.iter().flat_map(|rows| rows.iter());
    let fields = rows.map(|(path, kind, allowed)| {
        let field = FieldSchema {
            kind: *kind,
            allowed: allowed.iter().map(ToString::to_string).collect(),
        };
        ((*path).to_owned(), field)
    });
    Some(fields.collect())
}
