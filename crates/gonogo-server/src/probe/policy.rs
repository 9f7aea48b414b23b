//! Which addresses a probe may touch.
//!
//! It exists because targets are written by users: without it, a check is a way to read the
//! cloud's metadata service or a neighbour's admin page. Invariant: the address that was
//! judged is the address that is connected to; a name is never resolved twice.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Names that lead to metadata services whatever they resolve to.
const METADATA_NAMES: [&str; 5] = [
    "metadata.google.internal",
    "metadata.goog",
    "metadata",
    "instance-data",
    "instance-data.ec2.internal",
];

/// Metadata and host-agent addresses outside the link-local ranges.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

/// The rules about addresses, with the exceptions an administrator has named.
#[derive(Clone, Debug, Default)]
pub struct AddressPolicy {
    allowed: BTreeSet<String>,
}

/// Why an address or a name is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Link-local, metadata, multicast or unspecified.
    Forbidden,
    /// Loopback or private, and the spec does not allow it.
    Private,
}

/// How far a spec may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    PublicOnly,
    PrivateToo,
}

impl Scope {
    pub fn of(allow_private: bool) -> Self {
        if allow_private {
            Self::PrivateToo
        } else {
            Self::PublicOnly
        }
    }
}

impl AddressPolicy {
    /// The rules with exceptions: a name that may resolve to any address, or an address that
    /// may be asked under any name.
    pub fn allowing<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Self {
        let allowed = names
            .into_iter()
            .map(|name| normal(name.as_ref()))
            .collect();
        Self { allowed }
    }

    /// Judges a name and the address behind it, for clients outside this folder.
    pub fn judge(&self, host: &str, address: IpAddr, private: bool) -> Result<(), Refusal> {
        self.judge_name(host)?;
        self.judge_resolved(host, address, Scope::of(private))
    }

    /// Judges a name before it is resolved.
    pub(crate) fn judge_name(&self, host: &str) -> Result<(), Refusal> {
        let host = normal(host);
        if METADATA_NAMES.contains(&host.as_str()) && !self.allowed.contains(&host) {
            return Err(Refusal::Forbidden);
        }
        Ok(())
    }

    /// Judges one address that a name resolved to.
    pub(crate) fn judge_resolved(
        &self,
        host: &str,
        address: IpAddr,
        scope: Scope,
    ) -> Result<(), Refusal> {
        if self.allowed.contains(&normal(host)) {
            return Ok(());
        }
        self.judge_address(address, scope)
    }

    /// Judges an address that the spec gives itself. A name's exception does not help here:
    /// it trusts the name's DNS, not whoever wrote the spec.
    pub(crate) fn judge_address(&self, address: IpAddr, scope: Scope) -> Result<(), Refusal> {
        if self.allowed.contains(&address.to_string()) {
            return Ok(());
        }
        match class(address) {
            Class::Public => Ok(()),
            Class::Private if scope == Scope::PrivateToo => Ok(()),
            Class::Private => Err(Refusal::Private),
            Class::Forbidden => Err(Refusal::Forbidden),
        }
    }
}

/// Whether an address is one that nobody may ask, whoever names it: metadata services,
/// link-local, multicast.
pub(crate) fn is_forbidden(address: IpAddr) -> bool {
    class(address) == Class::Forbidden
}

fn normal(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Public,
    Private,
    Forbidden,
}

fn class(address: IpAddr) -> Class {
    match address {
        IpAddr::V4(v4) => class_v4(v4),
        IpAddr::V6(v6) => class_v6(v6),
    }
}

fn class_v4(address: Ipv4Addr) -> Class {
    let [a, b, c, _] = address.octets();
    let forbidden = address.is_link_local()
        || METADATA_V4.contains(&address)
        || address.is_multicast()
        || a == 0
        || a >= 240;
    let private = address.is_loopback()
        || address.is_private()
        || address.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19));
    match (forbidden, private) {
        (true, _) => Class::Forbidden,
        (false, true) => Class::Private,
        (false, false) => Class::Public,
    }
}

fn class_v6(address: Ipv6Addr) -> Class {
    if let Some(v4) = embedded_v4(address) {
        return class_v4(v4);
    }
    let first = address.segments()[0];
    let link_local = first & 0xffc0 == 0xfe80;
    if link_local
        || METADATA_V6.contains(&address)
        || address.is_multicast()
        || address.is_unspecified()
    {
        return Class::Forbidden;
    }
    let unique_local = first & 0xfe00 == 0xfc00;
    let site_local = first & 0xffc0 == 0xfec0;
    let documentation = first == 0x2001 && address.segments()[1] == 0x0db8;
    // RFC 8215: translated inside one network, with the IPv4 part wherever it likes.
    let local_translation = address.segments()[..3] == [0x64, 0xff9b, 1];
    if address.is_loopback() || unique_local || site_local || documentation || local_translation {
        return Class::Private;
    }
    Class::Public
}

/// The IPv4 address that an IPv6 address stands for, where routers or tunnels translate it.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(v4(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(v4(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        [0x2001, 0, .., high, low] => Some(v4(!high, !low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(address: &str, scope: Scope) -> Result<(), Refusal> {
        AddressPolicy::default().judge_resolved("example.com", address.parse().unwrap(), scope)
    }

    #[test]
    fn link_local_and_metadata_are_refused_even_where_private_is_allowed() {
        for address in [
            "169.254.169.254",
            "169.254.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "0.0.0.0",
            "::",
            "255.255.255.255",
            "224.0.0.1",
            "ff02::1",
            // The same addresses in IPv6 clothes.
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "2001:0:1:2:3:4:5601:5601",
        ] {
            assert_eq!(
                judge(address, Scope::PrivateToo),
                Err(Refusal::Forbidden),
                "{address}"
            );
        }
    }

    #[test]
    fn private_addresses_need_permission() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "198.18.0.1",
            "::1",
            "fd00::1",
            "fec0::1",
            "64:ff9b:1::a9fe:a9fe",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(
                judge(address, Scope::PublicOnly),
                Err(Refusal::Private),
                "{address}"
            );
            assert_eq!(judge(address, Scope::PrivateToo), Ok(()), "{address}");
        }
    }

    #[test]
    fn public_addresses_are_asked() {
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
        ] {
            assert_eq!(judge(address, Scope::PublicOnly), Ok(()), "{address}");
        }
    }

    #[test]
    fn metadata_names_are_refused_before_dns_and_allowed_only_by_name() {
        let strict = AddressPolicy::default();
        for name in ["metadata.google.internal", "Metadata.Google.Internal."] {
            assert_eq!(strict.judge_name(name), Err(Refusal::Forbidden), "{name}");
        }
        let open = AddressPolicy::allowing(["metadata.google.internal"]);
        assert_eq!(open.judge_name("METADATA.google.internal."), Ok(()));
        let address = "169.254.169.254".parse().unwrap();
        let host = "metadata.google.internal";
        assert_eq!(
            open.judge_resolved(host, address, Scope::PublicOnly),
            Ok(())
        );
        assert_eq!(
            open.judge_resolved("other.example.com", address, Scope::PrivateToo),
            Err(Refusal::Forbidden)
        );
        assert_eq!(
            open.judge_address(address, Scope::PrivateToo),
            Err(Refusal::Forbidden)
        );
        let by_address = AddressPolicy::allowing(["169.254.169.254"]);
        assert_eq!(by_address.judge_address(address, Scope::PublicOnly), Ok(()));
    }
}
