//! The messages of IKEv2 as the routers' own debug told them: what was sent, with its payloads as
//! IOS prints them (S-070 to S-073).

use std::net::IpAddr;

use super::case::Case;

/// A message that a router sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    /// `IKE_SA_INIT` and the like.
    pub exchange: String,
    /// A response.
    pub response: bool,
    /// Payloads; those of an encrypted message before it was encrypted.
    pub payloads: String,
    /// Whom it was for.
    pub to: Option<IpAddr>,
}

/// How a message that is about to be encrypted is told.
const BUILDING: &str = "Building packet for encryption.";
/// How a message that goes out is told.
const SENDING: &str = "Sending Packet [To ";
/// The line before a list of payloads.
const CONTENTS: &str = "Payload contents:";
/// What the list of an encrypted message says.
const ENCRYPTED: &str = "ENCR";

/// Every message that a log tells as sent, in order; repetitions of the same octets are not told.
pub(super) fn sent(log: &str) -> Vec<Packet> {
    let mut out = Vec::new();
    let mut inside = String::new();
    let mut lines = log.lines();
    while let Some(line) = lines.next() {
        if line.contains(BUILDING) {
            inside = payloads(&mut lines);
        }
        let Some((_, to)) = line.split_once(SENDING) else {
            continue;
        };
        let exchange = lines.find_map(exchange);
        let clear = payloads(&mut lines);
        out.extend(exchange.map(|(exchange, response)| Packet {
            exchange,
            response,
            payloads: if clear == ENCRYPTED {
                std::mem::take(&mut inside)
            } else {
                clear
            },
            to: address(to),
        }));
    }
    out
}

/// The list below the next `Payload contents:`.
fn payloads<'a>(lines: &mut impl Iterator<Item = &'a str>) -> String {
    let found = lines.find(|line| line.starts_with(CONTENTS));
    let list = found.and_then(|_| lines.next());
    list.unwrap_or_default().trim().to_owned()
}

/// `IKEv2 IKE_AUTH Exchange REQUEST`.
fn exchange(line: &str) -> Option<(String, bool)> {
    let (name, kind) = line.strip_prefix("IKEv2 ")?.split_once(" Exchange ")?;
    Some((name.to_owned(), kind.trim() == "RESPONSE"))
}

/// `192.168.0.2:500/From ...`.
fn address(text: &str) -> Option<IpAddr> {
    let (endpoint, _) = text.split_once("/From")?;
    let (address, _) = endpoint.rsplit_once(':')?;
    address.trim_matches(['[', ']']).parse().ok()
}

/// What the two routers of a case said to each other in one exchange: the initiator's requests and
/// the responder's responses by turns.
pub(super) fn conversation(case: &Case, sent: &[Vec<Packet>; 2], exchange: &str) -> Vec<String> {
    let stranger = super::strangers::address(case);
    let of = |router: usize, response: bool| {
        let told = sent[router].iter();
        told.filter(move |p| p.exchange == exchange && p.response == response)
            .filter(move |p| stranger.is_none() || p.to != stranger)
            .map(|p| p.payloads.clone())
    };
    let mut responses = of(1 - case.initiator, true);
    of(case.initiator, false)
        .flat_map(|request| std::iter::once(request).chain(responses.next()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "*Jul 17 17:40:43.183: IKEv2:(SA ID = 1):Sending Packet [To 192.168.0.2:500/From 192.168.0.1:500/VRF i0:f0] 
Initiator SPI : 1 - Responder SPI : 0 Message id: 0 
IKEv2 IKE_SA_INIT Exchange REQUEST 
Payload contents: 
 SA KE N
*Jul 17 17:40:43.190: IKEv2:(SA ID = 1):Received Packet [From 192.168.0.2:500/To 192.168.0.1:500/VRF i0:f0] 
Initiator SPI : 1 - Responder SPI : 2 Message id: 0 
IKEv2 IKE_SA_INIT Exchange RESPONSE 
Payload contents: 
 SA KE N CERTREQ
*Jul 17 17:40:43.200: IKEv2:(SA ID = 1):Building packet for encryption. 
Payload contents: 
 VID IDi AUTH
*Jul 17 17:40:43.200: IKEv2:(SA ID = 1):Sending Packet [To [2001:db8::2]:4500/From [2001:db8::1]:4500/VRF i0:f0] 
Initiator SPI : 1 - Responder SPI : 2 Message id: 1 
IKEv2 IKE_AUTH Exchange REQUEST 
Payload contents: 
 ENCR
";

    /// What was received is not what was sent; an encrypted message has what went into it.
    #[test]
    fn a_log_tells_what_was_sent() {
        let packets = sent(LOG);
        let told: Vec<(&str, bool, &str)> = packets
            .iter()
            .map(|p| (p.exchange.as_str(), p.response, p.payloads.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("IKE_SA_INIT", false, "SA KE N"),
                ("IKE_AUTH", false, "VID IDi AUTH")
            ]
        );
        assert_eq!(packets[0].to, Some([192, 168, 0, 2].into()));
        assert_eq!(packets[1].to, "2001:db8::2".parse().ok());
    }

    /// Requests and responses stand by turns; what a stranger was answered does not count.
    #[test]
    fn a_conversation_is_that_of_the_two_routers() {
        let mut case = Case::embedded("t-50").unwrap();
        case.half_open = 1;
        let packet = |response, payloads: &str, to: [u8; 4]| Packet {
            exchange: "IKE_SA_INIT".into(),
            response,
            payloads: payloads.into(),
            to: Some(to.into()),
        };
        let r1 = vec![
            packet(false, "a", [192, 168, 0, 2]),
            packet(false, "c", [192, 168, 0, 2]),
        ];
        let r2 = vec![
            packet(true, "x", [192, 168, 0, 254]),
            packet(true, "b", [192, 168, 0, 1]),
            packet(true, "d", [192, 168, 0, 1]),
        ];
        let sent = [r1, r2];
        assert_eq!(
            conversation(&case, &sent, "IKE_SA_INIT"),
            ["a", "b", "c", "d"]
        );
        assert_eq!(conversation(&case, &sent, "IKE_AUTH"), Vec::<String>::new());
    }
}
