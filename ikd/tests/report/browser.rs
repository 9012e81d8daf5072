//! Debian's chromium without a screen, spoken to over a pipe (DevTools protocol, `--remote-debugging-pipe`).

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// A page in a browser. Dropping it ends the browser.
pub(crate) struct Browser {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Option<String>,
    next: u64,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Whether there is one; without it the test says so, and fails where nothing may be skipped.
    pub(crate) fn there() -> bool {
        let tried = Command::new("chromium").arg("--version").output();
        if tried.is_ok_and(|output| output.status.success()) {
            return true;
        }
        assert!(
            std::env::var_os("IKD_REQUIRE_ALL").is_none(),
            "chromium is not there; run testnet/test.sh"
        );
        eprintln!("skipped: chromium is not there; testnet/test.sh installs it");
        false
    }

    /// A browser of that size that has opened a file, without a network.
    pub(crate) fn open(page: &Path, width: u32, height: u32) -> Self {
        let profile = tempfile::tempdir().unwrap();
        // The pipe is on descriptors 3 and 4. A sandbox needs what a container may not give.
        let line = "exec chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
                    --remote-debugging-pipe --user-data-dir=\"$0\" about:blank 3<&0 4>&1 </dev/null >/dev/null 2>&1";
        let mut process = Command::new("sh")
            .args(["-c", line])
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut browser = Self {
            to: process.stdin.take().unwrap(),
            from: BufReader::new(process.stdout.take().unwrap()),
            process,
            session: None,
            next: 1,
            _profile: profile,
        };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.ask("Target.attachToTarget", target);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        browser.ask(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 }),
        );
        browser.ask("Network.enable", json!({}));
        browser.ask(
            "Network.emulateNetworkConditions",
            json!({ "offline": true, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0 }),
        );
        browser.ask("Page.enable", json!({}));
        browser.ask(
            "Page.navigate",
            json!({ "url": format!("file://{}", page.display()) }),
        );
        while browser.value("document.readyState") != "complete" {}
        browser
    }

    /// The colours that the reader prefers.
    pub(crate) fn prefer(&mut self, scheme: &str) {
        let feature = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask("Emulation.setEmulatedMedia", json!({ "features": feature }));
    }

    /// What an expression gives.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true });
        self.ask("Runtime.evaluate", asked)["result"]["value"].clone()
    }

    /// What stands in the first element of that selector.
    pub(crate) fn text(&mut self, selector: &str) -> String {
        let found = self.value(&format!("document.querySelector({selector:?}).innerText"));
        found.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks where the first element of that selector is, as a reader does.
    pub(crate) fn click(&mut self, selector: &str) {
        let place = self.value(&format!(
            "(() => {{ const e = document.querySelector({selector:?}); e.scrollIntoView({{ block: 'center' }}); \
             const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            self.ask(
                "Input.dispatchMouseEvent",
                json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 }),
            );
        }
    }

    /// Keeps what is to be seen.
    pub(crate) fn screenshot(&mut self, path: &Path) {
        let shot = self.ask("Page.captureScreenshot", json!({ "format": "png" }));
        let text = shot["data"].as_str().unwrap();
        let octets = data_encoding::BASE64.decode(text.as_bytes()).unwrap();
        assert!(octets.starts_with(b"\x89PNG"), "no picture");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, octets).unwrap();
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let number = self.next;
        self.next += 1;
        let mut question = json!({ "id": number, "method": method, "params": params });
        if let Some(session) = &self.session {
            question["sessionId"] = session.clone().into();
        }
        let mut octets = serde_json::to_vec(&question).unwrap();
        octets.push(0);
        self.to.write_all(&octets).unwrap();
        loop {
            let mut answer = Vec::new();
            self.from.read_until(0, &mut answer).unwrap();
            assert!(!answer.is_empty(), "the browser has ended");
            answer.pop();
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            if answer["id"] == number {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
