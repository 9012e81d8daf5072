//! Cisco's IKE fragmentation payload, type 132 (draft-smyslov-ipsecme-ikev2-fragmentation names it as prior art).
use crate::error::{DecodeError, DecodeErrorKind};
use crate::reader::Reader;
use bytes::{BufMut, Bytes, BytesMut};

/// One piece of an IKE message, always the only payload of its datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The same in all pieces of one message.
    pub id: u16,
    /// Position, from 1.
    pub number: u8,
    /// Bit 0 marks the last piece; the other bits are kept for byte-exact encoding.
    pub flags: u8,
    /// The piece of the complete message (its own header included), at least one octet.
    pub data: Bytes,
}

impl Fragment {
    /// Whether this is the last piece.
    pub fn is_last(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Errors: a fixed part cut short (THREATS B7), number zero, no data.
    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        let id = reader.u16("fragment ID")?;
        let offset = reader.offset();
        let number = reader.u8("fragment number")?;
        let flags = reader.u8("fragment flags")?;
        if number == 0 {
            let kind = DecodeErrorKind::Value {
                found: 0,
                expected: "1 to 255",
            };
            return Err(DecodeError {
                offset,
                what: "fragment number",
                kind,
            });
        }
        if reader.is_empty() {
            return Err(reader.error(
                "fragment data",
                DecodeErrorKind::Truncated {
                    needed: 1,
                    available: 0,
                },
            ));
        }
        Ok(Self {
            id,
            number,
            flags,
            data: reader.rest(),
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_u16(self.id);
        out.put_u8(self.number);
        out.put_u8(self.flags);
        out.put_slice(&self.data);
    }
}
