//! Stories of `ikd doctor`.

use std::io;

use super::machine::{clock, port_found, privileges, sockets};
use super::{State, device, text};

/// USERS-ASK 46: a missing capability is named, with the command that grants it.
#[test]
fn a_missing_capability_is_named() {
    let all = privileges("Name:\tikd\nCapEff:\t000001ffffffffff\n");
    assert_eq!(all.state, State::Good);
    // NET_ADMIN alone.
    let some = privileges("CapEff:\t0000000000001000\n");
    assert_eq!(some.state, State::Note);
    assert!(
        some.found.contains("CAP_NET_BIND_SERVICE, CAP_NET_RAW"),
        "{some:?}"
    );
    assert!(!some.found.contains("CAP_NET_ADMIN"), "{some:?}");
    let remedy = some.remedy.unwrap();
    assert!(
        remedy.contains("setcap cap_net_bind_service,cap_net_admin,cap_net_raw=ep"),
        "{remedy}"
    );
}

/// A port in use and one that is forbidden have different ways out.
#[test]
fn a_port_that_is_not_to_be_had_says_why() {
    let found = |kind: io::ErrorKind| port_found(500, Err(kind.into()));
    assert!(
        found(io::ErrorKind::AddrInUse)
            .remedy
            .unwrap()
            .contains("ss -lunp")
    );
    assert!(
        found(io::ErrorKind::PermissionDenied)
            .remedy
            .unwrap()
            .contains("setcap")
    );
    assert_eq!(port_found(4500, Ok(())).state, State::Good);
}

/// P-041: certificates are judged by the clock.
#[test]
fn a_clock_that_was_never_set_is_bad() {
    assert_eq!(clock(1_000_000, true).state, State::Bad);
    assert_eq!(clock(1_800_000_000, false).state, State::Note);
    assert_eq!(clock(1_800_000_000, true).state, State::Good);
}

#[test]
fn files_of_a_router_are_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("r.cfg");
    std::fs::write(
        &config,
        "hostname R1\ncrypto isakmp policy 10\n encryptoin aes\n",
    )
    .unwrap();
    let found = device::configuration(&config);
    assert_eq!(found.state, State::Bad);
    assert!(found.remedy.unwrap().starts_with("ikd check "));
    let absent = device::store(&dir.path().join("none"));
    assert_eq!(absent[0].state, State::Note);
    std::fs::create_dir(dir.path().join("store")).unwrap();
    std::fs::write(dir.path().join("store/index.json"), "{").unwrap();
    let broken = device::store(&dir.path().join("store"));
    assert_eq!(broken[0].state, State::Bad);
    assert!(
        text(&broken).contains("-> ikd pki verify --state"),
        "{}",
        text(&broken)
    );
    assert_eq!(sockets(dir.path()).state, State::Good);
}
