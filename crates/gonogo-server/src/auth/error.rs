//! Why signing in and the like could not be carried out at all.

use crate::store::StoreError;

/// The machine failed, not the person: no variant says anything about an account.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AuthError {
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many passwords are being checked at this moment.
    #[error("too many people sign in at this moment")]
    Busy,
    /// The system gave no random bytes, or the hash could not be computed.
    #[error("the system cannot make a secret now: {0}")]
    Crypto(&'static str),
    /// There is no such account.
    #[error("there is no account with this id")]
    NoSuchUser,
    /// Nobody would be left to administer this installation.
    #[error("this is the last administrator who can sign in; make another one first")]
    LastAdmin,
    /// A limit of its own is reached.
    #[error("there are {max} {what} already, which is the limit")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The most that may be.
        max: usize,
    },
}
