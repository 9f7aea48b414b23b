//! Each criterion against packages that meet it and packages that do not.

mod fixture;

mod dep;
mod ext;
mod own;
mod rsk;
mod rules_of_evidence;
mod verdict;
