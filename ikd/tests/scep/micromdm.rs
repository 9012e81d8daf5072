//! micromdm's SCEP, which has no `pkiclient.exe`: our router enrols at its server, its client at our CA.

use std::process::{Child, Stdio};

use libtest_mimic::Failed;

use crate::Story;
use crate::authority::Authority;
use crate::command;
use crate::lab::{Lab, Said, eventually, same, says};
use crate::ours::Ours;

pub(crate) const STORIES: [Story<()>; 5] = [
    ("our router enrols at its server, and again", router_enrols),
    (
        "our router is refused without the challenge",
        router_is_refused,
    ),
    ("its client enrols at our CA and renews", client_enrols),
    (
        "its client is refused without the challenge",
        client_is_refused,
    ),
    ("its client is refused with DES", client_is_too_weak),
];

const SERVER: &str = "http://127.0.0.1:8081/scep";
const SECRET: &str = "s3cret";

/// Its server; ends with the story.
struct Server(Child);

impl Server {
    /// A CA in `depot` that grants whoever knows the challenge, as often as it likes.
    fn start(lab: &Lab) -> Result<Self, Failed> {
        let version = lab.run(command("scepserver", &["-version"]))?.text;
        println!("judged by scepserver {}", version.trim());
        lab.run(command("scepserver", &["ca", "-init", "-depot", "depot"]))?
            .well()?;
        lab.write("depot/index.txt", "")?;
        let arguments = ["-depot", "depot", "-port", "8081", "-allowrenew", "0"];
        let arguments = [&arguments[..], &["-challenge", SECRET]].concat();
        let mut server = lab.prepared(command("scepserver", &arguments));
        let log = std::fs::File::create(lab.path("scepserver.log"))?;
        let server = server.stdout(Stdio::null()).stderr(log).spawn()?;
        let listens = || says(&Self::log(lab), "msg=listening");
        let server = Self(server);
        eventually(listens)?;
        Ok(server)
    }

    fn log(lab: &Lab) -> String {
        std::fs::read_to_string(lab.path("scepserver.log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn trustpoint(password: &str) -> String {
    format!(
        "hostname R1\nip domain name lab\ncrypto pki trustpoint TP1\n enrollment url {SERVER}\n serial-number\n \
ip-address 192.168.0.1\n subject-name CN=R1,OU=IT,O=lab\n password {password}\n revocation-check none\n"
    )
}

/// P-020, P-022, P-024: without `pkiclient.exe` the path itself is asked; the second certificate
/// replaces the first.
fn router_enrols(_: &()) -> Result<(), Failed> {
    let lab = Lab::new()?;
    let _server = Server::start(&lab)?;
    let router = lab.router(&trustpoint(SECRET))?;
    router.done("crypto pki authenticate TP1 noconfirm")?;
    for serial in ["02", "03"] {
        let said = router.done("crypto pki enroll TP1 noconfirm")?;
        says(&said, "%PKI-6-CERTRET")?;
        let wanted = format!("Certificate Serial Number (hex): {serial}");
        // The engine, which shows it, hears of a change a moment after the store has it.
        eventually(|| says(&own_certificate(&router)?, &wanted))?;
    }
    Ok(())
}

/// The part of `show crypto pki certificates` that is not about a CA.
fn own_certificate(router: &Ours) -> Result<String, Failed> {
    let shown = router.done("show crypto pki certificates")?;
    let mut parts = shown.split("\n\n").map(str::trim_start);
    let own = parts.find(|part| part.starts_with("Certificate\n"));
    Ok(own.unwrap_or_default().to_owned())
}

/// T-87: the refusal is told, with what the CA said.
fn router_is_refused(_: &()) -> Result<(), Failed> {
    let lab = Lab::new()?;
    let _server = Server::start(&lab)?;
    let router = lab.router(&trustpoint("wrong"))?;
    router.done("crypto pki authenticate TP1 noconfirm")?;
    let (well, said) = router.exec("crypto pki enroll TP1 noconfirm")?;
    same(well, false)?;
    says(
        &said,
        "%PKI-6-CERTREJECT: Certificate enrollment request was rejected by Certificate Authority for Trustpoint TP1",
    )?;
    says(&said, "the CA answered badRequest")?;
    says(&Server::log(&lab), "invalid challenge")
}

/// Its client against our CA: `client.pem` is what it got.
fn client(lab: &Lab, url: &str, challenge: &str) -> Result<Said, Failed> {
    let version = lab.run(command("scepclient", &["-version"]))?.text;
    println!("judged by scepclient {}", version.trim());
    let url = format!("{url}/scep");
    let mut arguments = vec!["-private-key", "key.pem", "-certificate", "client.pem"];
    arguments.extend(["-server-url", &url, "-cn", "cha", "-organization", "lab"]);
    arguments.extend(["-challenge", challenge]);
    lab.run(command("scepclient", &arguments))
}

/// Our CA with a challenge. Its client encrypts with DES, whatever the CA says that it can: that has to
/// be allowed.
fn guarded(lab: &Lab) -> Result<Authority, Failed> {
    lab.write("challenge", SECRET)?;
    let file = lab.path("challenge").to_string_lossy().into_owned();
    lab.authority(&["--challenge-file", &file, "--allow-weak"])
}

/// RFC 8894 3.3.1: PKCSReq, then RenewalReq, which it sends when it has a certificate.
fn client_enrols(_: &()) -> Result<(), Failed> {
    let lab = Lab::new()?;
    let ca = guarded(&lab)?;
    client(&lab, &ca.url, SECRET)?.well()?;
    same(ca.certificates()?, vec!["valid".to_owned()])?;
    let first = std::fs::read(lab.path("client.pem"))?;
    client(&lab, &ca.url, SECRET)?.well()?;
    let second = std::fs::read(lab.path("client.pem"))?;
    same(ca.certificates()?, vec!["valid".to_owned(); 2])?;
    same(first == second, false)
}

fn client_is_refused(_: &()) -> Result<(), Failed> {
    let lab = Lab::new()?;
    let ca = guarded(&lab)?;
    client(&lab, &ca.url, "wrong")?.saying("badRequest")?;
    same(ca.certificates()?, vec![])?;
    same(lab.path("client.pem").exists(), false)
}

/// P-026: DES is refused where weak algorithms are not allowed.
fn client_is_too_weak(_: &()) -> Result<(), Failed> {
    let lab = Lab::new()?;
    let ca = lab.authority(&[])?;
    client(&lab, &ca.url, "")?.saying("badAlg")?;
    same(ca.certificates()?, vec![])
}
