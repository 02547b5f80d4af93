//! Real servers, a real client, and what stands in the logs of both: the same for axum and actix-web.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use hestia_tests::{Finished, Run, Running, lines};
use hestia_tests_web::{ADDRESS, CHUNK, CHUNKS, TOGETHER};
use reqwest::header::HeaderValue;
use reqwest::{Client, Response};
use serde_json::{Value, json};

const AXUM: &str = env!("CARGO_BIN_EXE_axum_service");
const ACTIX: &str = env!("CARGO_BIN_EXE_actix_service");

/// Where nobody listens.
const NOBODY: &str = "127.0.0.1:1";
/// A service that takes longer to listen hangs.
const HUNG: Duration = Duration::from_secs(60);

/// A service that runs.
struct Server {
    program: String,
    running: Running,
    address: String,
}

impl Server {
    fn start(program: &str, name: &str, place: &str, back: &str) -> Self {
        let running = Run::new(program, name).arg(place).arg(back).start();
        let path = running.directory().join(ADDRESS);
        let started = Instant::now();
        let address = loop {
            if let Ok(address) = fs::read_to_string(&path) {
                break address;
            }
            assert!(started.elapsed() < HUNG, "the service does not listen");
            std::thread::sleep(Duration::from_millis(2));
        };
        Server {
            program: program.to_owned(),
            running,
            address,
        }
    }

    fn is_actix(&self) -> bool {
        self.program == ACTIX
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn get(&self, path: &str) -> Response {
        let got = Client::new().get(self.url(path)).send().await;
        got.expect("an answer")
    }

    /// Ends it, once everything was answered.
    async fn stop(self) -> Finished {
        self.get("/stop").await;
        self.running.finish().successful()
    }

    /// Sends bytes, and reads all there is to read.
    fn exchange(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

fn block_on(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(test);
}

/// A single server's run with requests, and all of its records.
fn logged_by(program: &str, place: &str, requests: impl AsyncFnOnce(&Server)) -> Vec<Value> {
    let mut records = Vec::new();
    block_on(async {
        let server = Server::start(program, "service", place, NOBODY);
        requests(&server).await;
        records = server.stop().await.json();
    });
    records
}

/// The access records for a path.
fn accesses<'r>(records: &'r [Value], path: &str) -> Vec<&'r Value> {
    let of_path = |record: &&Value| {
        let target = record["target"].as_str();
        matches!(target, Some("hestia::access" | "edge")) && record["metadata"]["path"] == path
    };
    records.iter().filter(of_path).collect()
}

/// The one access record for a path.
fn access<'r>(records: &'r [Value], path: &str) -> &'r Value {
    match accesses(records, path)[..] {
        [one] => one,
        ref several => panic!("{} access records for {path}: {records:#?}", several.len()),
    }
}

/// The records of the request that this one belongs to.
fn same_request<'r>(records: &'r [Value], access: &Value) -> Vec<&'r Value> {
    let id = &access["metadata"]["request_id"];
    assert!(id.is_string(), "{access}");
    let same = records
        .iter()
        .filter(|record| record["metadata"]["request_id"] == *id);
    same.collect()
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    let value = response.headers().get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn is_uuid_7(id: &str) -> bool {
    id.parse()
        .is_ok_and(|id: hestia::Uuid| id.get_version_num() == 7)
}

macro_rules! with_both {
    ($($name:ident;)+) => {
        mod axum {
            $(#[test] fn $name() { super::$name(super::AXUM); })+
        }
        mod actix {
            $(#[test] fn $name() { super::$name(super::ACTIX); })+
        }
    };
}

with_both! {
    an_access_record_says_all_there_is_to_say;
    ids_come_in_and_go_out;
    what_is_no_id_is_not_taken_for_one;
    strangers_choose_no_ids;
    each_of_a_thousand_parallel_requests_has_its_own_ids;
    a_panic_is_recorded_and_the_server_stays;
    the_level_follows_the_status;
    what_is_skipped_has_no_record_unless_it_fails;
    bodies_are_counted_to_their_end;
    bodies_that_fail_say_so;
    a_client_that_leaves_is_noticed;
    hostile_requests_are_told_as_they_are;
    requests_of_one_connection_are_several;
    no_record_is_lost_at_the_end;
}

#[test]
fn one_trace_leads_through_both_logs() {
    for (front, back) in [(AXUM, ACTIX), (ACTIX, AXUM)] {
        block_on(async {
            let back = Server::start(back, "back", "inside", NOBODY);
            let front = Server::start(front, "front", "inside", &back.address);
            let answer = front.get("/call").await;
            let id = header(&answer, "x-request-id").to_owned();
            assert!(is_uuid_7(&id), "{id}");
            assert_eq!(answer.text().await.expect("a text"), "hello");
            let [front, back] = [front.stop().await.json(), back.stop().await.json()];
            let (call, hello) = (access(&front, "/call"), access(&back, "/hello"));
            assert_eq!(call["trace_id"].as_str().map(str::len), Some(32));
            assert_eq!(call["application"], "front");
            assert_eq!(hello["application"], "back");
            for record in [same_request(&front, call), same_request(&back, hello)].concat() {
                assert_eq!(record["trace_id"], call["trace_id"], "{record}");
                assert_eq!(record["metadata"]["request_id"], id, "{record}");
            }
            assert_eq!(same_request(&front, call).len(), 2, "calling, access");
            assert_eq!(same_request(&back, hello).len(), 2, "hello, access");
            assert_ne!(hello["span_id"], call["span_id"]);
            assert_eq!(hello["metadata"]["parent_id"], call["span_id"]);
            assert_eq!(call["metadata"].get("parent_id"), None);
        });
    }
}

fn an_access_record_says_all_there_is_to_say(program: &str) {
    let records = logged_by(program, "inside", async |server| {
        let request = Client::new()
            .get(server.url("/status/200?token=17"))
            .header("user-agent", "tests/1")
            .header("x-tenant", "acme")
            .header("authorization", "Bearer geheim");
        request.send().await.expect("an answer");
        server.get("/nowhere").await;
        let head = Client::new().head(server.url("/hello")).send().await;
        assert_eq!(header(&head.expect("an answer"), "content-length"), "5");
    });
    let one = access(&records, "/status/200");
    assert_eq!(one["level"], "INFO");
    let metadata = one["metadata"].as_object().expect("key-values");
    let expected = json!({
        "method": "GET", "path": "/status/200", "route": "/status/{status}", "status": 200, "bytes": 0,
        "client": "127.0.0.1", "user_agent": "tests/1",
        "headers": { "x-tenant": "acme", "authorization": "***" },
        "request_id": metadata["request_id"], "tenant": "acme", "duration_ms": metadata["duration_ms"],
    });
    assert_eq!(one["metadata"], expected);
    assert!(
        metadata["duration_ms"]
            .as_f64()
            .is_some_and(|millis| millis > 0.0)
    );
    let message = one["message"].as_str().expect("a message");
    assert!(message.starts_with("GET /status/200 200 "), "{message}");
    let answering = same_request(&records, one)[0];
    assert_eq!(answering["message"], "answering");
    assert_eq!(answering["metadata"]["tenant"], "acme");

    let nowhere = access(&records, "/nowhere");
    assert_eq!(nowhere["metadata"]["status"], 404);
    assert_eq!(nowhere["metadata"].get("route"), None);
    assert_eq!(nowhere["metadata"].get("tenant"), None);
    let head = &access(&records, "/hello")["metadata"];
    assert_eq!(
        (&head["method"], &head["bytes"]),
        (&json!("HEAD"), &json!(0))
    );
    assert_eq!(head.get("aborted"), None);
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn ids_come_in_and_go_out(program: &str) {
    let records = logged_by(program, "inside", async |server| {
        let request = Client::new()
            .get(server.url("/headers"))
            .header("X-REQUEST-ID", "Root=1-67891233:a/b+c@d~e_f.9")
            .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))
            .header("tracestate", "congo=t61rcWkgMzE");
        let answer = request.send().await.expect("an answer");
        assert_eq!(
            header(&answer, "x-request-id"),
            "Root=1-67891233:a/b+c@d~e_f.9"
        );
        assert_eq!(answer.headers().get("traceresponse"), None);
        let injected = answer.text().await.expect("a text");
        for part in [
            "Root=1-67891233:a/b+c@d~e_f.9",
            &format!("00-{TRACE}-"),
            "-01",
            "congo=t61rcWkgMzE",
        ] {
            assert!(injected.contains(part), "{injected}");
        }
        assert!(!injected.contains("00f067aa0ba902b7"), "{injected}");
        let request = Client::new()
            .get(server.url("/hello"))
            .header("b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1");
        request.send().await.expect("an answer");
    });
    let one = access(&records, "/headers");
    assert_eq!(one["trace_id"], TRACE);
    assert_ne!(one["span_id"], "00f067aa0ba902b7");
    assert_eq!(one["metadata"]["parent_id"], "00f067aa0ba902b7");
    let other = access(&records, "/hello");
    assert_eq!(other["trace_id"], "80f198ee56343ba864fe8b2a57d3eff7");
    assert_eq!(other["metadata"]["parent_id"], "e457b5a2e4d86bd1");
}

fn what_is_no_id_is_not_taken_for_one(program: &str) {
    let long = "x".repeat(300);
    let hostile = [
        long.as_str(),
        "a\u{202e}b",
        "\"quoted\"",
        "a b",
        "",
        "a;b",
        "<b>",
        "a,b",
        "%0d%0aSet-Cookie:a=b",
        "'; drop table",
        "\u{e9}",
    ];
    let records = logged_by(program, "inside", async |server| {
        for id in hostile {
            let value = HeaderValue::from_bytes(id.as_bytes()).expect("a value");
            let request = Client::new()
                .get(server.url("/hello"))
                .header("x-request-id", value);
            let request = request.header("traceparent", "00-0-0-01");
            let answer = request.send().await.expect("an answer");
            assert!(
                is_uuid_7(header(&answer, "x-request-id")),
                "{id:?}: {answer:?}"
            );
        }
        let request = Client::new().get(server.url("/hello"));
        let two = request
            .header("x-request-id", "one")
            .header("x-request-id", "two");
        let answer = two.send().await.expect("an answer");
        assert!(is_uuid_7(header(&answer, "x-request-id")));
        let most = "x".repeat(128);
        let request = Client::new()
            .get(server.url("/hello"))
            .header("x-request-id", &most);
        assert_eq!(
            header(&request.send().await.expect("an answer"), "x-request-id"),
            most
        );
    });
    let all = accesses(&records, "/hello");
    assert_eq!(all.len(), hostile.len() + 2);
    let ids: BTreeSet<_> = all
        .iter()
        .map(|one| one["metadata"]["request_id"].to_string())
        .collect();
    assert_eq!(ids.len(), all.len());
    let traces: BTreeSet<_> = all.iter().map(|one| one["trace_id"].to_string()).collect();
    assert_eq!(traces.len(), all.len());
}

fn strangers_choose_no_ids(program: &str) {
    let records = logged_by(program, "edge", async |server| {
        let request = Client::new()
            .get(server.url("/hello?page=2"))
            .header("x-forwarded-for", "6.6.6.6, 192.0.2.7")
            .header("x-request-id", "chosen")
            .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
        let answer = request.send().await.expect("an answer");
        assert!(is_uuid_7(header(&answer, "x-request-id")));
        let told = header(&answer, "traceresponse");
        assert!(
            told.starts_with("00-") && told.len() == 55 && !told.contains(TRACE),
            "{told}"
        );
        let lies = Client::new()
            .get(server.url("/status/200"))
            .header("x-forwarded-for", "6.6.6.6, me");
        lies.send().await.expect("an answer");
    });
    let one = access(&records, "/hello");
    assert_eq!(one["target"], "edge");
    assert_eq!(one["level"], "WARN");
    assert_eq!(one["metadata"]["query"], "page=2");
    assert_eq!(one["metadata"]["client"], "192.0.2.7");
    assert_eq!(
        access(&records, "/status/200")["metadata"]["client"],
        "127.0.0.1"
    );
    for record in &records {
        assert_ne!(record["trace_id"], TRACE);
        assert_ne!(record["metadata"]["request_id"], "chosen");
    }
}

fn each_of_a_thousand_parallel_requests_has_its_own_ids(program: &str) {
    let records = logged_by(program, "inside", async |server| {
        let client = Client::new();
        let requests: Vec<_> = (0..TOGETHER)
            .map(|number| {
                let request = client.get(server.url(&format!("/together/{number}")));
                tokio::spawn(request.header("x-request-id", format!("r{number}")).send())
            })
            .collect();
        for (number, request) in requests.into_iter().enumerate() {
            let answer = request.await.expect("no panic").expect("an answer");
            assert_eq!(header(&answer, "x-request-id"), format!("r{number}"));
        }
    });
    let mut of: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut traces: BTreeMap<String, u64> = BTreeMap::new();
    for record in &records {
        let metadata = &record["metadata"];
        let number = match &metadata["said"] {
            Value::Number(number) => number.as_u64().expect("a number"),
            _ => match metadata["path"]
                .as_str()
                .and_then(|path| path.strip_prefix("/together/"))
            {
                Some(number) => number.parse().expect("a number"),
                None => continue,
            },
        };
        assert_eq!(metadata["request_id"], format!("r{number}"), "{record}");
        let trace = record["trace_id"].as_str().expect("a trace").to_owned();
        assert_eq!(*traces.entry(trace).or_insert(number), number, "{record}");
        let message = record["message"].as_str().expect("a message");
        // What the handler has recorded, all that comes later says, the access record too.
        let recorded = (message != "came" && message != "ran an errand").then_some(number);
        assert_eq!(metadata["recorded"].as_u64(), recorded, "{record}");
        of.entry(number)
            .or_default()
            .push(message.split(' ').next().unwrap_or_default().to_owned());
    }
    assert_eq!((of.len(), traces.len()), (TOGETHER, TOGETHER));
    for (number, mut messages) in of {
        assert_eq!(
            messages.pop().as_deref(),
            Some("GET"),
            "{number}: the access record is the last"
        );
        messages.sort_unstable();
        assert_eq!(
            messages,
            ["all", "came", "ran", "slept", "slept", "slept"],
            "{number}"
        );
    }
}

fn a_panic_is_recorded_and_the_server_stays(program: &str) {
    let records = logged_by(program, "inside", async |server| {
        for _ in 0..3 {
            let answer = Client::new().get(server.url("/panic")).send().await;
            assert!(answer.is_err(), "{answer:?}");
        }
        assert_eq!(server.get("/hello").await.status(), 200);
    });
    let panicked = accesses(&records, "/panic");
    assert_eq!(panicked.len(), 3);
    for one in panicked {
        assert_eq!(one["level"], "ERROR");
        assert_eq!(one["metadata"]["panicked"], true);
        assert_eq!(one["metadata"]["status"], 500);
        assert_eq!(one["metadata"].get("aborted"), None);
        let [panic, access] = same_request(&records, one)[..] else {
            panic!("{records:#?}");
        };
        assert_eq!(panic["target"], "panic");
        assert!(
            panic["message"]
                .as_str()
                .is_some_and(|text| text.contains("in the handler"))
        );
        assert_eq!(panic["trace_id"], access["trace_id"]);
        assert_eq!(access, one);
    }
    assert_eq!(access(&records, "/hello")["metadata"].get("panicked"), None);
}

fn the_level_follows_the_status(program: &str) {
    let statuses = [
        (204, "INFO"),
        (302, "INFO"),
        (404, "INFO"),
        (499, "INFO"),
        (500, "ERROR"),
        (503, "ERROR"),
    ];
    let records = logged_by(program, "inside", async |server| {
        for (status, _) in statuses {
            let client = Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build();
            let got = client
                .expect("a client")
                .get(server.url(&format!("/status/{status}")))
                .send()
                .await;
            assert_eq!(got.expect("an answer").status(), status);
        }
        let forbidden = server.get("/forbidden").await;
        if server.is_actix() {
            assert_eq!(forbidden.status(), 403);
            assert!(
                is_uuid_7(header(&forbidden, "x-request-id")),
                "{forbidden:?}"
            );
        }
    });
    for (status, level) in statuses {
        let one = access(&records, &format!("/status/{status}"));
        assert_eq!(one["level"], level, "{one}");
        assert_eq!(one["metadata"]["status"], status);
    }
    if program == ACTIX {
        let forbidden = access(&records, "/forbidden");
        assert_eq!(forbidden["metadata"]["err"], json!(["nobody may"]));
        assert_eq!(forbidden["metadata"]["status"], 403);
        assert_eq!(forbidden["level"], "INFO");
    }
}

fn what_is_skipped_has_no_record_unless_it_fails(program: &str) {
    let records = logged_by(program, "inside", async |server| {
        for status in [200, 404, 500] {
            server.get(&format!("/skipped/{status}")).await;
        }
    });
    assert!(accesses(&records, "/skipped/200").is_empty());
    assert!(accesses(&records, "/skipped/404").is_empty());
    assert_eq!(access(&records, "/skipped/500")["level"], "ERROR");
    let answering = records
        .iter()
        .filter(|record| record["message"] == "answering");
    let ids: BTreeSet<_> = answering
        .map(|record| record["metadata"]["request_id"].to_string())
        .collect();
    assert_eq!(ids.len(), 3);
}

fn bodies_are_counted_to_their_end(program: &str) {
    let records = logged_by(program, "inside", async |server| {
        for path in ["/stream", "/sized"] {
            let body = server.get(path).await.bytes().await.expect("a body");
            assert_eq!(body.len(), CHUNK * CHUNKS as usize);
        }
        let head = Client::new().head(server.url("/stream")).send().await;
        assert_eq!(
            head.expect("an answer").status(),
            if server.is_actix() { 404 } else { 200 }
        );
    });
    for path in ["/stream", "/sized"] {
        let all = accesses(&records, path);
        let one = all
            .iter()
            .find(|one| one["metadata"]["method"] == "GET")
            .expect("a record");
        assert_eq!(one["metadata"]["bytes"], CHUNK * CHUNKS as usize);
        assert_eq!(one["metadata"].get("aborted"), None, "{one}");
        assert_eq!(one["metadata"]["recorded"], CHUNKS, "{one}");
        let all = same_request(&records, one);
        // Each chunk, the body's end, and the access record as the last.
        assert_eq!(all.len(), CHUNKS as usize + 2, "{all:#?}");
        assert_eq!(all.last(), Some(one));
    }
    for head in accesses(&records, "/stream") {
        assert_eq!(head["metadata"].get("aborted"), None, "{head}");
    }
}

fn bodies_that_fail_say_so(program: &str) {
    let records = logged_by(program, "inside", async |server| {
        for path in ["/broken", "/panics_late"] {
            let body = match Client::new().get(server.url(path)).send().await {
                Ok(answer) => answer.bytes().await,
                Err(error) => Err(error),
            };
            assert!(body.is_err(), "{body:?}");
        }
    });
    let broken = access(&records, "/broken");
    assert_eq!(broken["metadata"]["err"], json!(["the source ran dry"]));
    assert_eq!(broken["metadata"]["status"], 200);
    assert_eq!(broken["metadata"]["bytes"], 2 * CHUNK);
    assert_eq!(broken["level"], "ERROR");
    let panics = access(&records, "/panics_late");
    assert_eq!(panics["metadata"]["panicked"], true);
    assert_eq!(panics["level"], "ERROR");
    assert!(
        same_request(&records, panics)
            .iter()
            .any(|record| record["target"] == "panic")
    );
}

fn a_client_that_leaves_is_noticed(program: &str) {
    let records = logged_by(program, "inside", async |server| {
        let mut stream = TcpStream::connect(&server.address).expect("a connection");
        stream
            .write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n")
            .expect("a request");
        let mut part = [0; 100_000];
        stream.read_exact(&mut part).expect("a part of the body");
        drop(stream);
        let mut stream = TcpStream::connect(&server.address).expect("a connection");
        stream
            .write_all(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")
            .expect("a request");
        server.get("/somebody_waits").await;
        drop(stream);
    });
    let endless = access(&records, "/endless");
    assert_eq!(endless["metadata"]["aborted"], true);
    assert_eq!(endless["metadata"]["status"], 200);
    assert!(
        endless["metadata"]["bytes"]
            .as_u64()
            .is_some_and(|bytes| bytes >= 100_000 - 1_000),
        "{endless}"
    );
    assert!(
        endless["message"]
            .as_str()
            .is_some_and(|text| text.starts_with("GET /endless 200 aborted "))
    );
    let all = same_request(&records, endless);
    assert_eq!(all.len(), 2, "{all:#?}");
    // Whether a client that waits is missed depends on the server.
    let waited = &access(&records, "/wait")["metadata"];
    if program == AXUM {
        assert_eq!(
            (&waited["aborted"], waited.get("status")),
            (&json!(true), None)
        );
    } else {
        assert_eq!(
            (&waited["status"], waited.get("aborted")),
            (&json!(200), None)
        );
    }
}

fn hostile_requests_are_told_as_they_are(program: &str) {
    let long = format!("/{}", "a".repeat(10_000));
    let records = logged_by(program, "inside", async |server| {
        let answer = server.exchange(&format!(
            "GET {long} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        ));
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        let agent = format!("\u{202e}\"agent\"\t{}", "b".repeat(2_000));
        let request = format!(
            "GET /%0a%1b[31m;%7Bx%7D HTTP/1.1\r\nhost: x\r\nuser-agent: {agent}\r\nconnection: close\r\n\r\n"
        );
        let answer = server.exchange(&request);
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    });
    let kept = format!("/{}…", "a".repeat(2_047));
    assert_eq!(accesses(&records, &kept).len(), 1);
    let hostile = access(&records, "/%0a%1b[31m;%7Bx%7D");
    let agent = hostile["metadata"]["user_agent"].as_str().expect("text");
    assert!(
        agent.starts_with("\u{202e}\"agent\"\tbbb") && agent.ends_with("b…"),
        "{agent}"
    );
    assert!(agent.len() < 600);
}

fn requests_of_one_connection_are_several(program: &str) {
    let records = logged_by(program, "inside", async |server| {
        let one = "GET /hello HTTP/1.1\r\nhost: x\r\n\r\n".repeat(49);
        let answers = server.exchange(&format!(
            "{one}GET /hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        ));
        assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 50, "{answers}");
    });
    let all = accesses(&records, "/hello");
    assert_eq!(all.len(), 50);
    for key in ["trace_id", "span_id"] {
        let ids: BTreeSet<_> = all.iter().map(|one| one[key].to_string()).collect();
        assert_eq!(ids.len(), 50);
    }
    for one in all {
        assert_eq!(one["metadata"]["bytes"], 5);
        assert_eq!(same_request(&records, one).len(), 2);
    }
}

fn no_record_is_lost_at_the_end(program: &str) {
    block_on(async {
        let server = Server::start(program, "service", "inside", NOBODY);
        let waiting: Vec<_> = (0..50)
            .map(|_| tokio::spawn(Client::new().get(server.url("/wait")).send()))
            .collect();
        for _ in &waiting {
            server.get("/somebody_waits").await;
        }
        let finished = server.stop().await;
        for one in waiting {
            let answer = one.await.expect("no panic").expect("an answer");
            assert_eq!(answer.status(), 200);
        }
        let records = finished.json();
        let all = accesses(&records, "/wait");
        assert_eq!(all.len(), 50);
        for one in all {
            assert_eq!(one["metadata"]["status"], 200, "{one}");
        }
        assert_eq!(accesses(&records, "/stop").len(), 1);
        let text = lines(&finished.path("logs/all.log"));
        assert_eq!(
            text.iter()
                .filter(|line| line.contains("| GET /wait 200 "))
                .count(),
            50
        );
    });
}
