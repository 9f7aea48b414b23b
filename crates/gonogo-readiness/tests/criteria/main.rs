//! Each criterion against packages that meet it and packages that do not.

mod fixture;

mod cap;
mod crt;
mod dat;
mod dep;
mod ext;
mod manual;
mod own;
mod rbk;
mod rel;
mod rsk;
mod rules_of_evidence;
mod runbook_status;
mod verdict;
