//! Each criterion against packages that meet it and packages that do not.

mod fixture;

mod dep;
mod own;
mod rules_of_evidence;
mod verdict;
