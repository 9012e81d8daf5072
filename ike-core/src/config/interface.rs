//! Interfaces and tunnels (G-085, G-086).
use super::codes;
use super::grammar::{Args, Command, Fault};
use super::model::*;
use super::state::{Mode, State, add, enter};
use super::value;

type Run = Result<(), Fault>;

/// Global commands.
pub(super) const COMMANDS: &[Command<State>] = &[Command {
    patterns: &["interface <if>", "interface <iftype> <word>"],
    run: interface,
}];

/// The sub-mode.
pub(super) const INTERFACE: &[Command<Interface>] = &[
    Command {
        patterns: &["description <line>"],
        run: description,
    },
    Command {
        patterns: &["ip address <ip> <mask>", "ip address {dhcp|negotiated}"],
        run: address,
    },
    Command {
        patterns: &[
            "ipv6 address <prefix>",
            "ipv6 address <prefix> {anycast|eui-64}",
            "ipv6 address {autoconfig|dhcp}",
        ],
        run: ipv6_address,
    },
    Command {
        patterns: &["ipv6 enable"],
        run: ipv6_enable,
    },
    Command {
        patterns: &["shutdown"],
        run: shutdown,
    },
    Command {
        patterns: &["crypto map <word>"],
        run: crypto_map,
    },
    Command {
        patterns: &["ip mtu <68-17940>"],
        run: mtu,
    },
    Command {
        patterns: &[
            "tunnel source <address>",
            "tunnel source <if>",
            "tunnel source <iftype> <word>",
        ],
        run: source,
    },
    Command {
        patterns: &["tunnel destination <address>"],
        run: destination,
    },
    Command {
        patterns: &[
            "tunnel mode {gre} {ip|ipv6}",
            "tunnel mode {ipsec} {ipv4|ipv6}",
            "tunnel mode {ipsec} {ipv6} {v4-overlay}",
            "tunnel mode {ipsec} {ipv4} {v6-overlay}",
        ],
        run: mode,
    },
    Command {
        patterns: &["tunnel key <0-4294967295>"],
        run: key,
    },
    Command {
        patterns: PROTECTION,
        run: protection,
    },
    Command {
        patterns: KEPT,
        run: keep,
    },
];

const PROTECTION: &[&str] = &[
    "tunnel protection ipsec profile <word>",
    "tunnel protection ipsec profile <word> {shared}",
    "tunnel protection ipsec profile <word> {isakmp-profile|ikev2-profile} <word>",
    "tunnel protection ipsec profile <word> {shared} {isakmp-profile|ikev2-profile} <word>",
];
/// Known commands that are kept as typed.
const KEPT: &[&str] = &[
    "{bandwidth} <line>",
    "{cdp} {enable}",
    "{delay} <line>",
    "{duplex} <line>",
    "{encapsulation} <line>",
    "{ipv6} {address} <ip6> {link-local}",
    "{ipv6} {cef}",
    "{ipv6} {dhcp|eigrp|flow|inspect|mld|mtu|nd|nhrp|ospf|pim|policy} <line>",
    "{ipv6} {redirects|unreachables}",
    "{ipv6} {rip|router|tcp|traffic-filter|verify} <line>",
    "{ipv6} {virtual-reassembly}",
    "{ip} {access-group} <line>",
    "{ip} {flow} <line>",
    "{ip} {nat} <line>",
    "{ip} {nhrp} <line>",
    "{ip} {ospf} <line>",
    "{ip} {proxy-arp}",
    "{ip} {redirects}",
    "{ip} {route-cache}",
    "{ip} {tcp} {adjust-mss} <500-1460>",
    "{ip} {unreachables}",
    "{ip} {virtual-reassembly} <line>",
    "{ip} {virtual-reassembly}",
    "{keepalive} <line>",
    "{keepalive}",
    "{load-interval} <line>",
    "{media-type} <line>",
    "{mop} <line>",
    "{negotiation} <line>",
    "{speed} <line>",
];

fn interface(state: &mut State, args: &Args) -> Run {
    let name = name(args, 0).ok_or_else(|| bad_name(args.values.len().saturating_sub(1)))?;
    let interfaces = &mut state.config.interfaces;
    if !args.sets() {
        interfaces.retain(|interface| interface.name != name);
        return Ok(());
    }
    let tunnel = name.starts_with("Tunnel").then(Tunnel::default);
    let new = || Interface {
        name: name.clone(),
        tunnel,
        ..Interface::default()
    };
    state.mode = Mode::Interface(enter(interfaces, |interface| interface.name == name, new));
    Ok(())
}

/// The interface named by one value, or by type and number.
fn name(args: &Args, first: usize) -> Option<String> {
    let joined: String = args.values.iter().skip(first).map(String::as_str).collect();
    value::interface(&joined).map(|found| found.name)
}

fn bad_name(value: usize) -> Fault {
    let message = "not an interface number".to_owned();
    Fault {
        value,
        code: codes::BAD_VALUE,
        message,
        help: None,
    }
}

/// An address, or an interface in canonical form.
pub(super) fn address_or_interface(text: &str) -> Option<AddressOrInterface> {
    let address = text.parse().ok().map(AddressOrInterface::Address);
    address
        .or_else(|| value::interface(text).map(|found| AddressOrInterface::Interface(found.name)))
}

fn description(interface: &mut Interface, args: &Args) -> Run {
    interface.description = args.sets().then(|| args.text(0));
    Ok(())
}

fn address(interface: &mut Interface, args: &Args) -> Run {
    interface.address = args.ip(0).zip(args.length(1)).filter(|_| args.sets());
    match args.get(0) {
        Some(method @ ("dhcp" | "negotiated")) if args.sets() => {
            let message = format!("`{method}` is not supported: the address has to be known");
            Err(Fault {
                value: 0,
                code: codes::UNSUPPORTED,
                message,
                help: None,
            })
        }
        _ => Ok(()),
    }
}

/// Addresses add up; `no ipv6 address` takes all of them.
fn ipv6_address(interface: &mut Interface, args: &Args) -> Run {
    let address = args.prefix(0);
    if !args.sets() {
        let addresses = &mut interface.ipv6_addresses;
        addresses.retain(|known| address.is_some_and(|address| *known != address));
        return Ok(());
    }
    let refuse = |value: usize, message: String| Fault {
        value,
        code: codes::UNSUPPORTED,
        message,
        help: None,
    };
    let last = args.values.len().saturating_sub(1);
    match (address, args.get(last)) {
        (Some((address, _)), _) if address.is_unicast_link_local() => {
            let message = "a link-local address has no length and the keyword `link-local`";
            Err(refuse(0, message.to_owned()))
        }
        (Some(address), _) if last == 0 => {
            add(&mut interface.ipv6_addresses, address);
            Ok(())
        }
        (_, method) => Err(refuse(
            last,
            format!(
                "`{}` is not supported: the address has to be known",
                method.unwrap_or_default()
            ),
        )),
    }
}

fn ipv6_enable(interface: &mut Interface, args: &Args) -> Run {
    interface.ipv6_enabled = args.sets();
    Ok(())
}

fn shutdown(interface: &mut Interface, args: &Args) -> Run {
    interface.shutdown = args.sets();
    Ok(())
}

fn crypto_map(interface: &mut Interface, args: &Args) -> Run {
    interface.crypto_map = args.get(0).filter(|_| args.sets()).map(str::to_owned);
    Ok(())
}

fn mtu(interface: &mut Interface, args: &Args) -> Run {
    interface.mtu = args
        .number(0)
        .filter(|_| args.sets())
        .and_then(|mtu| u16::try_from(mtu).ok());
    Ok(())
}

fn keep(interface: &mut Interface, args: &Args) -> Run {
    let line = args.values.join(" ");
    let negated = format!("no {line}");
    let starts =
        |known: &String, with: &str| known == with || known.starts_with(&format!("{with} "));
    interface
        .kept
        .retain(|known| !starts(known, &line) && !starts(known, &negated));
    if args.sets() {
        add(&mut interface.kept, line);
    } else if args.no {
        add(&mut interface.kept, negated);
    }
    Ok(())
}

/// The tunnel part. Error: the interface is none.
fn tunnel(interface: &mut Interface) -> Result<&mut Tunnel, Fault> {
    let message = format!("`{}` is not a tunnel interface", interface.name);
    let fault = Fault {
        value: 0,
        code: codes::WRONG_MODE,
        message,
        help: None,
    };
    interface.tunnel.as_mut().ok_or(fault)
}

fn source(interface: &mut Interface, args: &Args) -> Run {
    let address = args.address(0).map(AddressOrInterface::Address);
    let source = address.or_else(|| name(args, 0).map(AddressOrInterface::Interface));
    if args.sets() && source.is_none() {
        return Err(bad_name(args.values.len().saturating_sub(1)));
    }
    tunnel(interface)?.source = source.filter(|_| args.sets());
    Ok(())
}

fn destination(interface: &mut Interface, args: &Args) -> Run {
    tunnel(interface)?.destination = args.address(0).filter(|_| args.sets());
    Ok(())
}

fn mode(interface: &mut Interface, args: &Args) -> Run {
    let words = (args.get(0), args.get(1));
    let overlay = args.get(2).is_some();
    tunnel(interface)?.mode = match words {
        _ if !args.sets() => TunnelMode::GreIp,
        (Some("ipsec"), Some("ipv6")) if overlay => TunnelMode::Ipv4OverIpsecIpv6,
        (Some("ipsec"), Some("ipv6")) => TunnelMode::IpsecIpv6,
        (Some("ipsec"), _) if overlay => TunnelMode::Ipv6OverIpsecIpv4,
        (Some("ipsec"), _) => TunnelMode::IpsecIpv4,
        (_, Some("ipv6")) => TunnelMode::GreIpv6,
        _ => TunnelMode::GreIp,
    };
    Ok(())
}

fn key(interface: &mut Interface, args: &Args) -> Run {
    tunnel(interface)?.key = args.number(0).filter(|_| args.sets());
    Ok(())
}

fn protection(interface: &mut Interface, args: &Args) -> Run {
    let after = |keyword: &str| {
        let at = args
            .values
            .iter()
            .skip(1)
            .position(|value| value == keyword)?;
        args.get(at + 2).map(str::to_owned)
    };
    let protection = TunnelProtection {
        profile: args.text(0),
        shared: args.get(1) == Some("shared"),
        isakmp_profile: after("isakmp-profile"),
        ikev2_profile: after("ikev2-profile"),
    };
    tunnel(interface)?.protection = args.sets().then_some(protection);
    Ok(())
}
