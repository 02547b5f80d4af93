//! One connection of the load generator.

use std::time::Duration;

use ureq::Agent;

use crate::request::{ID_HEADER, Request};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Client {
    agent: Agent,
    address: String,
}

impl Client {
    pub(crate) fn new(address: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .max_idle_connections_per_host(1);
        Client {
            agent: Agent::new_with_config(config.build()),
            address: address.to_owned(),
        }
    }

    /// Asks, and waits for the whole answer. Every third request is a new order.
    pub(crate) fn ask(&self, number: usize) -> Result<Request, ureq::Error> {
        let (id, address) = (format!("r{number}"), &self.address);
        let (method, path, answer) = if number.is_multiple_of(3) {
            let request = self.agent.post(format!("http://{address}/orders"));
            let request = request
                .header(ID_HEADER, &id)
                .content_type("application/json");
            let answer = request.send(r#"{"item":"tea","count":2}"#)?;
            ("POST", "/orders".to_owned(), answer)
        } else {
            let path = format!("/orders/{number}");
            let request = self.agent.get(format!("http://{address}{path}"));
            ("GET", path, request.header(ID_HEADER, &id).call()?)
        };
        let status = answer.status().as_u16().into();
        answer.into_body().read_to_vec()?;
        let method = method.to_owned();
        Ok(Request {
            id,
            method,
            path,
            status,
        })
    }
}
