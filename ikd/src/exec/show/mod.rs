//! The pages of `show`. Each page is one serde view that prints itself as IOS text; `--json`
//! prints the same view, so that the two cannot disagree.
//!
//! JSON is one object per page. Keys are snake_case and stable: keys are added, never renamed.
//! Absent values are `null`. No page holds a key or a password.
//!
//! | command | object |
//! |---|---|
//! | `show crypto isakmp sa [detail]` | `isakmp_sas[]`: `destination source connection state status role local local_port remote remote_port initiator_cookie responder_cookie profile phase1_id validated_by suite{encryption hash authentication group} lifetime active capabilities` |
//! | `show crypto isakmp [default] policy` | `default policies[]`: `priority encryption hash authentication group lifetime` |
//! | `show crypto isakmp profile` | `isakmp_profiles[]`: `name references identities certificate_maps presents keyring trustpoints` |
//! | `show crypto isakmp peers` | `peers[]`: `address port local phase1_id` |
//! | `show crypto ikev2 policy [NAME]` | `ikev2_policies[]`: `name fvrf local proposals` |
//! | `show crypto ikev2 profile [NAME]` | `ikev2_profiles[]`: `name references fvrf local identities certificate_maps local_identity local_authentication remote_authentication eap_query_identity keyring ppk_keyring trustpoints lifetime reauth dpd nat_keepalive ivrf group_authorization shutdown complete` |
//! | `show crypto ikev2 proposal [NAME]` | `ikev2_proposals[]`: `name encryption integrity prf groups additional_ke` |
//! | `show crypto ikev2 sa [detailed]` | `ikev2_sas[]`: `tunnel session status over local remote initiator local_spi remote_spi profile suite{encryption key_bits prf integrity group} established{own_method peer_method local_id remote_id validated_by lifetime active dpd[interval retry] additional_ke quantum_resistance leased[] settings[] mobike children[]} nat[here there] message_ids[own peer] windows[own peer] fragmentation`; a child: `version protection interface local remote remote_port local_selector remote_selector local_range remote_range spi_in spi_out transform encryption key_bits hmac mode pfs seconds kilobytes iv_octets replaced complete connection` |
//! | `show crypto ikev2 session [detailed]` | `ikev2_sessions[]`: `session status ikev2_sas[]` as above |
//! | `show crypto ikev2 stats` | `max_sas max_in_negotiation{incoming outgoing} incoming{total active negotiating} outgoing{...} incoming_requests{total accepted rejected} outgoing_requests{...} sa_limit dropped_at_dispatch cookies{challenged accepted rejected rejected_no_cookie}` |
//! | `show crypto ikev2 stats exchange [detailed]` | `exchanges[] error_notifies[] other_notifies[] configuration_payloads[]`, each: `name sent_requests sent_responses received_requests received_responses` |
//! | `show crypto ikev2 diagnose error` | `enabled deleted max errors[]{peer message reason}` |
//! | `show crypto ipsec sa [detail]` | `interfaces[]`: `interface crypto_map local flows[]`; a flow: `protection local_ident remote_ident peer port packets{encaps decaps send_errors receive_errors drops{no_sa invalid_spi not_sent replayed wrong_icv malformed other_selectors}} mtu plaintext_mtu mtu_interface outbound_spi pfs inbound[] outbound[]`; an SA: `spi transform mode conn_id seconds kilobytes iv_octets replay_detection replay_window` |
//! | `show crypto ipsec profile` | `ipsec_profiles[]`: `name isakmp_profile ikev2_profile seconds kilobytes responder_only pfs transform_sets[]{name transforms mode}` |
//! | `show crypto ipsec transform-set` | `transform_sets[]`: `name transforms mode` |
//! | `show crypto map` | `crypto_maps[]`: `name sequence profile_instance isakmp_profile ikev2_profile peers access_list rules current_peer seconds kilobytes responder_only pfs transform_sets[] interfaces` |
//! | `show crypto session [detail]` | `sessions[]`: `interface profile uptime status peer port phase1_id ike_sas[] flows[]`; an IKE SA: `version local local_port remote remote_port active capabilities connection lifetime` |
//! | `show crypto key mypubkey {rsa\|ec\|all}` | `keys[]`: `name kind bits generated_at exportable data` |
//! | `show crypto pki certificates [verbose] [TP]` | `certificates[]`, as `ike_pki::CertificateView`; `pending[]`: `trustpoint subject key_label polls requested_at fingerprint_md5 fingerprint_sha1` |
//! | `show crypto pki counters` | as `pki::Counts`, and `sessions_active` |
//! | `show crypto pki crls` | `crls[]`: `issuer last_update next_update expired number entries distribution_point trustpoint by_scep retrieved_at octets` |
//! | `show crypto pki timers` | `pki[] crl[]`, each: `kind name at remaining` |
//! | `show crypto pki trustpoints [status]` | `trustpoints[]`: `name ca{subject serial fingerprint_md5 fingerprint_sha1} identity{...} self_signed pending{...} scep_url key_label key_exportable` |
//! | `show crypto pki trustpool` | `trustpool[]`: `subject origin certificate`, as `ike_pki::PoolView` |
//! | `show running-config`, `show startup-config` | `blocks[]`: `line body[]`, secrets as `<removed>` |
//! | `show logging` | `lines[]` |
//! | `show monitor capture {buffer B [dump\|parameters] \| point P \| N}` | `buffers[] points[]`: a buffer: `name kilobytes element_octets circular points[] packets[]{time interfaces[2] octets}`; a point: `name interface direction active buffer` |
//! | `show debugging` | `debugging[]`: `name on` |
//! | `show crypto explain [last]` | `negotiations[]`: `number sequence version initiator peer certreq{message issuers} signed_with profile protection connection spi phase1 up stopped_at reason decisions[]{rule decision because about[] candidates[]{name subject rejected{rule because} chosen steps[]{what passed}}}` |
//! | `show crypto counters` | `malformed no_sa admission unsupported ikev2{malformed no_sa admission refused cookies_wrong} esp{unknown_spi replay_failures auth_failures malformed policy_failures no_sa_drops io_errors}` |
//! | `show version` | `name version behaves_as hostname` |

mod certificates;
mod counters;
mod crls;
mod crypto_map;
mod debugging;
mod explain;
mod ikev2_errors;
mod ikev2_exchanges;
mod ikev2_policy;
mod ikev2_profile;
mod ikev2_proposal;
mod ikev2_sa;
mod ikev2_session;
mod ikev2_stats;
mod ipsec_profile;
mod ipsec_sa;
mod isakmp_peers;
mod isakmp_policy;
mod isakmp_profile;
mod isakmp_sa;
pub(super) mod keys;
mod logging;
pub(super) mod monitor;
mod pki_counters;
mod pki_timers;
mod running;
mod session;
mod transform_set;
mod trustpoints;
mod trustpool;
mod version;

use std::net::IpAddr;

use serde::Serialize;

use super::Snapshot;

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Certificates { verbose: bool },
    Counters,
    Crls,
    CryptoMap,
    Debugging,
    Explain { last: bool },
    Ikev2Errors,
    Ikev2Exchanges { detail: bool },
    Ikev2Policy,
    Ikev2Profile,
    Ikev2Proposal,
    Ikev2Sa { detail: bool, side: Side },
    Ikev2Session { detail: bool },
    Ikev2Stats,
    IpsecProfile,
    IpsecSa { detail: bool },
    IsakmpSa { detail: bool },
    Keys(keys::Which),
    Logging,
    Monitor(monitor::Part),
    Peers,
    PkiCounters,
    PkiTimers,
    Policy { default: bool },
    Profile,
    Running { startup: bool },
    Session { detail: bool },
    TransformSet,
    Trustpoints { status: bool },
    Trustpool,
    Version,
}

/// Whose address a line names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// It names none.
    Any,
    /// One of ours.
    Local,
    /// A peer's.
    Remote,
}

/// A page as values and as text.
trait View: Serialize {
    /// The text, each line ended.
    fn text(&self) -> String;
}

/// A page ready to print.
pub(super) trait Shown {
    /// IOS text.
    fn text(&self) -> String;
    /// One JSON object.
    fn json(&self) -> String;
}

impl<T: View> Shown for T {
    fn text(&self) -> String {
        View::text(self)
    }

    fn json(&self) -> String {
        // Views are plain structs: strings, numbers and lists, which always serialise.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// Fills a page; `name` is the object that the line names, if it names one.
pub(super) fn page<'a>(
    page: Page,
    name: Option<&str>,
    now: &'a Snapshot<'a>,
) -> Box<dyn Shown + 'a> {
    match page {
        Page::Certificates { verbose } => Box::new(certificates::view(now, name, verbose)),
        Page::Counters => Box::new(counters::view(now)),
        Page::Crls => Box::new(crls::view(now)),
        Page::CryptoMap => Box::new(crypto_map::view(now)),
        Page::Debugging => Box::new(debugging::view(|switch| {
            crate::log::switches().is_on(switch)
        })),
        Page::Explain { last } => Box::new(explain::view(now, last)),
        Page::Ikev2Errors => Box::new(ikev2_errors::view(now)),
        Page::Ikev2Exchanges { detail } => Box::new(ikev2_exchanges::view(now, detail)),
        Page::Ikev2Policy => Box::new(ikev2_policy::view(now, name)),
        Page::Ikev2Profile => Box::new(ikev2_profile::view(now, name)),
        Page::Ikev2Proposal => Box::new(ikev2_proposal::view(now, name)),
        Page::Ikev2Sa { detail, side } => Box::new(ikev2_sa::view(now, detail, side, name)),
        Page::Ikev2Session { detail } => Box::new(ikev2_session::view(now, detail)),
        Page::Ikev2Stats => Box::new(ikev2_stats::view(now)),
        Page::IpsecProfile => Box::new(ipsec_profile::view(now)),
        Page::IpsecSa { detail } => Box::new(ipsec_sa::view(now, detail)),
        Page::IsakmpSa { detail } => Box::new(isakmp_sa::view(now, detail)),
        Page::Keys(which) => Box::new(keys::view(now, which)),
        Page::Logging => Box::new(logging::view(now)),
        Page::Monitor(part) => Box::new(monitor::view(now, name, part)),
        Page::Peers => Box::new(isakmp_peers::view(now)),
        Page::PkiCounters => Box::new(pki_counters::view(now)),
        Page::PkiTimers => Box::new(pki_timers::view(now)),
        Page::Policy { default } => Box::new(isakmp_policy::view(now, default)),
        Page::Profile => Box::new(isakmp_profile::view(now)),
        Page::Running { startup } => Box::new(running::view(now, startup)),
        Page::Session { detail } => Box::new(session::view(now, detail)),
        Page::TransformSet => Box::new(transform_set::view(now)),
        Page::Trustpoints { status } => Box::new(trustpoints::view(now, status)),
        Page::Trustpool => Box::new(trustpool::view(now)),
        Page::Version => Box::new(version::view(now)),
    }
}

/// Text under construction: lines.
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// One line.
    fn line(&mut self, text: impl AsRef<str>) {
        self.0.push_str(text.as_ref());
        self.0.push('\n');
    }

    /// An empty line.
    fn blank(&mut self) {
        self.0.push('\n');
    }

    /// Each item by `print`, with an empty line between two.
    fn apart<T>(&mut self, items: &[T], mut print: impl FnMut(&T, &mut Self)) {
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                self.blank();
            }
            print(item, self);
        }
    }
}

/// `23:59:01`; hours may have more digits.
fn hms(seconds: u64) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// The interface that has an address.
fn interface_of(now: &Snapshot<'_>, address: IpAddr) -> Option<(String, u16)> {
    let has = |i: &&ike_core::config::Interface| i.addresses().any(|(a, _)| a == address);
    let found = now.config.interfaces.iter().find(has)?;
    Some((found.name.clone(), found.mtu.unwrap_or(1500)))
}
