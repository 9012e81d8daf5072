//! One rtnetlink request and its acknowledgement, octet by octet (netlink(7)).

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket,
};

const ACK_BUFFER: usize = 8192;
const NLMSG_HEADER: usize = 16;

/// One request: header, fixed body, attributes, each padded to four octets.
pub(super) struct Message(Vec<u8>);

impl Message {
    pub(super) fn new(kind: u16, flags: u16) -> Self {
        let flags = flags | (libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16;
        let mut octets = vec![0; NLMSG_HEADER];
        octets[4..6].copy_from_slice(&kind.to_ne_bytes());
        octets[6..8].copy_from_slice(&flags.to_ne_bytes());
        octets[8..12].copy_from_slice(&1_u32.to_ne_bytes());
        Self(octets)
    }

    pub(super) fn kind(mut self, kind: u16) -> Self {
        self.0[4..6].copy_from_slice(&kind.to_ne_bytes());
        self
    }

    pub(super) fn body(mut self, octets: &[u8]) -> Self {
        self.0.extend_from_slice(octets);
        self
    }

    pub(super) fn attribute(self, kind: u16, value: &[u8]) -> Self {
        self.body(&attribute(kind, value))
    }

    fn finish(mut self) -> Vec<u8> {
        let length = self.0.len() as u32;
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0
    }

    /// Sends the request and waits for its acknowledgement.
    pub(super) fn transact(self) -> io::Result<()> {
        let socket = open()?;
        send(socket.as_raw_fd(), &self.finish(), MsgFlags::empty())?;
        let mut answer = [0; ACK_BUFFER];
        let length = recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
        acknowledgement(answer.get(..length).unwrap_or_default())
    }
}

/// One attribute, padded; its value may be attributes.
pub(super) fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = (value.len() + 4) as u16;
    let mut octets = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    octets.extend_from_slice(value);
    octets.resize(octets.len().next_multiple_of(4), 0);
    octets
}

fn open() -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        flags,
        SockProtocol::NetlinkRoute,
    )?;
    ask_for_reasons(&socket);
    Ok(socket)
}

/// Best effort: kernels without NETLINK_EXT_ACK give the number alone.
#[allow(unsafe_code)]
fn ask_for_reasons(socket: &OwnedFd) {
    let on: libc::c_int = 1;
    // SAFETY: the descriptor is open and the option value points to a c_int of the given length.
    unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_NETLINK,
            libc::NETLINK_EXT_ACK,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        );
    }
}

/// Reads NLMSG_ERROR: header, error number (0 is success), the request, then attributes.
fn acknowledgement(answer: &[u8]) -> io::Result<()> {
    let kind = answer.get(4..6).map(|o| u16::from_ne_bytes([o[0], o[1]]));
    let number = answer
        .get(16..20)
        .map(|o| i32::from_ne_bytes([o[0], o[1], o[2], o[3]]));
    match (kind, number) {
        (Some(kind), Some(0)) if kind == libc::NLMSG_ERROR as u16 => Ok(()),
        (Some(kind), Some(number)) if kind == libc::NLMSG_ERROR as u16 => {
            Err(refusal(-number, reason(answer)))
        }
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "netlink answered without an acknowledgement",
        )),
    }
}

fn refusal(number: i32, reason: Option<String>) -> io::Error {
    let plain = io::Error::from_raw_os_error(number);
    match reason {
        Some(text) => io::Error::new(plain.kind(), format!("{text} ({plain})")),
        None => plain,
    }
}

/// NLMSGERR_ATTR_MSG (1) behind the header of the failed request (NLM_F_CAPPED).
fn reason(answer: &[u8]) -> Option<String> {
    const CAPPED: u16 = 0x100;
    const TLVS: u16 = 0x200;
    let flags = u16::from_ne_bytes(answer.get(6..8)?.try_into().ok()?);
    let echoed = u32::from_ne_bytes(answer.get(20..24)?.try_into().ok()?) as usize;
    let start = if flags & CAPPED != 0 {
        36
    } else {
        20 + echoed.next_multiple_of(4)
    };
    let mut rest = answer.get(start..).filter(|_| flags & TLVS != 0)?;
    while rest.len() >= 4 {
        let length = usize::from(u16::from_ne_bytes([rest[0], rest[1]]));
        if rest[2] == 1 {
            let text = rest.get(4..length)?;
            return Some(
                String::from_utf8_lossy(text)
                    .trim_end_matches('\0')
                    .to_owned(),
            );
        }
        rest = rest.get(length.max(4).next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_and_lengths_are_true() {
        let message = Message::new(libc::RTM_NEWROUTE, 0)
            .body(&[0; 12])
            .attribute(1, &[7])
            .attribute(2, &[1, 2, 3, 4]);
        let octets = message.finish();
        assert_eq!(octets.len(), 16 + 12 + 8 + 8);
        assert_eq!(octets[..4], 44_u32.to_ne_bytes());
        assert_eq!(octets[28..32], [5, 0, 1, 0]);
        assert_eq!(octets[32..36], [7, 0, 0, 0]);
    }

    #[test]
    fn the_kernels_own_words_are_in_the_error() {
        let mut answer = vec![0; 36];
        answer[4] = libc::NLMSG_ERROR as u8;
        answer[6..8].copy_from_slice(&0x300_u16.to_ne_bytes());
        answer[16..20].copy_from_slice(&(-libc::ENETUNREACH).to_ne_bytes());
        answer[20] = 60;
        answer.extend([12, 0, 1, 0]);
        answer.extend(*b"no hop\0\0");
        let error = acknowledgement(&answer).expect_err("refused");
        assert!(error.to_string().starts_with("no hop ("), "{error}");
        for cut in 0..20 {
            assert!(acknowledgement(&answer[..cut]).is_err());
        }
    }
}
