//! `show crypto ipsec sa [detail]` (O-060), with the packet counters of the data plane. `detail` has a
//! line for each reason to drop in place of the two sums; its words are those of later IOS, as the
//! templates of network automation know them.

use std::net::IpAddr;

use ike_core::engine::view::ChildView;
use ike_core::policy::protection::Protection;
use serde::Serialize;

use super::{Lines, View, interface_of};
use crate::dataplane::config::Direction;
use crate::dataplane::counters::{SaCounters, TunnelCounters};
use crate::dataplane::ip::Version;
use crate::exec::Snapshot;
use drops::Drops;

/// Octets of an Ethernet payload.
const ETHERNET: u16 = 1500;
/// Octets of a UDP header.
const UDP: usize = 8;

#[derive(Serialize)]
pub(super) struct IpsecSas {
    interfaces: Vec<Interface>,
    #[serde(skip)]
    detail: bool,
}

#[derive(Serialize)]
struct Interface {
    interface: String,
    crypto_map: String,
    local: IpAddr,
    flows: Vec<Flow>,
}

#[derive(Serialize)]
struct Flow {
    protection: String,
    local_ident: String,
    remote_ident: String,
    peer: IpAddr,
    port: u16,
    packets: Packets,
    mtu: u16,
    /// The longest packet whose ESP packet fits; the same as `mtu` without a data plane.
    plaintext_mtu: usize,
    mtu_interface: Option<String>,
    /// 0 without an SA.
    outbound_spi: u32,
    pfs: Option<u16>,
    inbound: Vec<EspSa>,
    outbound: Vec<EspSa>,
    #[serde(skip)]
    local: IpAddr,
}

/// Packets of a tunnel interface; `show crypto session detail` shows them too.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Packets {
    pub(super) encaps: u64,
    pub(super) decaps: u64,
    /// Dropped for want of an SA, or the kernel would not send them.
    pub(super) send_errors: u64,
    /// Replays, wrong ICVs, malformed packets and packets that do not fit.
    pub(super) receive_errors: u64,
    /// The same by reason.
    drops: Drops,
}

#[derive(Serialize)]
struct EspSa {
    spi: u32,
    transform: String,
    mode: String,
    conn_id: usize,
    seconds: u64,
    kilobytes: u64,
    iv_octets: u8,
    replay_detection: bool,
    replay_window: u32,
}

pub(super) fn view(now: &Snapshot<'_>, detail: bool) -> IpsecSas {
    let mut interfaces: Vec<Interface> = Vec::new();
    for protection in now.protections {
        let mut flows = vec![flow(now, protection, pairs(now, protection))];
        let narrowed = narrowed(now, protection).into_iter();
        flows.extend(narrowed.map(|pairs| flow(now, protection, pairs)));
        let same = |i: &&mut Interface| {
            i.interface == protection.interface && i.crypto_map == protection.tag
        };
        match interfaces.iter_mut().find(same) {
            Some(interface) => interface.flows.append(&mut flows),
            None => interfaces.push(Interface {
                interface: protection.interface.clone(),
                crypto_map: protection.tag.clone(),
                local: protection.local,
                flows,
            }),
        }
    }
    IpsecSas { interfaces, detail }
}

/// Pairs of a protection by selectors, where a peer of IKEv2 took less than was offered (RFC 7296 2.9).
fn narrowed<'a>(now: &'a Snapshot<'_>, of: &Protection) -> Vec<Vec<Numbered<'a>>> {
    // Lines of one crypto map entry have one name: what is that of a sister is not narrowed.
    let sisters = now.protections.iter().filter(|p| p.name == of.name);
    let known: Vec<(String, String)> = sisters.clone().map(selectors).collect();
    let first = sisters.map(selectors).next() == Some(selectors(of));
    let mut out: Vec<Vec<Numbered<'a>>> = Vec::new();
    let own = |c: &ChildView| (c.local_selector.clone(), c.remote_selector.clone());
    for pair in now.children.iter().enumerate() {
        if !first || pair.1.protection != of.name || known.contains(&own(pair.1)) {
            continue;
        }
        match out.iter_mut().find(|group| own(group[0].1) == own(pair.1)) {
            Some(group) => group.push(pair),
            None => out.push(vec![pair]),
        }
    }
    out
}

fn selectors(of: &Protection) -> (String, String) {
    (
        of.local_selector.to_string(),
        of.remote_selector.to_string(),
    )
}

/// A pair and its position among all.
type Numbered<'a> = (usize, &'a ChildView);

/// The ESP SA pairs of a protection with their positions, oldest first. Lines of one crypto
/// map entry share its name and differ in their selectors.
pub(super) fn pairs<'a>(now: &'a Snapshot<'_>, of: &Protection) -> Vec<Numbered<'a>> {
    let (local, remote) = selectors(of);
    let is = |c: &ChildView| {
        c.protection == of.name && c.local_selector == local && c.remote_selector == remote
    };
    now.children
        .iter()
        .enumerate()
        .filter(|(_, c)| is(c))
        .collect()
}

impl Packets {
    pub(super) fn of(now: &Snapshot<'_>, interface: &str) -> Self {
        let counted = now.traffic.as_ref().and_then(|t| t.tunnels.get(interface));
        counted.map_or_else(Self::default, |c: &TunnelCounters| Self {
            encaps: c.encaps,
            decaps: c.decaps,
            send_errors: c.no_sa_drops + c.io_errors,
            receive_errors: c.replay_failures + c.auth_failures + c.malformed + c.policy_failures,
            drops: Drops::of(c, now.traffic.as_ref().map_or(0, |t| t.unknown_spi)),
        })
    }
}

/// Kilobytes left on one SA of a pair: what the data plane says, else what was granted.
pub(super) fn kilobytes_left(now: &Snapshot<'_>, pair: &ChildView, direction: Direction) -> u64 {
    let spi = if direction == Direction::Inbound {
        pair.spi_in
    } else {
        pair.spi_out
    };
    let counted = now
        .traffic
        .iter()
        .flat_map(|t| &t.sas)
        .find(|sa| sa.spi == spi && sa.direction == direction);
    counted
        .and_then(|sa| sa.remaining_kilobytes)
        .unwrap_or_else(|| u64::from(pair.kilobytes))
}

fn flow(now: &Snapshot<'_>, protection: &Protection, pairs: Vec<Numbered<'_>>) -> Flow {
    let (local_ident, remote_ident) = pairs.first().map_or_else(
        || selectors(protection),
        |(_, c)| (c.local_selector.clone(), c.remote_selector.clone()),
    );
    let newest = pairs
        .iter()
        .rev()
        .find(|(_, c)| c.complete && !c.replaced)
        .map(|(_, c)| *c);
    let (mtu_interface, mtu) = interface_of(now, protection.local).unzip();
    let sa = |&(position, pair): &Numbered<'_>, direction| {
        esp_sa(now, protection, position, pair, direction)
    };
    Flow {
        protection: protection.name.clone(),
        local_ident,
        remote_ident,
        peer: protection.peer,
        port: pairs.last().map_or(500, |(_, c)| c.remote_port),
        packets: Packets::of(now, &protection.interface),
        mtu: mtu.unwrap_or(ETHERNET),
        plaintext_mtu: plaintext_mtu(now, newest, mtu.unwrap_or(ETHERNET)),
        mtu_interface,
        outbound_spi: newest.map_or(0, |c| c.spi_out),
        pfs: newest.map_or(protection.pfs, |c| c.pfs),
        inbound: pairs.iter().map(|p| sa(p, Direction::Inbound)).collect(),
        outbound: pairs
            .iter()
            .filter(|(_, c)| c.complete)
            .map(|p| sa(p, Direction::Outbound))
            .collect(),
        local: protection.local,
    }
}

/// What remains of the MTU inside ESP of the SA that sends, as the data plane has it.
fn plaintext_mtu(now: &Snapshot<'_>, newest: Option<&ChildView>, mtu: u16) -> usize {
    let spi = newest.map(|pair| pair.spi_out);
    let mut sas = now.traffic.iter().flat_map(|t| &t.sas);
    let sends = |sa: &&SaCounters| sa.direction == Direction::Outbound && Some(sa.spi) == spi;
    sas.find(sends).map_or(mtu.into(), |sa| {
        let outer = Version::of(sa.local).header() + if sa.encap.is_some() { UDP } else { 0 };
        let space = usize::from(mtu).saturating_sub(outer);
        sa.suite.largest_payload(space)
    })
}

/// IOS numbers the two SAs of a pair one after the other, inbound first.
fn esp_sa(
    now: &Snapshot<'_>,
    of: &Protection,
    position: usize,
    pair: &ChildView,
    direction: Direction,
) -> EspSa {
    let inbound = direction == Direction::Inbound;
    EspSa {
        spi: if inbound { pair.spi_in } else { pair.spi_out },
        transform: pair.transform.clone(),
        mode: pair.mode.clone(),
        conn_id: 2 * position + if inbound { 1 } else { 2 },
        seconds: pair.seconds,
        kilobytes: kilobytes_left(now, pair, direction),
        iv_octets: pair.iv_octets,
        replay_detection: of.replay_window > 0,
        replay_window: of.replay_window,
    }
}

impl View for IpsecSas {
    fn text(&self) -> String {
        let mut out = Lines::default();
        out.apart(&self.interfaces, |interface, out| {
            out.line(format!("interface: {}", interface.interface));
            let (map, local) = (&interface.crypto_map, interface.local);
            out.line(format!("    Crypto map tag: {map}, local addr {local}"));
            let flows = interface.flows.iter();
            flows.for_each(|flow| flow.lines(map, self.detail, out));
        });
        out.0
    }
}

impl Flow {
    fn lines(&self, map: &str, detail: bool, out: &mut Lines) {
        out.blank();
        out.line("   protected vrf: (none)");
        out.line(format!(
            "   local  ident (addr/mask/prot/port): ({})",
            self.local_ident
        ));
        out.line(format!(
            "   remote ident (addr/mask/prot/port): ({})",
            self.remote_ident
        ));
        out.line(format!("   current_peer {} port {}", self.peer, self.port));
        out.line("     PERMIT, flags={origin_is_acl,}");
        self.packets.lines(out);
        match detail {
            true => self.packets.drops.lines(out),
            false => self.packets.errors(out),
        }
        out.blank();
        self.endpoints(detail, out);
        section("inbound esp sas:", &self.inbound, map, detail, out);
        section("inbound ah sas:", &[], map, detail, out);
        section("inbound pcp sas:", &[], map, detail, out);
        section("outbound esp sas:", &self.outbound, map, detail, out);
        section("outbound ah sas:", &[], map, detail, out);
        section("outbound pcp sas:", &[], map, detail, out);
    }

    fn endpoints(&self, detail: bool, out: &mut Lines) {
        let (local, peer, mtu) = (self.local, self.peer, self.mtu);
        let interface = self.mtu_interface.as_deref().unwrap_or("(none)");
        let pfs = match self.pfs {
            Some(group) => format!("Y, DH group: group{group}"),
            None => "N, DH group: none".to_owned(),
        };
        let ip = if local.is_ipv6() { "ipv6" } else { "ip" };
        // IPv6 addresses have a line each.
        let between = if local.is_ipv6() { "\n     " } else { " " };
        out.line(format!(
            "     local crypto endpt.: {local},{between}remote crypto endpt.: {peer}"
        ));
        let plaintext = match detail {
            true => format!("plaintext mtu {}, ", self.plaintext_mtu),
            false => String::new(),
        };
        out.line(format!(
            "     {plaintext}path mtu {mtu}, {ip} mtu {mtu}, {ip} mtu idb {interface}"
        ));
        out.line(format!(
            "     current outbound spi: 0x{0:X}({0})",
            self.outbound_spi
        ));
        out.line(format!("     PFS (Y/N): {pfs}"));
    }
}

impl Packets {
    /// Encapsulation, encryption and authentication are one step here, so each line counts the
    /// same packets three times; nothing is compressed.
    fn lines(&self, out: &mut Lines) {
        let Self { encaps, decaps, .. } = self;
        out.line(format!(
            "    #pkts encaps: {encaps}, #pkts encrypt: {encaps}, #pkts digest: {encaps}"
        ));
        out.line(format!(
            "    #pkts decaps: {decaps}, #pkts decrypt: {decaps}, #pkts verify: {decaps}"
        ));
        out.line("    #pkts compressed: 0, #pkts decompressed: 0");
        out.line("    #pkts not compressed: 0, #pkts compr. failed: 0");
        out.line("    #pkts not decompressed: 0, #pkts decompress failed: 0");
    }

    fn errors(&self, out: &mut Lines) {
        let (send, receive) = (self.send_errors, self.receive_errors);
        out.line(format!("    #send errors {send}, #recv errors {receive}"));
    }
}

fn section(title: &str, sas: &[EspSa], map: &str, detail: bool, out: &mut Lines) {
    out.blank();
    out.line(format!("     {title}"));
    sas.iter().for_each(|sa| sa.lines(map, detail, out));
}

impl EspSa {
    fn lines(&self, map: &str, detail: bool, out: &mut Lines) {
        let Self {
            spi,
            transform,
            mode,
            conn_id,
            seconds,
            kilobytes,
            iv_octets,
            ..
        } = self;
        out.line(format!("      spi: 0x{spi:X}({spi})"));
        out.line(format!("        transform: {transform} ,"));
        out.line(format!("        in use settings ={{{mode}, }}"));
        out.line(format!(
            "        conn id: {conn_id}, flow_id: SW:{conn_id}, sibling_flags 80000048, crypto map: {map}"
        ));
        out.line(format!(
            "        sa timing: remaining key lifetime (k/sec): ({kilobytes}/{seconds})"
        ));
        out.line(format!("        IV size: {iv_octets} bytes"));
        let replay = if self.replay_detection { "Y" } else { "N" };
        let window = match detail {
            true => format!("  replay window size: {}", self.replay_window),
            false => String::new(),
        };
        out.line(format!(
            "        replay detection support: {replay}{window}"
        ));
        out.line("        Status: ACTIVE");
    }
}

mod drops;
#[cfg(test)]
mod tests;
