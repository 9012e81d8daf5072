//! The five CAs every IOS 15.3T trusts out of the box, in the fixed order of
//! their certificate requests (S-013, W-023).

use crate::name::Name;

/// How many there are.
pub const PREDEFINED: usize = 5;

/// Names as IOS prints them, in order.
const NAMES: [&str; PREDEFINED] = [
    r"ou=Class 3 Public Primary Certification Authority,o=VeriSign\, Inc.,c=US",
    "cn=Cisco SSCA2,o=Cisco Systems",
    "cn=Cisco Manufacturing CA,o=Cisco Systems",
    "cn=Cisco Root CA 2048,o=Cisco Systems",
    "cn=Cisco Root CA M1,o=Cisco",
];

/// The names of the five predefined CAs in the order of S-013.
pub fn predefined() -> Vec<Name> {
    // The texts are constants that a test reads; none can fail.
    NAMES
        .iter()
        .filter_map(|text| Name::from_subject_name(text).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DER: [&str; PREDEFINED] = [
        "305f310b300906035504061302555331173015060355040a130e566572695369676e2c20496e632e31373035060355040b132e436c6173732033205075626c6963205072696d6172792043657274696669636174696f6e20417574686f72697479",
        "302e31163014060355040a130d436973636f2053797374656d73311430120603550403130b436973636f205353434132",
        "303931163014060355040a130d436973636f2053797374656d73311f301d06035504031316436973636f204d616e75666163747572696e67204341",
        "303531163014060355040a130d436973636f2053797374656d73311b301906035504031312436973636f20526f6f742043412032303438",
        "302b310e300c060355040a1305436973636f3119301706035504031310436973636f20526f6f74204341204d31",
    ];

    /// W-023, and W-002: the five CERT_REQ payloads are 329 octets long.
    #[test]
    fn the_five_have_the_der_of_w_023_in_order() {
        let names = predefined();
        let hex = |name: &Name| {
            name.der()
                .iter()
                .map(|o| format!("{o:02x}"))
                .collect::<String>()
        };
        assert_eq!(names.iter().map(hex).collect::<Vec<_>>(), DER);
        assert_eq!(
            names.iter().map(|name| 5 + name.der().len()).sum::<usize>(),
            431 - 102
        );
        assert!(names[0].to_string().contains("o=VeriSign, Inc.,c=US"));
    }
}
