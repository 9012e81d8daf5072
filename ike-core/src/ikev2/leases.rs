//! Addresses of our pools that peers hold (RFC 7296 2.19): each belongs to a proven identity and to the IKE
//! SA in which it was proven, and comes back with the last SA that rests on that.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::IpPool;
use crate::policy::identity::Identity;
use crate::sa::SaId;

/// All leases.
#[derive(Debug, Default)]
pub struct Leases(BTreeMap<(String, IpAddr), Lease>);

#[derive(Debug)]
struct Lease {
    identity: Identity,
    holders: BTreeSet<SaId>,
}

impl Leases {
    /// An address for a peer and the length of its prefix: the one it wants if that is free or its own
    /// already, else the first free one. `None`: the pool is used up.
    pub(super) fn take(
        &mut self,
        pool: &IpPool,
        wanted: Option<IpAddr>,
        identity: &Identity,
        holder: SaId,
    ) -> Option<(IpAddr, u8)> {
        let key = |address| (pool.name().to_owned(), address);
        let wanted = wanted.filter(|a| index(pool, *a).is_some());
        if let Some(address) = wanted
            && let Some(lease) = self.0.get_mut(&key(address))
            && lease.identity == *identity
        {
            // Make before break: the SA that held it so far is about to go (RFC 7296 2.8.3).
            lease.holders.insert(holder);
            return Some((address, prefix(pool)));
        }
        let free = |a: &IpAddr| !self.0.contains_key(&key(*a));
        let address = wanted.filter(free).or_else(|| self.first_free(pool))?;
        let lease = Lease {
            identity: identity.clone(),
            holders: BTreeSet::from([holder]),
        };
        self.0.insert(key(address), lease);
        Some((address, prefix(pool)))
    }

    /// The first gap between the addresses taken.
    fn first_free(&self, pool: &IpPool) -> Option<IpAddr> {
        let mut taken: Vec<u128> = self
            .0
            .keys()
            .filter(|(name, _)| name == pool.name())
            .filter_map(|(_, address)| index(pool, *address))
            .collect();
        taken.sort_unstable();
        let mut next = 0;
        for index in taken {
            if index > next {
                break;
            }
            next = index + 1;
        }
        at(pool, next)
    }

    /// An SA and all that rested on the same proofs are gone.
    pub(super) fn release(&mut self, holder: SaId) {
        self.0.retain(|_, lease| {
            lease.holders.remove(&holder);
            !lease.holders.is_empty()
        });
    }

    /// How many addresses are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The address of a place in a pool. Of a prefix that is handed out whole the peer gets the first address.
fn at(pool: &IpPool, index: u128) -> Option<IpAddr> {
    match *pool {
        IpPool::V4 { low, high, .. } => {
            let offset = u32::try_from(index).ok()?;
            let address = u32::from(low).checked_add(offset)?;
            (address <= u32::from(high)).then(|| Ipv4Addr::from(address).into())
        }
        IpPool::V6 {
            prefix,
            length,
            assigned,
            ..
        } => {
            let whole = assigned < 128;
            // The first single address of a prefix is that of its routers (RFC 4291 2.6.1).
            let index = index.checked_add(u128::from(!whole))?;
            let places = u32::from(assigned - length);
            let fits = places >= 128 || index < 1 << places;
            let offset = index.checked_shl(u32::from(128 - assigned)).unwrap_or(0);
            fits.then(|| Ipv6Addr::from(u128::from(prefix) + offset + u128::from(whole)).into())
        }
    }
}

/// The place of an address in a pool; `None` for addresses that are not handed out.
fn index(pool: &IpPool, address: IpAddr) -> Option<u128> {
    let index = match (pool, address) {
        (IpPool::V4 { low, .. }, IpAddr::V4(a)) => {
            u128::from(u32::from(a).checked_sub(u32::from(*low))?)
        }
        (
            IpPool::V6 {
                prefix, assigned, ..
            },
            IpAddr::V6(a),
        ) => {
            let offset = u128::from(a).checked_sub(u128::from(*prefix))?;
            let index = offset.checked_shr(u32::from(128 - assigned)).unwrap_or(0);
            index.checked_sub(u128::from(*assigned == 128))?
        }
        _ => return None,
    };
    (at(pool, index) == Some(address)).then_some(index)
}

fn prefix(pool: &IpPool) -> u8 {
    match pool {
        IpPool::V4 { .. } => 32,
        IpPool::V6 { assigned, .. } => *assigned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(low: u8, high: u8) -> IpPool {
        IpPool::V4 {
            name: "P".into(),
            low: [10, 9, 0, low].into(),
            high: [10, 9, 0, high].into(),
        }
    }

    fn v6(length: u8, assigned: u8) -> IpPool {
        IpPool::V6 {
            name: "P".into(),
            prefix: "2001:db8:9::".parse().unwrap(),
            length,
            assigned,
        }
    }

    fn who(name: &str) -> Identity {
        Identity::Fqdn(name.into())
    }

    fn take(leases: &mut Leases, pool: &IpPool, wanted: &str, name: &str, sa: u64) -> String {
        let wanted = wanted.parse().ok();
        let given = leases.take(pool, wanted, &who(name), SaId(sa));
        given.map_or("none".into(), |(a, bits)| format!("{a}/{bits}"))
    }

    /// RFC 7296 3.15.1: the wanted address where it is free; what came back is given again.
    #[test]
    fn each_peer_gets_an_address_of_its_own_until_there_is_none() {
        let (mut leases, pool) = (Leases::default(), v4(1, 3));
        assert_eq!(take(&mut leases, &pool, "10.9.0.2", "a", 1), "10.9.0.2/32");
        assert_eq!(take(&mut leases, &pool, "10.9.0.2", "b", 2), "10.9.0.1/32");
        assert_eq!(take(&mut leases, &pool, "10.9.0.9", "c", 3), "10.9.0.3/32");
        assert_eq!(take(&mut leases, &pool, "", "d", 4), "none");
        leases.release(SaId(1));
        assert_eq!(take(&mut leases, &pool, "", "d", 4), "10.9.0.2/32");
        for sa in 2..5 {
            leases.release(SaId(sa));
        }
        assert!(leases.is_empty());
    }

    /// RFC 7296 2.8.3: the new SA of a peer holds the same address; another peer never does.
    #[test]
    fn a_peer_keeps_its_address_when_it_reauthenticates() {
        let (mut leases, pool) = (Leases::default(), v4(1, 9));
        take(&mut leases, &pool, "", "a", 1);
        assert_eq!(take(&mut leases, &pool, "10.9.0.1", "a", 2), "10.9.0.1/32");
        assert_eq!(take(&mut leases, &pool, "", "a", 3), "10.9.0.2/32");
        leases.release(SaId(1));
        assert_eq!(take(&mut leases, &pool, "10.9.0.1", "b", 4), "10.9.0.3/32");
        leases.release(SaId(2));
        assert_eq!(take(&mut leases, &pool, "10.9.0.1", "b", 5), "10.9.0.1/32");
        assert_eq!(leases.len(), 3);
    }

    /// `ipv6 local pool`: prefixes of one length, or single addresses.
    #[test]
    fn ipv6_pools_hand_out_prefixes_or_addresses() {
        let mut leases = Leases::default();
        let pool = v6(63, 64);
        assert_eq!(take(&mut leases, &pool, "", "a", 1), "2001:db8:9::1/64");
        assert_eq!(
            take(&mut leases, &pool, "2001:db8:9::7", "b", 2),
            "2001:db8:9:1::1/64"
        );
        assert_eq!(take(&mut leases, &pool, "", "c", 3), "none");
        let mut leases = Leases::default();
        let pool = v6(126, 128);
        for (sa, expected) in [(1, "1/128"), (2, "2/128"), (3, "3/128")] {
            let given = take(&mut leases, &pool, "", "a", sa);
            assert_eq!(given, format!("2001:db8:9::{expected}"));
        }
        assert_eq!(take(&mut leases, &pool, "", "a", 4), "none");
        let whole = v6(0, 128);
        assert_eq!(index(&whole, Ipv6Addr::UNSPECIFIED.into()), None);
    }
}
