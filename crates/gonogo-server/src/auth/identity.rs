//! Who is asking, and what they may do.
//!
//! Invariant: an [`Identity`] exists only for somebody who proved to be that person; whoever
//! did not is the absence of one, never an identity with fewer rights.

use std::fmt;

use gonogo_engine::input::Actor;
use gonogo_model::id::Id;

/// What somebody may do; each role includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Acknowledges, resolves, works through runbooks, writes drafts.
    Responder,
    /// Publishes, decides about the launch, accepts risks.
    Director,
    /// Manages people, tokens and the installation.
    Admin,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Responder, Self::Director, Self::Admin];

    /// The word for it, in the database and on pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Responder => "responder",
            Self::Director => "director",
            Self::Admin => "admin",
        }
    }

    /// What it may do, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Viewer => "reads everything",
            Self::Responder => "acknowledges, resolves, works through runbooks",
            Self::Director => "publishes to customers, decides about the launch",
            Self::Admin => "manages people and the installation",
        }
    }

    /// The role that a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// A browser that signed in.
    Session,
    /// A program with an API token.
    Token,
    /// A program whose token lets it record evidence in the name of whoever found it out.
    Recorder,
    /// A program whose token lets it report what it asked from another place, and nothing else.
    Agent,
    /// A signed link, good for one act.
    Link,
}

/// Somebody who proved who they are.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub user_id: String,
    /// What to call them.
    pub name: String,
    /// What they may do here and now: with a token, what its scope allows at the most.
    pub role: Role,
    /// The person of the package that they are, where that is known.
    pub person: Option<Id>,
    /// How they proved it.
    pub via: Via,
    /// What forms of this session must carry; nothing for programs and links.
    pub csrf: Option<String>,
}

impl Identity {
    /// Whether they may do what takes `role`.
    pub fn may(&self, role: Role) -> bool {
        self.role >= role
    }

    /// What forms must carry, empty where they need nothing.
    pub fn csrf(&self) -> &str {
        self.csrf.as_deref().unwrap_or_default()
    }

    /// Who acts, for the engine's timeline.
    pub fn actor(&self) -> Actor {
        let via = match self.via {
            Via::Session => "page",
            Via::Token | Via::Recorder | Via::Agent => "api",
            Via::Link => "link",
        };
        Actor {
            name: self.name.clone(),
            person: self.person.clone(),
            via: via.to_owned(),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Identity({}, {}, {:?})",
            self.user_id, self.role, self.via
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_includes_the_ones_before_it() {
        assert!(Role::ALL.is_sorted());
        for role in Role::ALL {
            assert_eq!(Role::parse(role.word()), Some(role));
        }
        assert_eq!(Role::parse("root"), None);
        assert_eq!(Role::parse("Admin"), None);
    }

    #[test]
    fn debug_shows_no_secret() {
        let identity = Identity {
            user_id: "ada".into(),
            name: "Ada Example".into(),
            role: Role::Admin,
            person: None,
            via: Via::Session,
            csrf: Some("s3cr3t".into()),
        };
        assert_eq!(format!("{identity:?}"), "Identity(ada, admin, Session)");
    }
}
