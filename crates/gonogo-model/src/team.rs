//! Who there is: people, the roles they hold for a time, and the teams that own things.
//!
//! Owners are roles and not people, because people go on leave. A role without a holder is a
//! finding, not a reason to refuse the package.

use jiff::Timestamp;

use crate::decode::{record, words};
use crate::escalation::EscalationPolicy;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::setting::Setting;
use crate::text::Spanned;
use crate::when::{Local, Zone};

record! {
    /// Somebody who can be reached.
    pub struct Person as "a person" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What to call them.
        pub name: String,
        /// Still a stand-in that somebody has to fill in.
        pub placeholder: bool = false,
        /// Where they usually are.
        pub time_zone: Option<Zone>,
        /// A telephone number for people to dial when nothing else works. gonogo never calls it;
        /// it stands in the handbook.
        pub phone: Option<Setting>,
        /// The day they left, or will (UTC).
        pub left: Option<Local>,
        /// How to reach them, the first that works first.
        pub contacts: Vec<Contact>,
    }
}
entity!(Person, Person);

record! {
    /// One way to reach somebody.
    pub struct Contact as "a contact" {
        /// The channel.
        pub channel: Spanned<Channel>,
        /// The address on it: a mail address, a URL, a routing key; `${env:NAME}` is allowed.
        pub to: Setting,
        /// The key that signs a webhook.
        pub secret: Option<crate::setting::SecretRef>,
    }
}

words! {
    /// A way for a message to leave.
    pub enum Channel as "a channel" {
        /// Mail over SMTP.
        Email = "email",
        /// A Slack incoming webhook, or one that speaks its format.
        Slack = "slack",
        /// A signed webhook.
        Webhook = "webhook",
        /// A push through an ntfy server: rings on a phone.
        Ntfy = "ntfy",
        /// PagerDuty's Events API v2: rings on a phone.
        Pagerduty = "pagerduty",
    }
}

impl Channel {
    /// Does it wake somebody who is asleep? Mail and chat do not.
    pub fn wakes(self) -> bool {
        matches!(self, Self::Ntfy | Self::Pagerduty)
    }
}

record! {
    /// A hat that somebody wears, from a date to a date.
    pub struct Role as "a role" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// Who holds it when.
        pub holders: Vec<Holder>,
    }
}
entity!(Role, Role);

impl Role {
    /// Who holds it at an instant; where several do, the one listed first.
    pub fn holder_at(&self, at: Timestamp) -> Option<&Ref<Person>> {
        let zone = Zone::utc();
        let holds = |h: &&Holder| {
            h.from.is_none_or(|from| zone.instant(from.0) <= at)
                && h.until.is_none_or(|until| at < zone.instant(until.0))
        };
        self.holders.iter().find(holds).map(|h| &h.person)
    }
}

record! {
    /// That a person holds a role.
    pub struct Holder as "a holder" {
        /// Who.
        pub person: Ref<Person>,
        /// Since when (UTC); always, where it is not written.
        pub from: Option<Local>,
        /// Until when (UTC, not included); for good, where it is not written.
        pub until: Option<Local>,
    }
}

record! {
    /// A group that owns components and is paged for them.
    pub struct Team as "a team" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// The one role that answers for it.
        pub accountable: Ref<Role>,
        /// Everybody in it.
        pub members: Vec<Ref<Role>>,
        /// How it is paged.
        pub escalation_policy: Ref<EscalationPolicy>,
        /// Rooms that are told, and never woken: a Slack channel.
        pub rooms: Vec<Contact>,
    }
}
entity!(Team, Team);
