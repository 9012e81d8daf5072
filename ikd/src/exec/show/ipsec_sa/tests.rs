//! Stories of `show crypto ipsec sa`.

use crate::exec::fixture::{R1, child, child_of_ikev2, json, shown, traffic};

const UP: &str = "interface: Tunnel1
    Crypto map tag: Tunnel1-head-0, local addr 192.168.0.1

   protected vrf: (none)
   local  ident (addr/mask/prot/port): (192.168.0.1/255.255.255.255/47/0)
   remote ident (addr/mask/prot/port): (192.168.0.2/255.255.255.255/47/0)
   current_peer 192.168.0.2 port 500
     PERMIT, flags={origin_is_acl,}
    #pkts encaps: 5, #pkts encrypt: 5, #pkts digest: 5
    #pkts decaps: 4, #pkts decrypt: 4, #pkts verify: 4
    #pkts compressed: 0, #pkts decompressed: 0
    #pkts not compressed: 0, #pkts compr. failed: 0
    #pkts not decompressed: 0, #pkts decompress failed: 0
    #send errors 1, #recv errors 2

     local crypto endpt.: 192.168.0.1, remote crypto endpt.: 192.168.0.2
     path mtu 1500, ip mtu 1500, ip mtu idb Ethernet0/0
     current outbound spi: 0x24C6C5A2(617006498)
     PFS (Y/N): N, DH group: none

     inbound esp sas:
      spi: 0x6C0F3A3D(1812937277)
        transform: esp-aes esp-sha256-hmac ,
        in use settings ={Tunnel, }
        conn id: 1, flow_id: SW:1, sibling_flags 80000048, crypto map: Tunnel1-head-0
        sa timing: remaining key lifetime (k/sec): (4607999/3599)
        IV size: 16 bytes
        replay detection support: Y
        Status: ACTIVE

     inbound ah sas:

     inbound pcp sas:

     outbound esp sas:
      spi: 0x24C6C5A2(617006498)
        transform: esp-aes esp-sha256-hmac ,
        in use settings ={Tunnel, }
        conn id: 2, flow_id: SW:2, sibling_flags 80000048, crypto map: Tunnel1-head-0
        sa timing: remaining key lifetime (k/sec): (4608000/3599)
        IV size: 16 bytes
        replay detection support: Y
        Status: ACTIVE

     outbound ah sas:

     outbound pcp sas:
";

/// O-060 in full, with packet counters and the volume left of the data plane.
#[test]
fn a_tunnel_that_carries_traffic() {
    let world = R1::new();
    let mut now = world.snapshot();
    now.children = vec![child()];
    now.traffic = Some(traffic());
    assert_eq!(shown("show crypto ipsec sa", &now), UP);
}

/// O-060: `detail` names the reasons, what fits, and the window.
#[test]
fn the_detailed_page_says_why_packets_were_dropped() {
    let world = R1::new();
    let mut now = world.snapshot();
    now.children = vec![child()];
    now.traffic = Some(traffic());
    let text = shown("show crypto ipsec sa detail", &now);
    for line in [
        "    #pkts no sa (send) 1, #pkts invalid sa (rcv) 3\n",
        "    ##pkts replay failed (rcv): 2\n",
        // 1500 less IP, ESP header, IV, ICV and trailer, in whole blocks.
        "     plaintext mtu 1438, path mtu 1500, ip mtu 1500, ip mtu idb Ethernet0/0\n",
        "        replay detection support: Y  replay window size: 64\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("#send errors"), "{text}");
}

/// O-060: a flow without SAs shows too, with SPI 0; a half-open pair has no outbound SA.
#[test]
fn flows_without_sas_show_with_spi_0() {
    let world = R1::new();
    let mut now = world.snapshot();
    let text = shown("show crypto ipsec sa", &now);
    assert!(
        text.contains("     current outbound spi: 0x0(0)\n"),
        "{text}"
    );
    assert!(
        text.contains("     inbound esp sas:\n\n     inbound ah sas:\n"),
        "{text}"
    );
    now.children = vec![child()];
    now.children[0].complete = false;
    let value = json("show crypto ipsec sa", &now);
    let flow = &value["interfaces"][0]["flows"][0];
    assert_eq!(flow["outbound_spi"], 0);
    assert_eq!(flow["inbound"].as_array().map(Vec::len), Some(1));
    assert_eq!(flow["outbound"].as_array().map(Vec::len), Some(0));
}

/// After a rekey both pairs show; traffic leaves through the newer one.
#[test]
fn the_newer_pair_sends() {
    let world = R1::new();
    let mut now = world.snapshot();
    now.children = vec![child(), child()];
    now.children[0].replaced = true;
    now.children[1].spi_out = 0x1234;
    now.children[1].pfs = Some(2);
    let text = shown("show crypto ipsec sa", &now);
    assert!(
        text.contains(
            "     current outbound spi: 0x1234(4660)\n     PFS (Y/N): Y, DH group: group2\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("        conn id: 4, flow_id: SW:4,"),
        "{text}"
    );
}

/// O-060: pairs of IKEv2 look like those of IKEv1; one with narrower selectors is a flow of its own.
#[test]
fn pairs_of_ikev2_show_with_what_was_agreed() {
    let world = R1::new();
    let mut now = world.snapshot();
    now.children = vec![child_of_ikev2(), child_of_ikev2()];
    now.children[1].local_selector = "192.168.0.1/255.255.255.255/47/7".into();
    now.children[1].spi_out = 0x1234;
    let text = shown("show crypto ipsec sa", &now);
    assert!(text.contains("        transform: esp-3des esp-sha-hmac ,\n        in use settings ={Tunnel, }\n        conn id: 1, flow_id: SW:1,"), "{text}");
    assert!(text.contains("        IV size: 8 bytes\n"), "{text}");
    let narrow = "   local  ident (addr/mask/prot/port): (192.168.0.1/255.255.255.255/47/7)\n";
    let (first, second) = text.split_once(narrow).unwrap();
    assert!(
        first.contains("current outbound spi: 0x24C6C5A2"),
        "{first}"
    );
    assert!(
        second.contains("current outbound spi: 0x1234(4660)"),
        "{second}"
    );
    assert!(second.contains("conn id: 3, flow_id: SW:3,"), "{second}");
    let value = json("show crypto ipsec sa", &now);
    assert_eq!(
        value["interfaces"][0]["flows"].as_array().map(Vec::len),
        Some(2)
    );
}
