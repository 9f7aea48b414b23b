//! Each criterion against packages that meet it and packages that do not.

mod fixture;

mod cap;
mod crt;
mod dat;
mod dep;
mod ext;
mod manual;
mod mistrust;
mod mon;
mod onc;
mod own;
mod rbk;
mod reh;
mod rel;
mod rsk;
mod rules_of_evidence;
mod runbook_status;
mod sup;
mod table;
mod verdict;
