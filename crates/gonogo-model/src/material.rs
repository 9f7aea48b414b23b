//! What expires: certificates, domains, tokens, licences, keys, contracts, cards on file.

use crate::check::Check;
use crate::component::Component;
use crate::decode::{record, words};
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::team::Role;
use crate::text::Spanned;
use crate::when::Local;

record! {
    /// Something that expires.
    pub struct Material as "something that expires" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// What sort it is.
        pub kind: MaterialKind,
        /// What stops working with it.
        pub component: Ref<Component>,
        /// When it expires (UTC), where no check reads that.
        pub expires: Option<Local>,
        /// The checks that read it where it is served.
        pub checks: Vec<Ref<Check>>,
        /// How long before its end it has to be renewed.
        pub renew_before: Duration = Duration::from_hours(30 * 24),
        /// How: by itself, or by hand and by which command.
        pub renewal: String,
        /// Who renews it.
        pub owner: Ref<Role>,
        /// The address that hears from whoever issued it: a team's, never one person's.
        pub notices_to: Option<String>,
        /// What tells a second time, independently, that it was renewed.
        pub second_check: Option<String>,
    }
}
entity!(Material, Material);

words! {
    /// A sort of thing that expires.
    pub enum MaterialKind as "a sort of thing that expires" {
        /// A certificate that is served.
        Certificate = "certificate",
        /// A root or an intermediate that others trust.
        Root = "root",
        /// The registration of a domain.
        Domain = "domain",
        /// A token or a password.
        Token = "token",
        /// A key that signs or encrypts.
        Key = "key",
        /// A licence.
        Licence = "licence",
        /// A contract.
        Contract = "contract",
        /// A card on file.
        Card = "card",
    }
}
