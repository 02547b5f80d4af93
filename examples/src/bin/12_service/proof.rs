//! The proof: what the client saw, compared with what two witnesses logged.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;

use hestia_examples::records;

use crate::request::Request;

/// What one witness logged, by the request's id.
type Witness = HashMap<String, Vec<Request>>;

/// Prints the comparison. Fails unless every answered request was logged exactly once by both, as it was.
pub(crate) fn prove(answered: &[Request], log: &Path) -> Result<(), Box<dyn Error>> {
    let (mut access, mut handler) = (Witness::new(), Witness::new());
    for record in records(log)? {
        let (witness, request) = match record["target"].as_str() {
            Some("access") => {
                let message = record["message"].as_str();
                (&mut access, message.and_then(Request::from_words))
            }
            Some("orders") => (&mut handler, Request::from_fields(&record["metadata"])),
            _ => continue,
        };
        let request = request.ok_or_else(|| format!("not a request: {record}"))?;
        witness.entry(request.id.clone()).or_default().push(request);
    }
    println!("answered {}", answered.len());
    let by_access = compare("by the access log", &access, answered);
    let by_handler = compare("by the handlers", &handler, answered);
    match answered {
        [] => Err("no request was answered, so nothing is proved".into()),
        _ if by_access && by_handler => Ok(()),
        _ => Err("the log is not whole".into()),
    }
}

fn compare(name: &str, logged: &Witness, answered: &[Request]) -> bool {
    let (mut missing, mut duplicated, mut different) = (0, 0, 0);
    for request in answered {
        match logged.get(&request.id).map(Vec::as_slice) {
            None | Some([]) => missing += 1,
            Some([one]) => different += usize::from(one != request),
            Some(_) => duplicated += 1,
        }
    }
    let count: usize = logged.values().map(Vec::len).sum();
    println!(
        "logged {count} {name}: missing {missing}, duplicated {duplicated}, different {different}"
    );
    missing + duplicated + different == 0
}
