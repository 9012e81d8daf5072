//! `crypto ikev2 authorization policy` and the address pools it names.
use std::net::{IpAddr, Ipv4Addr};

use crate::config::codes;
use crate::config::grammar::{Args, Command, Fault};
use crate::config::model::*;
use crate::config::state::{Mode, State, enter};
use crate::config::value::network6;

type Run = Result<(), Fault>;

/// Global commands.
pub(in crate::config) const COMMANDS: &[Command<State>] = &[
    Command {
        patterns: &["crypto ikev2 authorization policy <word>"],
        run: policy,
    },
    Command {
        patterns: &[
            "ip local pool <word> <ip>",
            "ip local pool <word> <ip> <ip>",
        ],
        run: pool,
    },
    Command {
        patterns: &["ipv6 local pool <word> <prefix> <0-128>"],
        run: pool6,
    },
];

/// The sub-mode.
pub(in crate::config) const POLICY: &[Command<Ikev2AuthorizationPolicy>] = &[
    Command {
        patterns: &["pool <word>"],
        run: |policy, args| super::set(&mut policy.pool, Some(args.text(0)), args),
    },
    Command {
        patterns: &["ipv6 pool <word>"],
        run: |policy, args| super::set(&mut policy.ipv6_pool, Some(args.text(0)), args),
    },
    Command {
        patterns: &["dns <address>+"],
        run: dns,
    },
    Command {
        patterns: &["def-domain <word>"],
        run: |policy, args| super::set(&mut policy.def_domain, Some(args.text(0)), args),
    },
    Command {
        patterns: &["banner <line>"],
        run: |policy, args| super::set(&mut policy.banner, Some(args.text(0)), args),
    },
    Command {
        patterns: &["netmask <mask>"],
        run: |policy, args| super::set(&mut policy.netmask, args.ip(0), args),
    },
    Command {
        patterns: &[
            "route set remote {ipv4} <ip> <mask>",
            "route set remote {ipv6} <prefix>",
        ],
        run: route,
    },
];

fn policy(state: &mut State, args: &Args) -> Run {
    let name = args.text(0);
    let policies = &mut state.config.ikev2_authorization_policies;
    if !args.sets() {
        policies.retain(|policy| policy.name != name);
        return Ok(());
    }
    let new = || Ikev2AuthorizationPolicy {
        name: name.clone(),
        ..Ikev2AuthorizationPolicy::default()
    };
    state.mode = Mode::Ikev2Authorization(enter(policies, |policy| policy.name == name, new));
    Ok(())
}

/// The servers of one line take the place of those before.
fn dns(policy: &mut Ikev2AuthorizationPolicy, args: &Args) -> Run {
    policy.dns.clear();
    let indices = (0..args.values.len()).filter(|_| args.sets());
    let servers = indices.filter_map(|index| args.address(index));
    servers.for_each(|server| crate::config::state::add(&mut policy.dns, server));
    Ok(())
}

fn route(policy: &mut Ikev2AuthorizationPolicy, args: &Args) -> Run {
    let subnet = args.network(1).map(|(address, bits)| match address {
        IpAddr::V4(address) => {
            let mask = u32::from(crate::config::value::mask(bits));
            (Ipv4Addr::from(u32::from(address) & mask).into(), bits)
        }
        IpAddr::V6(address) => (network6(address, bits).into(), bits),
    });
    super::put(&mut policy.routes, subnet, args);
    Ok(())
}

/// One address without the last one.
fn pool(state: &mut State, args: &Args) -> Run {
    let Some(low) = args.ip(1).filter(|_| args.sets()) else {
        forget(state, args, |pool| matches!(pool, IpPool::V4 { .. }));
        return Ok(());
    };
    let high = args.ip(2).unwrap_or(low);
    if high < low {
        return Err(not_a_range(2, "the last address is below the first"));
    }
    let name = args.text(0);
    put(state, IpPool::V4 { name, low, high });
    Ok(())
}

fn pool6(state: &mut State, args: &Args) -> Run {
    let assigned = args.number(2).and_then(|bits| u8::try_from(bits).ok());
    let (Some((IpAddr::V6(prefix), length)), Some(assigned), true) =
        (args.network(1), assigned, args.sets())
    else {
        forget(state, args, |pool| matches!(pool, IpPool::V6 { .. }));
        return Ok(());
    };
    if assigned < length {
        let message = "the prefixes handed out are larger than the pool";
        return Err(not_a_range(2, message));
    }
    let pool = IpPool::V6 {
        name: args.text(0),
        prefix: network6(prefix, length),
        length,
        assigned,
    };
    put(state, pool);
    Ok(())
}

/// A name stands for one pool of each family; a new one takes the old one's place.
fn put(state: &mut State, new: IpPool) {
    let pools = &mut state.config.ip_pools;
    let family = std::mem::discriminant(&new);
    let same =
        |pool: &&mut IpPool| pool.name() == new.name() && std::mem::discriminant(*pool) == family;
    match pools.iter_mut().find(same) {
        Some(known) => *known = new,
        None => pools.push(new),
    }
}

fn forget(state: &mut State, args: &Args, family: fn(&IpPool) -> bool) {
    let name = args.text(0);
    let pools = &mut state.config.ip_pools;
    pools.retain(|pool| pool.name() != name || !family(pool));
}

fn not_a_range(value: usize, message: &str) -> Fault {
    Fault {
        value,
        code: codes::BAD_VALUE,
        message: message.to_owned(),
        help: None,
    }
}
