//! What a vendor says about itself: status pages, narrowed to what is used of it.

use crate::decode::{choice, record, words};
use crate::duration::Duration;
use crate::setting::Setting;

choice! {
    /// Whose status is read, and in which format.
    pub enum VendorProbe as "a vendor's status" {
        /// Google Cloud's `incidents.json`.
        GoogleCloud(GoogleCloudStatus) = "google_cloud",
        /// The `summary.json` of any page of Statuspage's kind: Stripe, Fivetran, GitHub.
        Statuspage(StatuspageStatus) = "statuspage",
    }
}

record! {
    /// Google Cloud's service health, narrowed to products and locations.
    pub struct GoogleCloudStatus as "a google_cloud status" {
        /// Another address than Google's own.
        pub url: Option<Setting>,
        /// The products in use, by their title or id; all, where none are written.
        pub products: Vec<String>,
        /// The locations in use, such as `us-west1`; `global` always counts. All, where none
        /// are written.
        pub locations: Vec<String>,
        /// Incidents that Google calls mere information count as well.
        pub informational: bool = false,
        /// An incident that nobody has touched for so long, and nobody has ended, is forgotten.
        pub forgotten_after: Duration = Duration::from_hours(14 * 24),
        /// A copy of the feed that is older than this says nothing.
        pub stale_after: Duration = Duration::from_mins(30),
        /// A file of root certificates, for a copy of one's own.
        pub trust: Option<Setting>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

record! {
    /// A page of Statuspage's kind, narrowed to components.
    pub struct StatuspageStatus as "a statuspage status" {
        /// The page, such as `https://www.githubstatus.com`, or its `summary.json`.
        pub url: Setting,
        /// The components in use, by their name or id; the page as a whole, where neither
        /// components nor groups are written.
        pub components: Vec<String>,
        /// Groups of components in use, by their name or id.
        pub groups: Vec<String>,
        /// From which state on a component counts as failing.
        pub fails_from: VendorState = VendorState::Degraded,
        /// Announced maintenance that is under way, and incidents without impact, count as well.
        pub informational: bool = false,
        /// A copy of the page that is older than this says nothing.
        pub stale_after: Duration = Duration::from_mins(30),
        /// A file of root certificates, for a copy of one's own.
        pub trust: Option<Setting>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

words! {
    /// How bad a vendor says a component is.
    pub enum VendorState as "a state of a vendor's component" {
        /// Slower or worse than usual.
        Degraded = "degraded_performance" | "degraded",
        /// Some of it does not work.
        Partial = "partial_outage" | "partial",
        /// It does not work.
        Major = "major_outage" | "major",
    }
}
