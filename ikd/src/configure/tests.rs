//! Dialogues with a daemon that answers by a channel.

use super::*;
use ike_core::config::parse;
use tokio::task::JoinHandle;

const RUNNING: &str = "hostname R1
crypto isakmp policy 10
 encr aes
crypto ipsec transform-set TS esp-aes esp-sha-hmac
crypto ipsec profile P
 set transform-set TS
";

fn running() -> Arc<RunningConfig> {
    Arc::new(parse("R1.cfg", RUNNING).config)
}

/// A daemon that takes what has no errors; the task ends with the texts it took.
fn daemon() -> (mpsc::Sender<Pending>, JoinHandle<Vec<String>>) {
    let (sender, mut questions) = mpsc::channel::<Pending>(4);
    let task = tokio::spawn(async move {
        let mut taken = Vec::new();
        while let Some(pending) = questions.recv().await {
            let response = match pending.request {
                Request::Configure { text, .. } if parse("", &text.0).has_errors() => {
                    Response::failed(3, "error[E0232]")
                }
                Request::Configure { text, .. } => {
                    taken.push(text.0);
                    Response::ok("in force")
                }
                Request::Exec { line, .. } => Response::ok(format!("page of {line}")),
                other => panic!("{other:?}"),
            };
            let _ = pending.answer.send(response);
        }
        taken
    });
    (sender, task)
}

struct Told {
    response: Response,
    said: String,
    taken: Vec<String>,
}

async fn typed_at(desk: &Desk, lines: &[&str]) -> Told {
    let (host, task) = daemon();
    let (talk, told) = Talk::with_script(lines);
    let session = sit_down(desk, running(), host, talk).ok().unwrap();
    let response = session.run().await;
    Told {
        response,
        said: told.await.unwrap(),
        taken: task.await.unwrap(),
    }
}

async fn typed(lines: &[&str]) -> Told {
    typed_at(&Desk::default(), lines).await
}

/// Nothing takes effect before the end; then everything does, once.
#[tokio::test]
async fn lines_take_effect_together() {
    let told = typed(&[
        "crypto isakmp policy 10",
        "encr 3des",
        "exit",
        "no crypto ipsec profile P",
        "end",
    ])
    .await;
    assert_eq!(told.response, Response::ok("in force"));
    let [text] = told.taken.as_slice() else {
        panic!("{:?}", told.taken)
    };
    assert!(
        text.contains("encr 3des") && !text.contains("ipsec profile"),
        "{text}"
    );
    assert!(
        told.said.contains("R1(config-isakmp)#encr 3des"),
        "{}",
        told.said
    );
    assert!(
        told.said.starts_with("Enter configuration commands"),
        "{}",
        told.said
    );
}

/// The marker stands under the character at fault, behind the prompt, with the reason below.
#[tokio::test]
async fn a_wrong_line_is_marked_at_once() {
    let told = typed(&["crypto isakmp polcy 20", "crypto isakmp", "abort"]).await;
    let marked = "R1(config)#crypto isakmp polcy 20
                         ^
% Invalid input detected at '^' marker.
  unexpected word `polcy`; did you mean `policy`? [E0204]
";
    assert!(told.said.contains(marked), "{}", told.said);
    assert!(
        told.said.contains("% Incomplete command.\n"),
        "{}",
        told.said
    );
    assert_eq!(told.taken, [] as [String; 0]);
}

/// A candidate that cannot work changes nothing and waits; `abort` drops it.
#[tokio::test]
async fn a_bad_candidate_is_kept_until_it_is_dropped() {
    let desk = Desk::default();
    let told = typed_at(&desk, &["no crypto ipsec transform-set TS", "end"]).await;
    assert_eq!((told.response.code, told.taken.len()), (3, 0));
    assert!(
        told.response.text.contains("Nothing is changed"),
        "{}",
        told.response.text
    );
    let told = typed_at(&desk, &["show", "abort"]).await;
    assert!(
        told.said.contains("-crypto ipsec transform-set TS"),
        "{}",
        told.said
    );
    let told = typed_at(&desk, &["show", "exit"]).await;
    assert!(told.said.contains(NOTHING), "{}", told.said);
}

/// Lines that end in the middle change nothing.
#[tokio::test]
async fn a_lost_operator_changes_nothing() {
    let told = typed(&["no crypto isakmp policy 10"]).await;
    assert_eq!(told.response, Response::failed(3, DROPPED));
    assert_eq!(told.taken.len(), 0);
}

/// The second editor is told, and sits down once the first has left.
#[tokio::test]
async fn two_do_not_edit_at_once() {
    let desk = Desk::default();
    let (host, _task) = daemon();
    let sit = || sit_down(&desk, running(), host.clone(), Talk::with_nobody());
    let first = sit().ok().unwrap();
    let second = sit().err().unwrap();
    assert!(second.text.contains("Somebody else"), "{}", second.text);
    drop(first);
    assert!(sit().is_ok());
}

/// Help, exec lines in between, and `commit` that stays.
#[tokio::test]
async fn help_and_exec_lines_stand_in_between() {
    let told = typed(&[
        "crypto isakmp pol?",
        "crypto isakmp policy ?",
        "do show version",
        "no crypto isakmp policy 10",
        "commit",
        "hostname R9",
        "end",
    ])
    .await;
    assert!(told.said.contains("policy\n"), "{}", told.said);
    assert!(told.said.contains("  <1-10000>\n"), "{}", told.said);
    assert!(
        told.said.contains("page of show version\n"),
        "{}",
        told.said
    );
    assert_eq!(told.taken.len(), 2);
}
