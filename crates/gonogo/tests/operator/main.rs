//! The operator's verbs against the real server, from arguments to output and exit code.

mod agent;
mod backup;
mod doctor;
mod refused;
mod replay;
mod served;
mod verbs;
