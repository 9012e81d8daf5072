//! A host: a network namespace kept alive by a descriptor.
//!
//! The namespace has no process of its own; work is done in it by threads that enter
//! it ([`Host::run`]) or by child processes started in it ([`Host::enter_in_child`]).

use std::fs::File;
use std::net::IpAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::sched::{CloneFlags, setns, unshare};

use crate::error::{Doing, Error, Result};
use crate::ping::{PingReport, ping};
use crate::switch::Switch;
use crate::{netlink, tun};

/// A network namespace of its own with its loopback up. It lives as long as this value,
/// or longer while processes and devices hold it.
#[derive(Debug)]
pub struct Host {
    name: String,
    namespace: Arc<OwnedFd>,
}

impl Host {
    /// Makes a host; `name` shows in errors, thread names and switch ports. It needs
    /// CAP_SYS_ADMIN, which [`isolate`](crate::isolate) gives.
    ///
    /// # Errors
    /// When the kernel refuses the namespace, or its loopback.
    pub fn new(name: &str) -> Result<Self> {
        let namespace =
            on_thread(name, new_namespace)?.doing(|| format!("make network namespace {name}"))?;
        let host = Self {
            name: name.to_owned(),
            namespace: Arc::new(namespace),
        };
        host.run(|| netlink::link_up("lo"))??;
        Ok(host)
    }

    /// The name given to [`Host::new`].
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `work` on a thread inside the namespace and waits for it. Sockets and
    /// devices opened there stay there, wherever they are used afterwards. A panic of
    /// `work` is passed on.
    ///
    /// # Errors
    /// When the thread cannot be started or cannot enter the namespace.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        on_thread(&self.name, || self.enter().map(|()| work()))?
    }

    /// Moves the calling thread into the namespace for good.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn enter(&self) -> Result<()> {
        setns(self.namespace.as_fd(), CloneFlags::CLONE_NEWNET)
            .doing(|| format!("enter namespace of {}", self.name))
    }

    /// Makes `command` start its process inside the namespace.
    #[allow(unsafe_code)]
    pub fn enter_in_child(&self, command: &mut Command) {
        let namespace = Arc::clone(&self.namespace);
        let enter = move || Ok(setns(namespace.as_fd(), CloneFlags::CLONE_NEWNET)?);
        // SAFETY: between fork and exec the closure makes one system call on a
        // descriptor it owns; it allocates nothing and takes no lock.
        unsafe { command.pre_exec(enter) };
    }

    /// Plugs the host into `switch`: creates the TAP `interface`, gives it `addresses`
    /// (address, prefix length), sets it up and hands its frames to the switch.
    ///
    /// # Errors
    /// When the device cannot be made or an address is refused.
    pub fn attach(
        &self,
        switch: &Switch,
        interface: &str,
        addresses: &[(IpAddr, u8)],
    ) -> Result<()> {
        let tap = self.run(|| -> Result<OwnedFd> {
            let tap = tun::open_tap(interface)?;
            // A wire without IPv6 stays free of what the kernel would say about a link-local address; a
            // kernel without IPv6 refuses this and has nothing to say.
            if addresses.iter().all(|(address, _)| address.is_ipv4()) {
                let _ = netlink::no_link_local(interface);
            }
            addresses.iter().try_for_each(|(address, prefix)| {
                netlink::add_address(interface, *address, *prefix)
            })?;
            netlink::link_up(interface)?;
            Ok(tap)
        })??;
        switch.add_port(&format!("{}:{interface}", self.name), tap)
    }

    /// Sends `count` ICMP or ICMPv6 echo requests one after the other, waiting up to `timeout`
    /// for each reply.
    ///
    /// # Errors
    /// When the socket or the source address is refused, or the addresses are of two families; a silent destination is no
    /// error but a report.
    pub fn ping(
        &self,
        source: impl Into<IpAddr>,
        destination: impl Into<IpAddr>,
        count: u32,
        timeout: Duration,
    ) -> Result<PingReport> {
        let (source, destination) = (source.into(), destination.into());
        self.run(|| ping(source, destination, count, timeout))?
    }
}

/// Unshares on this thread only; `/proc/thread-self` names the new namespace.
fn new_namespace() -> std::io::Result<OwnedFd> {
    unshare(CloneFlags::CLONE_NEWNET)?;
    Ok(File::open("/proc/thread-self/ns/net")?.into())
}

fn on_thread<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn_scoped(scope, work)
            .map_err(|error| Error::new(format!("start a thread for {name}"), error))?;
        match thread.join() {
            Ok(value) => Ok(value),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
