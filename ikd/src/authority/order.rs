//! What an administrator tells a CA, as text: on the command line or over the socket of a CA that
//! serves.

use std::fmt::Write;

use data_encoding::HEXUPPER_PERMISSIVE;
use ike_pki::ca_server::{Issued, Request, RequestState};
use ike_pki::{IosTime, RevocationReason};
use serde::{Deserialize, Serialize};

use super::folder::Grant;
use super::{Authority, CaFailure};

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub(crate) enum Order {
    /// Requests and certificates.
    List {
        /// JSON in place of text.
        json: bool,
    },
    /// Grants pending requests.
    Grant {
        /// Which.
        which: String,
    },
    /// Refuses pending requests.
    Reject {
        /// Which.
        which: String,
    },
    /// Revokes certificates.
    Revoke {
        /// Serial number in hex, or a part of the subject.
        which: String,
        /// A name of RFC 5280 5.3.1.
        reason: Option<String>,
    },
    /// What happens to requests from now on.
    Policy {
        /// Which.
        grant: Grant,
    },
    /// How long what is issued from now on is valid.
    Validity {
        /// Seconds.
        seconds: i64,
    },
}

#[derive(Serialize)]
struct Listing {
    requests: Vec<RequestLine>,
    certificates: Vec<CertificateLine>,
}

#[derive(Serialize)]
struct RequestLine {
    id: u64,
    state: &'static str,
    subject: String,
    transaction: String,
    received: String,
}

#[derive(Serialize)]
struct CertificateLine {
    serial: String,
    state: &'static str,
    subject: String,
    not_after: String,
}

impl Authority {
    /// Carries an order out; the text says what was done.
    ///
    /// # Errors
    /// Nothing fits, or the CA refuses.
    pub(crate) fn obey(&mut self, order: &Order) -> Result<String, CaFailure> {
        let text = match order {
            Order::List { json } => return Ok(self.listing().shown(*json)),
            Order::Grant { which } => self.decide(which, true)?,
            Order::Reject { which } => self.decide(which, false)?,
            Order::Revoke { which, reason } => self.revoke(which, reason.as_deref())?,
            Order::Policy { grant } => {
                self.change(|settings| settings.grant = *grant)?;
                format!("requests from now on: {grant:?}").to_lowercase()
            }
            Order::Validity { seconds } => {
                self.change(|settings| settings.validity = *seconds)?;
                format!("certificates from now on: valid for {seconds} s")
            }
        };
        self.save()?;
        Ok(text)
    }

    fn listing(&self) -> Listing {
        let request = |r: &&Request| RequestLine {
            id: r.id,
            state: state(&r.state),
            subject: r.request.subject().to_string(),
            transaction: r.transaction.clone(),
            received: IosTime(r.received_at).to_string(),
        };
        let certificate = |i: &&Issued| CertificateLine {
            serial: i.certificate.serial_hex(),
            state: if i.revoked.is_some() {
                "revoked"
            } else {
                "valid"
            },
            subject: i.certificate.subject().to_string(),
            not_after: IosTime(i.certificate.not_after()).to_string(),
        };
        Listing {
            requests: self.server.requests().iter().map(request).collect(),
            certificates: self.server.issued().iter().map(certificate).collect(),
        }
    }

    /// `all`, a number, or a part of the subject.
    fn decide(&mut self, which: &str, grant: bool) -> Result<String, CaFailure> {
        let fits = |r: &&&Request| {
            which == "all"
                || r.id.to_string() == which
                || names(which, &r.request.subject().to_string())
        };
        let pending = self.server.pending();
        let ids: Vec<u64> = pending.iter().filter(fits).map(|r| r.id).collect();
        if ids.is_empty() {
            return Err(CaFailure::other(format!(
                "no pending request fits {which:?}; `list` shows them"
            )));
        }
        let mut text = String::new();
        for id in ids {
            if grant {
                let made = self
                    .server
                    .grant(id, (self.clock)())
                    .map_err(CaFailure::Server)?;
                let _ = writeln!(
                    text,
                    "request {id} granted: certificate {}",
                    made.serial_hex()
                );
            } else {
                self.server.reject(id).map_err(CaFailure::Server)?;
                let _ = writeln!(text, "request {id} rejected");
            }
        }
        Ok(text)
    }

    /// A serial number in hex, or a part of the subject; what is revoked already is passed over.
    fn revoke(&mut self, which: &str, reason: Option<&str>) -> Result<String, CaFailure> {
        let reason = reason.map(|name| {
            RevocationReason::named(name).ok_or_else(|| {
                CaFailure::other(format!(
                    "{name:?} is no reason; one of keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn"
                ))
            })
        });
        let reason = reason.transpose()?;
        let wanted = HEXUPPER_PERMISSIVE.decode(which.as_bytes()).ok();
        let fits = |i: &&&Issued| {
            let certificate = &i.certificate;
            let serial = wanted.as_deref() == Some(certificate.serial());
            i.revoked.is_none() && (serial || names(which, &certificate.subject().to_string()))
        };
        let issued = self.server.issued();
        let serials: Vec<Vec<u8>> = issued
            .iter()
            .filter(fits)
            .map(|i| i.certificate.serial().to_vec())
            .collect();
        if serials.is_empty() {
            return Err(CaFailure::other(format!(
                "no valid certificate fits {which:?}; `list` shows serial numbers and subjects"
            )));
        }
        let mut text = String::new();
        for serial in serials {
            self.server
                .revoke(&serial, (self.clock)(), reason)
                .map_err(CaFailure::Server)?;
            let _ = writeln!(
                text,
                "certificate {} revoked",
                data_encoding::HEXUPPER.encode(&serial)
            );
        }
        Ok(text)
    }
}

/// A part of a subject, in any case; a serial number is none.
fn names(which: &str, subject: &str) -> bool {
    which.contains(['=', '.']) && subject.to_lowercase().contains(&which.to_lowercase())
}

fn state(state: &RequestState) -> &'static str {
    match state {
        RequestState::Pending => "pending",
        RequestState::Granted(_) => "granted",
        RequestState::Rejected => "rejected",
        RequestState::Revoked(_) => "revoked",
    }
}

impl Listing {
    fn shown(&self, json: bool) -> String {
        if json {
            return serde_json::to_string_pretty(self).unwrap_or_default();
        }
        let mut text = String::from("requests\n");
        for r in &self.requests {
            let _ = writeln!(text, "  {:<4} {:<9} {}", r.id, r.state, r.subject);
        }
        text.push_str("certificates\n");
        for c in &self.certificates {
            let _ = writeln!(
                text,
                "  {:<4} {:<9} until {}  {}",
                c.serial, c.state, c.not_after, c.subject
            );
        }
        text
    }
}
