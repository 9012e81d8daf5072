//! `crypto pki enroll`: the dialogue of IOS (P-031), then the request.

use std::sync::Arc;

use ike_core::config::{Enrollment, RunningConfig, TrustpointConfig};
use ike_core::policy::enrolment::{self, Additions, Wish};
use zeroize::Zeroizing;

use super::request::Application;
use super::{Pki, PkiError, trustpoint};
use crate::control::Talk;

const CHALLENGE: &str = "% Create a challenge password. You will need to verbally provide this
   password to the CA Administrator in order to revoke your certificate.
   For security reasons your password will not be saved in the configuration.
   Please make a note of it.
";

/// What the dialogue comes to.
struct Agreed {
    wish: Wish,
    challenge: Zeroizing<String>,
}

impl Pki {
    pub(super) async fn enroll(
        self: &Arc<Self>,
        name: &str,
        confirm: bool,
        talk: &mut Talk,
    ) -> Result<String, PkiError> {
        let config = self.config();
        let tp = trustpoint(&config, name)?;
        self.may_enroll(tp).await?;
        self.warn_of_order(name, talk).await;
        let agreed = if confirm {
            self.dialogue(&config, tp, talk).await?
        } else {
            self.unasked(&config, tp)?
        };
        // O-084: an operator asked, no timer.
        (self.log)(&format!(
            "%PKI-6-CERT_ENROLL_MANUAL: Manual enrollment for trustpoint {name}"
        ));
        let application = Application {
            trustpoint: name.to_owned(),
            wish: agreed.wish,
            challenge: agreed.challenge,
            regenerate: false,
            renewal: false,
        };
        self.apply(&config, tp, application, talk).await
    }

    /// A CA must be there, and no request of this trustpoint under way.
    async fn may_enroll(&self, tp: &TrustpointConfig) -> Result<(), PkiError> {
        let keystore = self.keystore.lock().await;
        let own = matches!(tp.enrollment, Some(Enrollment::SelfSigned));
        if keystore.store.ca(&tp.name).is_none() && !own {
            return Err(PkiError::new(
                "% You must authenticate the Certificate Authority before you can enroll with it.",
            ));
        }
        if keystore.store.pending(&tp.name).is_some() {
            return Err(PkiError::new(format!(
                "% A certificate request of trustpoint {} is pending already; `show crypto pki certificates` shows it, `no crypto pki trustpoint` ends it.",
                tp.name
            )));
        }
        Ok(())
    }

    /// P-003: a new certificate is the newest, and the order of the list is what peers go by (S-030).
    async fn warn_of_order(&self, name: &str, talk: &Talk) {
        let change = self.keystore.lock().await.store.would_change_certreq(name);
        if let Some((before, after)) = change {
            tell_order(talk, &before, &after).await;
        }
    }

    /// P-033: the configuration says everything.
    fn unasked(&self, config: &RunningConfig, tp: &TrustpointConfig) -> Result<Agreed, PkiError> {
        Ok(Agreed {
            wish: self.wish(config, tp, &Additions::default())?,
            challenge: configured_password(tp).unwrap_or_default(),
        })
    }

    async fn dialogue(
        &self,
        config: &RunningConfig,
        tp: &TrustpointConfig,
        talk: &mut Talk,
    ) -> Result<Agreed, PkiError> {
        self.again(tp, talk).await?;
        talk.say("%").await;
        talk.say("% Start certificate enrollment .. ").await;
        let challenge = challenge(tp, talk).await?;
        let typed = tp.subject_name.clone().unwrap_or_default();
        talk.say(format!(
            "\n% The subject name in the certificate will include: {typed}"
        ))
        .await;
        if let Some(fqdn) = enrolment::fqdn(config, tp) {
            talk.say(format!(
                "% The subject name in the certificate will include: {fqdn}"
            ))
            .await;
        }
        let additions = self.additions(config, tp, talk).await?;
        if !talk
            .confirm("Request certificate from CA? [yes/no]: ", None)
            .await?
        {
            return Err(PkiError::new("% Enrollment cancelled: nothing was sent."));
        }
        let wish = self.wish(config, tp, &additions)?;
        Ok(Agreed { wish, challenge })
    }

    /// A trustpoint that has a certificate already is enrolled again only on purpose.
    async fn again(&self, tp: &TrustpointConfig, talk: &mut Talk) -> Result<(), PkiError> {
        let enrolled = self
            .keystore
            .lock()
            .await
            .store
            .identity(&tp.name)
            .is_some();
        if !enrolled {
            return Ok(());
        }
        talk.say(format!(
            "% You already have a certificate of trustpoint {}. The new one replaces it.",
            tp.name
        ))
        .await;
        let again = "Do you want to continue with re-enrollment? [yes/no]: ";
        match talk.confirm(again, None).await? {
            true => Ok(()),
            false => Err(PkiError::new("% Enrollment cancelled: nothing was sent.")),
        }
    }

    async fn additions(
        &self,
        config: &RunningConfig,
        tp: &TrustpointConfig,
        talk: &mut Talk,
    ) -> Result<Additions, PkiError> {
        let mut additions = Additions::default();
        if tp.serial_number {
            talk.say(format!(
                "% The serial number in the certificate will be: {}",
                self.device.serial
            ))
            .await;
        } else {
            let ask = "% Include the router serial number in the subject name? [yes/no]: ";
            additions.serial_number = talk.confirm(ask, None).await?;
        }
        match &tp.ip_address {
            Some(None) => {}
            Some(Some(which)) => {
                for address in config.resolve(which).into_iter().take(1) {
                    talk.say(format!("% The IP address in the certificate is {address}"))
                        .await;
                }
            }
            None => {
                let ask = "% Include an IP address in the subject name? [no]: ";
                if talk.confirm(ask, Some(false)).await? {
                    additions.address = Some(address(config, talk).await?);
                }
            }
        }
        Ok(additions)
    }

    pub(super) fn wish(
        &self,
        config: &RunningConfig,
        tp: &TrustpointConfig,
        additions: &Additions,
    ) -> Result<Wish, PkiError> {
        enrolment::wish(config, tp, &self.device.serial, additions)
            .map_err(|e| PkiError::new(format!("% subject-name of trustpoint {}: {e}", tp.name)))
    }
}

/// P-003: what an operator hears before or when the order of certificate requests changes.
pub(super) async fn tell_order(talk: &Talk, before: &[String], after: &[String]) {
    talk.say(format!(
        "% Warning: the new certificate is the newest, and certificate requests name the CAs in another order.\n%   before: {}\n%   after:  {}",
        before.join(" | "),
        after.join(" | ")
    ))
    .await;
}

/// `password` of the trustpoint.
pub(super) fn configured_password(tp: &TrustpointConfig) -> Option<Zeroizing<String>> {
    tp.password.as_ref().map(|p| Zeroizing::new(p.0.clone()))
}

/// `password` of the trustpoint; without it, it is asked for twice.
async fn challenge(tp: &TrustpointConfig, talk: &mut Talk) -> Result<Zeroizing<String>, PkiError> {
    if let Some(password) = configured_password(tp) {
        return Ok(password);
    }
    talk.say(CHALLENGE).await;
    for _ in 0..3 {
        let password = talk.ask_secret("Password: ").await?;
        if *talk.ask_secret("Re-enter password: ").await? == *password {
            return Ok(password);
        }
        talk.say("% Passwords do not match. Try again.").await;
    }
    Err(PkiError::new("% Passwords do not match: nothing was sent."))
}

/// An address, or the interface that has one.
async fn address(config: &RunningConfig, talk: &mut Talk) -> Result<std::net::IpAddr, PkiError> {
    let word = talk.ask("Enter Interface name or IP Address[]: ").await?;
    let of_interface = || {
        let interfaces = config.interfaces.iter();
        let mut named = interfaces.filter(|i| i.name.eq_ignore_ascii_case(&word));
        named.next()?.addresses().next().map(|(address, _)| address)
    };
    word.parse().ok().or_else(of_interface).ok_or_else(|| {
        PkiError::new(format!(
            "% {} is neither an address nor an interface with one.",
            ike_core::trace::escaped(&word)
        ))
    })
}
