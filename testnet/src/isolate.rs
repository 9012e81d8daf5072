//! Entering namespaces of one's own, as root or as an ordinary user.
//!
//! A process that may not create a network namespace directly first creates a user
//! namespace in which it is root (PRODUCT.md, "Running without root"). When the
//! machine forbids that, the error names the knob and the way out.

use std::fs;
use std::io;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use crate::error::Error;
use crate::netlink;

/// Why a process could not get namespaces of its own, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum IsolateError {
    /// `unshare` of a user namespace needs a process with one thread.
    #[error(
        "namespaces must be entered before the process starts its second thread (it has {threads})"
    )]
    NotSingleThreaded {
        /// Threads counted in /proc/self/task.
        threads: usize,
    },
    /// Ubuntu 24.04 and later: AppArmor lets only profiled programs use user namespaces.
    #[error(
        "AppArmor forbids user namespaces to unprivileged programs \
         (kernel.apparmor_restrict_unprivileged_userns=1): install a profile with `userns,` for this program, \
         or run `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or run it with sudo"
    )]
    AppArmor,
    /// Debian's switch against unprivileged user namespaces.
    #[error(
        "kernel.unprivileged_userns_clone=0 forbids user namespaces: run \
         `sudo sysctl kernel.unprivileged_userns_clone=1`, or run this program with sudo"
    )]
    UnprivilegedUsernsClone,
    /// The limit on user or network namespaces is zero or used up.
    #[error(
        "{knob}={value} leaves no namespace to create: run `sudo sysctl {knob}=1024`, or run this program with sudo"
    )]
    Limit {
        /// The sysctl that limits.
        knob: &'static str,
        /// Its present value.
        value: u64,
    },
    /// A container's seccomp filter stands in the way.
    #[error(
        "the container's seccomp filter forbids `unshare`: start it with `--security-opt seccomp=unconfined` \
         (or `--cap-add SYS_ADMIN`)"
    )]
    Seccomp,
    /// The kernel was built without user or network namespaces.
    #[error("the kernel has no user or network namespaces (CONFIG_USER_NS, CONFIG_NET_NS)")]
    NotInKernel,
    /// Anything else, with the step that failed.
    #[error(transparent)]
    Other(#[from] Error),
}

/// Moves the process into namespaces of its own: network and mount, and a user
/// namespace in which it is root when it may not create the others directly. The
/// loopback interface is brought up. Call it before the first thread is started
/// (before tokio); threads started later inherit the namespaces.
///
/// # Errors
/// [`IsolateError`] naming the knob of the machine that forbids it.
pub fn isolate() -> Result<(), IsolateError> {
    let threads = fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads > 1 {
        return Err(IsolateError::NotSingleThreaded { threads });
    }
    enter_namespaces().map_err(|errno| explain(errno, &Knobs::read()))?;
    make_mounts_private()?;
    Ok(netlink::link_up("lo")?)
}

/// Tries without a user namespace first: root and a process already in one need none.
fn enter_namespaces() -> Result<(), Errno> {
    let wanted = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS;
    match unshare(wanted) {
        Err(Errno::EPERM) => {
            enter_user_namespace()?;
            unshare(wanted)
        }
        other => other,
    }
}

/// Maps the caller to root of a new user namespace (user_namespaces(7)).
fn enter_user_namespace() -> Result<(), Errno> {
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER)?;
    write_proc("/proc/self/setgroups", "deny")?;
    write_proc("/proc/self/uid_map", &format!("0 {uid} 1"))?;
    write_proc("/proc/self/gid_map", &format!("0 {gid} 1"))
}

fn write_proc(path: &str, text: &str) -> Result<(), Errno> {
    fs::write(path, text)
        .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
}

/// Keeps later mounts of this process from showing outside.
fn make_mounts_private() -> Result<(), Error> {
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, flags, None::<&str>)
        .map_err(|errno| Error::new("make mounts private", io::Error::from(errno)))
}

/// The machine's switches that can forbid namespaces.
#[derive(Debug, Default)]
struct Knobs {
    apparmor_restrict: Option<u64>,
    unprivileged_clone: Option<u64>,
    max_user: Option<u64>,
    max_net: Option<u64>,
    seccomp_filter: bool,
}

impl Knobs {
    fn read() -> Self {
        Self {
            apparmor_restrict: number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
            unprivileged_clone: number("/proc/sys/kernel/unprivileged_userns_clone"),
            max_user: number("/proc/sys/user/max_user_namespaces"),
            max_net: number("/proc/sys/user/max_net_namespaces"),
            seccomp_filter: fs::read_to_string("/proc/self/status")
                .is_ok_and(|status| status.lines().any(|line| line == "Seccomp:\t2")),
        }
    }
}

fn number(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Turns the kernel's number into the knob that caused it.
fn explain(errno: Errno, knobs: &Knobs) -> IsolateError {
    let limit = |knob, value: Option<u64>| IsolateError::Limit {
        knob,
        value: value.unwrap_or(0),
    };
    match errno {
        Errno::ENOSPC | Errno::EUSERS if knobs.max_net == Some(0) => {
            limit("user.max_net_namespaces", knobs.max_net)
        }
        Errno::ENOSPC | Errno::EUSERS => limit("user.max_user_namespaces", knobs.max_user),
        Errno::EINVAL | Errno::ENOSYS => IsolateError::NotInKernel,
        Errno::EPERM | Errno::EACCES => forbidden(errno, knobs),
        _ => IsolateError::Other(Error::new("unshare", errno)),
    }
}

fn forbidden(errno: Errno, knobs: &Knobs) -> IsolateError {
    if knobs.apparmor_restrict == Some(1) {
        IsolateError::AppArmor
    } else if knobs.unprivileged_clone == Some(0) {
        IsolateError::UnprivilegedUsernsClone
    } else if knobs.seccomp_filter {
        IsolateError::Seccomp
    } else {
        IsolateError::Other(Error::new("unshare(CLONE_NEWUSER)", errno))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_knob_is_named_with_its_way_out() {
        let apparmor = Knobs {
            apparmor_restrict: Some(1),
            ..Knobs::default()
        };
        assert!(
            explain(Errno::EACCES, &apparmor)
                .to_string()
                .contains("apparmor_restrict_unprivileged_userns=1")
        );
        let clone = Knobs {
            unprivileged_clone: Some(0),
            ..Knobs::default()
        };
        assert!(
            explain(Errno::EPERM, &clone)
                .to_string()
                .contains("unprivileged_userns_clone=1")
        );
        let none = Knobs {
            max_user: Some(0),
            ..Knobs::default()
        };
        assert!(
            explain(Errno::ENOSPC, &none)
                .to_string()
                .contains("sysctl user.max_user_namespaces")
        );
        let docker = Knobs {
            seccomp_filter: true,
            ..Knobs::default()
        };
        assert!(
            explain(Errno::EPERM, &docker)
                .to_string()
                .contains("seccomp=unconfined")
        );
        assert!(matches!(
            explain(Errno::EINVAL, &Knobs::default()),
            IsolateError::NotInKernel
        ));
    }

    #[test]
    fn a_process_with_several_threads_is_refused_before_anything_changes() {
        // The test runner itself runs tests on threads.
        std::thread::spawn(|| {
            assert!(matches!(
                isolate(),
                Err(IsolateError::NotSingleThreaded { .. })
            ));
        })
        .join()
        .expect("the thread must not panic");
    }
}
