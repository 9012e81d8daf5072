//! Small readers and writers of payloads that many messages share.

use bytes::Bytes;
use ike_wire::registry::PayloadType;
use ike_wire::v2::{Body, Chain, Notify, NotifyType, Payload, ProtocolId};

/// A notify payload without SPI.
#[must_use]
pub(super) fn notify(ty: NotifyType, data: impl Into<Bytes>) -> Payload {
    Body::Notify(Notify::new(ty, data)).into()
}

/// A notify payload about one of the sender's ESP SAs.
#[must_use]
pub(super) fn about_esp(ty: NotifyType, spi: u32) -> Payload {
    Body::Notify(Notify::about(ProtocolId::ESP, spi, ty, Bytes::new())).into()
}

/// All notifies of a message.
pub(super) fn notifies(chain: &Chain) -> impl Iterator<Item = &Notify> {
    chain
        .all(PayloadType::V2_NOTIFY)
        .filter_map(|(_, body)| match body {
            Body::Notify(n) => Some(n),
            _ => None,
        })
}

/// The first notify of a type.
pub(super) fn find(chain: &Chain, ty: NotifyType) -> Option<&Notify> {
    notifies(chain).find(|n| n.ty == ty)
}

/// The first error notify.
pub(super) fn error(chain: &Chain) -> Option<&Notify> {
    notifies(chain).find(|n| n.ty.is_error())
}

/// The nonce of a message.
pub(super) fn nonce(chain: &Chain) -> Option<&Bytes> {
    match chain.find(PayloadType::V2_NONCE)?.1 {
        Body::Nonce(nonce) => Some(nonce),
        _ => None,
    }
}

/// SET_WINDOW_SIZE: four octets, at least one request (RFC 7296 2.3). Larger values count as 256 (H1).
pub(super) fn window(chain: &Chain) -> Option<u32> {
    let data: [u8; 4] = find(chain, NotifyType::SET_WINDOW_SIZE)?
        .data
        .as_ref()
        .try_into()
        .ok()?;
    Some(u32::from_be_bytes(data).clamp(1, 256))
}
