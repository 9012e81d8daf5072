//! The seed's transcripts, line for line where it prints them. The seed's page wraps long
//! lines; here they stand unwrapped. Numbers that change from run to run are those of this run.

#![allow(clippy::unwrap_used)]

mod support;

use support::{WALL, seed_routers};

/// The lines come in this order, other lines may stand between them (the seed cuts them out).
fn assert_in_order(traces: &[String], expected: &[&str]) {
    let lines: Vec<&str> = traces.iter().flat_map(|t| t.lines()).collect();
    let mut from = 0;
    for wanted in expected {
        match lines[from..]
            .iter()
            .position(|line| line.trim_end() == *wanted)
        {
            Some(at) => from += at + 1,
            None => panic!("missing after line {from}: {wanted}\n{}", lines.join("\n")),
        }
    }
}

fn joined(template: &str, connection: u32) -> Vec<String> {
    template
        .lines()
        .filter(|l| !l.trim().is_empty())
        .map(|l| l.replace("NNNN", &connection.to_string()))
        .collect()
}

fn check(traces: &[String], template: &str) {
    let expected = joined(template, 1001);
    assert_in_order(
        traces,
        &expected.iter().map(String::as_str).collect::<Vec<_>>(),
    );
}

/// Section "R1 as IKEv1 initiator".
#[test]
fn r1_initiates_prints_the_seeds_lines() {
    let sim = seed_routers().negotiate(0);
    assert!(sim.now().wall >= WALL);
    check(
        &sim.node(0).traces,
        "\
ISAKMP:(0): SA request profile is prof1
ISAKMP (0): constructing CERT_REQ for issuer cn=CA1,o=cisco,o=com
ISAKMP:(0): sending packet to 192.168.0.2 my_port 500 peer_port 500 (I) MM_SA_SETUP
ISAKMP:(0):Old State = IKE_I_MM2 New State = IKE_I_MM3
ISAKMP:(NNNN): processing CERT_REQ payload. message ID = 0
ISAKMP:(NNNN): peer wants a CT_X509_SIGNATURE cert
ISAKMP:(NNNN): peer wants cert issued by cn=CA1,o=cisco,o=com
ISAKMP: Examining profile list for trustpoint IOSCA1
ISAKMP: Found matching profile for IOSCA1
Choosing trustpoint IOSCA1 as issuer
ISAKMP:(NNNN): processing CERT_REQ payload. message ID = 0
ISAKMP:(NNNN): peer wants a CT_X509_SIGNATURE cert
ISAKMP:(NNNN): peer wants cert issued by cn=CA2,o=cisco,o=com
ISAKMP:(NNNN): peer wants cert issued by ou=Class 3 Public Primary Certification Authority,o=VeriSign, Inc.,c=US
ISAKMP:(NNNN): peer wants cert issued by cn=Cisco SSCA2,o=Cisco Systems
ISAKMP:(NNNN): peer wants cert issued by cn=Cisco Manufacturing CA,o=Cisco Systems
ISAKMP:(NNNN): peer wants cert issued by cn=Cisco Root CA 2048,o=Cisco Systems
ISAKMP:(NNNN): processing CERT_REQ payload. message ID = 0
ISAKMP:(NNNN): peer wants a CT_X509_SIGNATURE cert
ISAKMP:(NNNN): peer wants cert issued by cn=Cisco Root CA M1,o=Cisco
ISAKMP (NNNN): constructing CERT payload for serialNumber=100+ipaddress=192.168.0.1+hostname=R1.cisco.com,cn=R1,ou=IT,o=cisco,o=com
ISAKMP:(NNNN): using the IOSCA1 trustpoint's keypair to sign
ISAKMP (NNNN): received packet from 192.168.0.2 dport 500 sport 500 Global (I) MM_KEY_EXCH
ISAKMP:(NNNN): processing ID payload. message ID = 0
ISAKMP (NNNN): ID payload
  next-payload : 6
  type          : 2
  FQDN name     : R2.cisco.com
  protocol      : 17
  port          : 500
  length        : 20
ISAKMP:(0): Creating CERT validation list: IOSCA1,
CRYPTO_PKI: (803E9) Certificate validation succeeded
ISAKMP:(NNNN):SA authentication status:
        authenticated
ISAKMP:(NNNN):Old State = IKE_I_MM6 New State = IKE_P1_COMPLETE",
    );
    check(
        &sim.node(1).traces,
        "\
ISAKMP:(NNNN): peer wants a CT_X509_SIGNATURE cert
ISAKMP:(NNNN): peer wants cert issued by cn=CA1,o=cisco,o=com
Choosing trustpoint IOSCA1 as issuer
ISAKMP (NNNN): constructing CERT_REQ for issuer cn=CA1,o=cisco,o=com
ISAKMP (NNNN): constructing CERT_REQ for issuer cn=CA2,o=cisco,o=com
ISAKMP (NNNN): constructing CERT_REQ for issuer ou=Class 3 Public Primary Certification Authority,o=VeriSign, Inc.,c=US
ISAKMP (NNNN): constructing CERT_REQ for issuer cn=Cisco SSCA2,o=Cisco Systems
ISAKMP (NNNN): constructing CERT_REQ for issuer cn=Cisco Manufacturing CA,o=Cisco Systems
ISAKMP (NNNN): constructing CERT_REQ for issuer cn=Cisco Root CA 2048,o=Cisco Systems
ISAKMP (NNNN): constructing CERT_REQ for issuer cn=Cisco Root CA M1,o=Cisco
ISAKMP:(NNNN): sending packet to 192.168.0.1 my_port 500 peer_port 500 (R) MM_KEY_EXCH
ISAKMP:(NNNN):Sending an IKE IPv4 Packet.
ISAKMP:(NNNN):Input = IKE_MSG_INTERNAL, IKE_PROCESS_COMPLETE
ISAKMP:(NNNN):Old State = IKE_R_MM3 New State = IKE_R_MM4
ISAKMP:(NNNN): processing ID payload. message ID = 0
ISAKMP (NNNN): ID payload
  next-payload : 6
  type          : 2
  FQDN name     : R1.cisco.com
  protocol      : 17
  port          : 500
  length        : 20
ISAKMP:(0):: peer matches prof1 profile
CRYPTO_PKI: (803E9) Certificate validation succeeded
ISAKMP:(NNNN):SA authentication status:
        authenticated
ISAKMP (NNNN): constructing CERT payload for serialNumber=101+ipaddress=192.168.0.2+hostname=R2.cisco.com,cn=R2,ou=IT,o=cisco,o=com
ISAKMP:(NNNN): using the IOSCA1 trustpoint's keypair to sign
ISAKMP:(NNNN): sending packet to 192.168.0.1 my_port 500 peer_port 500 (R) MM_KEY_EXCH",
    );
}

/// Section "R2 as IKEv1 initiator": what both routers print up to the refusal.
#[test]
fn r2_initiates_prints_the_seeds_lines() {
    let sim = seed_routers().negotiate(1);
    check(
        &sim.node(1).traces,
        "\
ISAKMP (0): constructing CERT_REQ for issuer cn=CA1,o=cisco,o=com
ISAKMP (0): constructing CERT_REQ for issuer cn=CA2,o=cisco,o=com
ISAKMP (0): constructing CERT_REQ for issuer cn=Cisco Root CA M1,o=Cisco
ISAKMP:(NNNN): peer wants cert issued by cn=CA2,o=cisco,o=com
Choosing trustpoint IOSCA2 as issuer
ISAKMP:(NNNN): peer wants cert issued by cn=CA1,o=cisco,o=com
ISAKMP:(NNNN):SA is doing RSA signature authentication using id type ID_FQDN
ISAKMP (NNNN): ID payload
  next-payload : 6
  type          : 2
  FQDN name     : R2.cisco.com
  protocol      : 17
  port          : 500
  length        : 20
ISAKMP:(NNNN):Total payload length: 20
ISAKMP:(NNNN): IKE->PKI Get CertificateChain to be sent to peer state (I) MM_KEY_EXCH (peer 192.168.0.1)
ISAKMP:(NNNN): PKI->IKE Got CertificateChain to be sent to peer state (I) MM_KEY_EXCH (peer 192.168.0.1)
ISAKMP (NNNN): constructing CERT payload for serialNumber=101+ipaddress=192.168.0.2+hostname=R2.cisco.com,cn=R2,ou=IT,o=cisco,o=com
ISAKMP:(NNNN): using the IOSCA2 trustpoint's keypair to sign
ISAKMP:(NNNN): sending packet to 192.168.0.1 my_port 500 peer_port 500 (I) MM_KEY_EXCH
ISAKMP:(NNNN):Sending an IKE IPv4 Packet.",
    );
    check(
        &sim.node(0).traces,
        "\
ISAKMP:(NNNN): peer wants cert issued by cn=CA1,o=cisco,o=com
Choosing trustpoint IOSCA1 as issuer
ISAKMP:(NNNN): peer wants cert issued by cn=CA2,o=cisco,o=com
ISAKMP (NNNN): constructing CERT_REQ for issuer cn=CA2,o=cisco,o=com
ISAKMP (NNNN): constructing CERT_REQ for issuer cn=CA1,o=cisco,o=com
ISAKMP:(NNNN): sending packet to 192.168.0.2 my_port 500 peer_port 500 (R) MM_KEY_EXCH
ISAKMP (NNNN): received packet from 192.168.0.2 dport 500 sport 500 Global (R) MM_KEY_EXCH
ISAKMP:(NNNN):Input = IKE_MSG_FROM_PEER, IKE_MM_EXCH
ISAKMP:(NNNN):Old State = IKE_R_MM4 New State = IKE_R_MM5
ISAKMP:(NNNN): processing ID payload. message ID = 0
ISAKMP (NNNN): ID payload
  next-payload : 6
  type          : 2
  FQDN name     : R2.cisco.com
ISAKMP:(0):: peer matches prof1 profile
ISAKMP:(NNNN): processing CERT payload. message ID = 0
ISAKMP:(NNNN): processing a CT_X509_SIGNATURE cert
ISAKMP:(NNNN): IKE->PKI Add peer's certificate state (R) MM_KEY_EXCH (peer 192.168.0.2)
CRYPTO_PKI: (803E9) Adding peer certificate
ISAKMP:(NNNN): PKI->IKE Added peer's certificate state (R) MM_KEY_EXCH (peer 192.168.0.2)
ISAKMP:(NNNN): IKE->PKI Get PeerCertificateChain state (R) MM_KEY_EXCH (peer 192.168.0.2)
ISAKMP:(NNNN): PKI->IKE Got PeerCertificateChain state (R) MM_KEY_EXCH (peer 192.168.0.2)
ISAKMP:(NNNN): peer's pubkey isn't cached
ISAKMP:(NNNN):Profile has no keyring, aborting key search
ISAKMP:(0): Creating CERT validation list: IOSCA1,
ISAKMP:(NNNN): IKE->PKI Validate certificate chain state (R) MM_KEY_EXCH (peer 192.168.0.2)
CRYPTO_PKI:ip-ext-val:IP extension validation not required
CRYPTO_PKI: (803E9) Check for identical certs
CRYPTO_PKI: (803E9) Create a list of suitable trustpoints
CRYPTO_PKI: (803E9) No suitable trustpoints found
ISAKMP:(NNNN): PKI->IKE Validate certificate chain state (R) MM_KEY_EXCH (peer 192.168.0.2)
%CRYPTO-5-IKMP_INVALID_CERT: Certificate received from 192.168.0.2 is bad: unknown error returned in certificate validation
ISAKMP:(NNNN): Unknown error in cert validation, -1",
    );
}
