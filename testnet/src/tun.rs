//! TUN and TAP devices through `/dev/net/tun`.
//!
//! The device belongs to the network namespace of the calling thread at the time of
//! the call; the descriptor can be used from any thread and namespace afterwards, and
//! the device goes away when the last descriptor is closed.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use crate::error::{Doing, Error, Result};

const DEVICE: &str = "/dev/net/tun";

/// Opens (creates) a TUN device: whole IP packets without a leading header
/// (IFF_NO_PI), non-blocking.
///
/// # Errors
/// When `/dev/net/tun` is missing or not permitted, the name is empty, longer than 15
/// octets or in use, or the thread has no CAP_NET_ADMIN in its network namespace.
pub fn open_tun(name: &str) -> Result<OwnedFd> {
    open(name, libc::IFF_TUN)
}

/// Opens (creates) a TAP device: whole Ethernet frames without FCS and without a
/// leading header (IFF_NO_PI), non-blocking.
///
/// # Errors
/// As [`open_tun`].
pub fn open_tap(name: &str) -> Result<OwnedFd> {
    open(name, libc::IFF_TAP)
}

fn open(name: &str, kind: libc::c_int) -> Result<OwnedFd> {
    let mut request = request(name)?;
    let flags = kind | libc::IFF_NO_PI;
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(flags).unwrap_or_default();
    let file = open_device()?;
    set_interface(&file, &mut request).doing(|| format!("create device {name}"))?;
    Ok(OwnedFd::from(file))
}

fn open_device() -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(DEVICE)
        .map_err(|error| Error::new(format!("open {DEVICE}{}", hint(&error)), error))
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => {
            " (load the tun module, or start the container with `--device /dev/net/tun`)"
        }
        io::ErrorKind::PermissionDenied => {
            " (it must be readable and writable by this user, usually mode 0666)"
        }
        _ => "",
    }
}

/// An `ifreq` with the interface name, or why the name cannot be one.
fn request(name: &str) -> Result<libc::ifreq> {
    let fits = !name.is_empty() && name.len() < libc::IFNAMSIZ && !name.contains(['/', '\0', ' ']);
    if !fits {
        return Err(Error::because(
            format!("create device `{name}`"),
            "an interface name has 1 to 15 octets without slash or space",
        ));
    }
    let mut octets = [0; libc::IFNAMSIZ];
    for (to, from) in octets.iter_mut().zip(name.bytes()) {
        *to = from.cast_signed();
    }
    Ok(libc::ifreq {
        ifr_name: octets,
        ifr_ifru: libc::__c_anonymous_ifr_ifru { ifru_flags: 0 },
    })
}

mod ioctl {
    nix::ioctl_readwrite_bad!(
        /// TUNSETIFF of linux/if_tun.h; it is declared as `int` but takes an `ifreq`.
        tun_set_iff,
        nix::request_code_write!(b'T', 202, size_of::<libc::c_int>()),
        libc::ifreq
    );
}

#[allow(unsafe_code)]
fn set_interface(file: &File, request: &mut libc::ifreq) -> nix::Result<()> {
    // SAFETY: the descriptor is open for the whole call and `request` is a fully
    // initialised ifreq that the kernel reads and writes (the name) within its size.
    unsafe { ioctl::tun_set_iff(file.as_raw_fd(), request) }.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_no_interface_name_is_refused_with_the_rule() {
        for name in ["", "sixteen-octets-x", "a/b", "a b"] {
            let error = open_tun(name).expect_err("refused");
            assert!(error.to_string().contains("1 to 15 octets"), "{error}");
        }
    }

    #[test]
    fn the_hint_tells_how_to_get_the_device() {
        assert!(hint(&io::ErrorKind::NotFound.into()).contains("--device"));
        assert!(hint(&io::ErrorKind::PermissionDenied.into()).contains("0666"));
    }
}
