//! Global commands of the host: names, routes, and lines that are kept or have no effect (G-001 to G-009).
use super::grammar::{Args, Command, Fault};
use super::model::*;
use super::state::{Mode, State, add};
use super::value;
use std::net::IpAddr;

type Run = Result<(), Fault>;

/// The commands of this file; [`kept`](super::kept) and the crypto files have more global ones.
pub(super) const COMMANDS: &[Command<State>] = &[
    Command {
        patterns: &["hostname <word>"],
        run: hostname,
    },
    Command {
        patterns: &["ip domain name <word>", "ip domain-name <word>"],
        run: domain_name,
    },
    Command {
        patterns: &["ip host <word> <ip>"],
        run: host,
    },
    Command {
        patterns: &["ip route <ip> <mask> <ip>", "ip route <ip> <mask> <if>"],
        run: route,
    },
    Command {
        patterns: &["ipv6 route <prefix> <ip6>", "ipv6 route <prefix> <if>"],
        run: ipv6_route,
    },
    Command {
        patterns: &["ipv6 unicast-routing"],
        run: ipv6_unicast_routing,
    },
    Command {
        patterns: &["pki-order {definition}"],
        run: pki_order,
    },
    Command {
        patterns: &["profile-selection {first-match}"],
        run: profile_selection,
    },
    Command {
        patterns: NO_EFFECT,
        run: no_effect,
    },
];

/// Lines of a usual `show running-config` that mean nothing here; blocks below them are skipped.
const NO_EFFECT: &[&str] = &[
    "aaa <line>",
    "archive",
    "boot-end-marker",
    "boot-start-marker",
    "building configuration...",
    "cdp run",
    "control-plane",
    "crypto pki token <line>",
    "current <line>",
    "enable <line>",
    "ip cef",
    "ip classless",
    "ip forward-protocol <line>",
    "ip http <line>",
    "ip routing",
    "ip source-route",
    "ip ssh <line>",
    "ip subnet-zero",
    "ipv6 access-list <line>",
    "ipv6 cef",
    "ipv6 dhcp <line>",
    "ipv6 hop-limit <line>",
    "ipv6 icmp <line>",
    "ipv6 multicast-routing",
    "ipv6 nd <line>",
    "ipv6 neighbor <line>",
    "ipv6 prefix-list <line>",
    "ipv6 router <line>",
    "ipv6 source-route",
    "license <line>",
    "line <line>",
    "memory-size <line>",
    "mmi <line>",
    "multilink <line>",
    "redundancy",
    "scheduler <line>",
    "snmp-server <line>",
    "spanning-tree <line>",
    "username <line>",
    "version <line>",
];

/// Whether a global line, with its keywords in full, is one that means nothing here, whatever else stands in it.
#[must_use]
pub fn is_without_effect(command: &str) -> bool {
    let command = command.strip_prefix("no ").unwrap_or(command);
    let is = |pattern: &&str| {
        let fixed = pattern.strip_suffix(" <line>").unwrap_or(pattern);
        let rest = command.strip_prefix(fixed);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    NO_EFFECT.iter().any(is)
}

fn hostname(state: &mut State, args: &Args) -> Run {
    state.config.hostname = args.sets().then(|| args.text(0));
    Ok(())
}

fn domain_name(state: &mut State, args: &Args) -> Run {
    state.config.domain_name = args.sets().then(|| args.text(0));
    Ok(())
}

fn host(state: &mut State, args: &Args) -> Run {
    let name = args.text(0);
    state.config.hosts.retain(|(known, _)| *known != name);
    state
        .config
        .hosts
        .extend(args.ip(1).filter(|_| args.sets()).map(|ip| (name, ip)));
    Ok(())
}

fn route(state: &mut State, args: &Args) -> Run {
    if let (Some(prefix), Some(length)) = (args.ip(0), args.length(1)) {
        put_route(state, args, (prefix.into(), length), 2);
    }
    Ok(())
}

fn ipv6_route(state: &mut State, args: &Args) -> Run {
    if let Some((prefix, length)) = args.prefix(0) {
        put_route(state, args, (prefix.into(), length), 1);
    }
    Ok(())
}

/// Adds or removes a route whose target is the value `at`; without one, every route of the prefix goes.
fn put_route(state: &mut State, args: &Args, (prefix, length): (IpAddr, u8), at: usize) {
    let routes = &mut state.config.routes;
    let via = match (args.address(at), args.get(at).and_then(value::interface)) {
        (Some(address), _) => RouteVia::Address(address),
        (None, Some(found)) => RouteVia::Interface(found.name),
        (None, None) => {
            routes.retain(|route| (route.prefix, route.length) != (prefix, length));
            return;
        }
    };
    let route = Route {
        prefix,
        length,
        via,
    };
    if args.sets() {
        add(routes, route);
    } else {
        routes.retain(|known| *known != route);
    }
}

fn ipv6_unicast_routing(state: &mut State, args: &Args) -> Run {
    state.config.ipv6_unicast_routing = args.sets();
    Ok(())
}

fn pki_order(state: &mut State, args: &Args) -> Run {
    state.config.pki_order_by_definition = args.sets();
    Ok(())
}

fn profile_selection(state: &mut State, args: &Args) -> Run {
    state.config.profile_selection_first_match = args.sets();
    Ok(())
}

fn no_effect(state: &mut State, _: &Args) -> Run {
    state.mode = Mode::Skipped;
    Ok(())
}
