//! `debug crypto ipsec` (S-093, O-060).

use std::net::IpAddr;

use crate::policy::protection::Selector;

/// What phase 2 tells.
#[derive(Clone, Debug)]
pub enum IpsecTrace {
    /// (sa_request), the start of everything.
    SaRequest {
        /// Our endpoint.
        local: IpAddr,
        /// The peer.
        remote: IpAddr,
        /// Our traffic.
        local_selector: Selector,
        /// The peer's.
        remote_selector: Selector,
        /// `ESP, transform= esp-aes esp-sha256-hmac (Tunnel)`.
        transform: String,
        /// Seconds and kilobytes.
        lifetime: (u32, u32),
    },
    /// map_db_check_isakmp_profile profile did not match.
    ProfileDidNotMatch,
    /// map_db_find_best did not find matching map.
    NoMatchingMap,
    /// IPSEC(ipsec_process_proposal): proxy identities not supported.
    ProxyNotSupported,
    /// IPSEC(ipsec_process_proposal): transform proposal not supported.
    TransformNotSupported,
    /// (create_sa) sa created.
    Created {
        /// Destination of the SA.
        destination: IpAddr,
        /// SPI.
        spi: u32,
        /// Transform names.
        transform: String,
        /// conn_id.
        connection: u32,
    },
    /// (delete_sa) deleting SA.
    Deleted {
        /// Destination of the SA.
        destination: IpAddr,
        /// SPI.
        spi: u32,
    },
}

impl IpsecTrace {
    pub(super) fn text(&self) -> String {
        match self {
            Self::SaRequest {
                local,
                remote,
                local_selector,
                remote_selector,
                transform,
                lifetime,
            } => format!(
                "IPSEC(sa_request): ,\n  (key eng. msg.) OUTBOUND local= {local}:500, remote= {remote}:500,\n    \
                 local_proxy= {local_selector},\n    remote_proxy= {remote_selector},\n    \
                 protocol= ESP, transform= {transform},\n    lifedur= {}s and {}kb,\n    \
                 spi= 0x0(0), conn_id= 0, keysize= 0, flags= 0x0",
                lifetime.0, lifetime.1
            ),
            Self::ProfileDidNotMatch => {
                "map_db_check_isakmp_profile profile did not match".to_owned()
            }
            Self::NoMatchingMap => "map_db_find_best did not find matching map".to_owned(),
            Self::ProxyNotSupported => {
                "IPSEC(ipsec_process_proposal): proxy identities not supported".to_owned()
            }
            Self::TransformNotSupported => {
                "IPSEC(ipsec_process_proposal): transform proposal not supported for identity:"
                    .to_owned()
            }
            Self::Created {
                destination,
                spi,
                transform,
                connection,
            } => format!(
                "IPSEC(create_sa): sa created,\n  (sa) sa_dest= {destination}, sa_proto= 50,\n    \
                 sa_spi= {spi:#X}({spi}),\n    sa_trans= {transform} , sa_conn_id= {connection}"
            ),
            Self::Deleted { destination, spi } => format!(
                "IPSEC(delete_sa): deleting SA,\n  (sa) sa_dest= {destination}, sa_proto= 50,\n    \
                 sa_spi= {spi:#X}({spi})"
            ),
        }
    }
}
