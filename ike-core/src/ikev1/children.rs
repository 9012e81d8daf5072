//! The table of ESP SA pairs. They outlive the ISAKMP SA that made them, as in IOS
//! (`UP-NO-IKE`, O-061), so they belong to the engine and not to an SA.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::context::Context;
use crate::sa::action::{Action, DataplaneRequest};
use crate::sa::child::{ChildSpec, Direction};
use crate::time::Timestamp;
use crate::trace::{IpsecTrace, Trace};

/// One pair.
#[derive(Clone, Debug)]
pub struct Child {
    /// What the data plane was given.
    pub spec: ChildSpec,
    /// We started its Quick Mode.
    pub initiator: bool,
    /// Its Quick Mode is over on our side.
    pub complete: bool,
    /// Where its outbound half is.
    pub outbound: Outbound,
    /// When it was made.
    pub created: Timestamp,
    /// A replacement is being negotiated or has been.
    pub replaced: bool,
    /// conn-id of the ISAKMP SA that made it.
    pub connection: u32,
}

/// The outbound half of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outbound {
    /// Not in the data plane: not agreed yet, or a newer pair took its place.
    #[default]
    Absent,
    /// An older pair still sends. The responder has the new one only when the third message has reached
    /// it, which nobody confirms: its first packet does, else this moment has to.
    Waiting(Timestamp),
    /// In use.
    Installed,
}

/// How long an older pair goes on sending when the peer sends nothing.
const OUTBOUND: Duration = Duration::from_secs(5);

impl Child {
    /// When it ends.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.created + Duration::from_secs(self.spec.lifetime_seconds.into())
    }

    /// When a replacement is due: up to thirty seconds before the end for the side that made
    /// it, half of that for the other, so that both do not start together.
    #[must_use]
    pub fn rekey_at(&self) -> Timestamp {
        let lifetime = Duration::from_secs(self.spec.lifetime_seconds.into());
        let margin = (lifetime / 10).min(Duration::from_secs(30));
        self.expires() - if self.initiator { margin } else { margin / 2 }
    }
}

/// What a due child wants.
#[derive(Debug, PartialEq, Eq)]
pub enum ChildDue {
    /// Negotiate a replacement for this protection.
    Rekey(String),
    /// It ended; its inbound SPI was this.
    Ended(u32),
    /// It has waited long enough to send.
    Outbound(u32),
}

/// All pairs, by our inbound SPI.
#[derive(Debug, Default)]
pub struct Children(BTreeMap<u32, Child>);

impl Children {
    /// Every pair in order of SPI.
    pub fn iter(&self) -> impl Iterator<Item = &Child> {
        self.0.values()
    }

    /// A complete, not yet replaced pair of a protection.
    #[must_use]
    pub fn of_protection(&self, name: &str) -> Option<&Child> {
        self.0
            .values()
            .find(|c| c.complete && !c.replaced && c.spec.protection == name)
    }

    /// The pair with that inbound SPI.
    pub fn get_mut(&mut self, spi_in: u32) -> Option<&mut Child> {
        self.0.get_mut(&spi_in)
    }

    /// SPI in use as one of ours.
    #[must_use]
    pub fn contains(&self, spi_in: u32) -> bool {
        self.0.contains_key(&spi_in)
    }

    /// The earliest moment something is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        self.0
            .values()
            .map(|c| {
                let end = if c.replaced || !c.complete {
                    c.expires()
                } else {
                    c.rekey_at().min(c.expires())
                };
                match c.outbound {
                    Outbound::Waiting(at) => end.min(at),
                    Outbound::Absent | Outbound::Installed => end,
                }
            })
            .min()
    }

    /// Marks due pairs and says what they want.
    pub fn due(&mut self, now: Timestamp) -> Vec<ChildDue> {
        let mut out = Vec::new();
        for (spi, child) in &mut self.0 {
            if now >= child.expires() {
                out.push(ChildDue::Ended(*spi));
            } else if child.complete && !child.replaced && now >= child.rekey_at() {
                child.replaced = true;
                out.push(ChildDue::Rekey(child.spec.protection.clone()));
            }
            if matches!(child.outbound, Outbound::Waiting(at) if now >= at) {
                out.push(ChildDue::Outbound(*spi));
            }
        }
        out
    }
}

/// Installs the inbound half: it must be there before the peer can send (ARCHITECTURE 5).
pub fn install_inbound(ctx: &mut Context<'_>, child: Child) {
    tell_created(ctx, &child, Direction::Inbound);
    ctx.out.push(Action::Dataplane(DataplaneRequest::Install(
        Direction::Inbound,
        Box::new(child.spec.clone()),
    )));
    ctx.children.0.insert(child.spec.spi_in, child);
}

/// Quick Mode is over: older pairs of the same protection count as replaced, and the outbound half is
/// installed. The initiator lets an older pair send until the peer has the new one.
pub fn install_outbound(ctx: &mut Context<'_>, spi_in: u32) {
    let Some(child) = ctx.children.0.get_mut(&spi_in) else {
        return;
    };
    child.complete = true;
    let child = child.clone();
    tell_created(ctx, &child, Direction::Outbound);
    let mut sends = false;
    for (spi, other) in &mut ctx.children.0 {
        if *spi != spi_in && other.complete && other.spec.protection == child.spec.protection {
            other.replaced = true;
            sends |= other.outbound == Outbound::Installed;
            if matches!(other.outbound, Outbound::Waiting(_)) {
                other.outbound = Outbound::Absent;
            }
        }
    }
    if child.initiator && sends {
        let at = ctx.now.mono + OUTBOUND;
        if let Some(child) = ctx.children.0.get_mut(&spi_in) {
            child.outbound = Outbound::Waiting(at);
        }
    } else {
        send_with(ctx, spi_in);
    }
}

/// The peer has the pair: it sends if it waited for that.
pub fn peer_is_ready(ctx: &mut Context<'_>, spi_in: u32) {
    let child = ctx.children.0.get(&spi_in);
    if child.is_some_and(|c| matches!(c.outbound, Outbound::Waiting(_))) {
        send_with(ctx, spi_in);
    }
}

fn send_with(ctx: &mut Context<'_>, spi_in: u32) {
    if let Some(child) = ctx.children.0.get_mut(&spi_in) {
        child.outbound = Outbound::Installed;
        ctx.out.push(Action::Dataplane(DataplaneRequest::Install(
            Direction::Outbound,
            Box::new(child.spec.clone()),
        )));
    }
}

fn tell_created(ctx: &mut Context<'_>, child: &Child, direction: Direction) {
    let (destination, spi) = match direction {
        Direction::Inbound => (child.spec.local.ip(), child.spec.spi_in),
        Direction::Outbound => (child.spec.remote.ip(), child.spec.spi_out),
    };
    let transform = crate::show::transform_names(child.spec.suite);
    let connection = child.connection;
    ctx.out.trace(
        None,
        connection,
        Trace::Ipsec(IpsecTrace::Created {
            destination,
            spi,
            transform,
            connection,
        }),
    );
}

/// Takes a pair away, from the data plane too.
pub fn remove(ctx: &mut Context<'_>, spi_in: u32) -> Option<Child> {
    let child = ctx.children.0.remove(&spi_in)?;
    for (destination, spi) in [
        (child.spec.local.ip(), child.spec.spi_in),
        (child.spec.remote.ip(), child.spec.spi_out),
    ] {
        ctx.out.trace(
            None,
            child.connection,
            Trace::Ipsec(IpsecTrace::Deleted { destination, spi }),
        );
    }
    ctx.out.push(Action::Dataplane(DataplaneRequest::Remove {
        protection: child.spec.protection.clone(),
        spi_in,
        spi_out: if child.outbound == Outbound::Installed {
            child.spec.spi_out
        } else {
            0
        },
    }));
    // Nobody sends any more: a pair that waited for the peer has waited long enough.
    let successor = ctx.children.iter().find(|c| {
        c.spec.protection == child.spec.protection && matches!(c.outbound, Outbound::Waiting(_))
    });
    if let Some(spi) = successor.map(|c| c.spec.spi_in) {
        send_with(ctx, spi);
    }
    Some(child)
}

/// Takes away the pairs with a peer whose own inbound SPI is in the list: a DELETE came.
pub fn remove_by_peer_spi(ctx: &mut Context<'_>, peer: IpAddr, spis: &[u32]) {
    let ours: Vec<u32> = ctx
        .children
        .iter()
        .filter(|c| c.spec.remote.ip() == peer && spis.contains(&c.spec.spi_out))
        .map(|c| c.spec.spi_in)
        .collect();
    for spi in ours {
        remove(ctx, spi);
    }
}

/// Takes away every pair with a peer.
pub fn remove_of_peer(ctx: &mut Context<'_>, peer: IpAddr) {
    let ours: Vec<u32> = ctx
        .children
        .iter()
        .filter(|c| c.spec.remote.ip() == peer)
        .map(|c| c.spec.spi_in)
        .collect();
    for spi in ours {
        remove(ctx, spi);
    }
}
