//! Requests of actix-web.
//!
//! [`AccessLog`] is a [`Transform`], for `App::wrap`; what it makes is in here, for those who have to name its types.

use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{Error, HttpResponse};
use pin_project_lite::pin_project;

use super::exchange::{Exchange, poll_answer};
use super::outgoing::Carrier;
use super::request::RequestHead;
use super::settings::AccessLog;

impl<S, B> Transform<S, ServiceRequest> for AccessLog
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<LoggedBody<B>>;
    type Error = Error;
    type Transform = Logged<S>;
    type InitError = ();
    type Future = Ready<Result<Logged<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let log = self.clone();
        ready(Ok(Logged { log, service }))
    }
}

/// A service whose requests are logged; made by [`AccessLog`] as a transform.
#[derive(Debug)]
pub struct Logged<S> {
    log: AccessLog,
    service: S,
}

impl<S, B> Service<ServiceRequest> for Logged<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<LoggedBody<B>>;
    type Error = Error;
    type Future = LoggedFuture<S::Future>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.service.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let mut exchange = begin(&self.log, &request);
        let future = exchange.run(|| self.service.call(request));
        LoggedFuture {
            future: Some(future),
            exchange: Some(exchange),
        }
    }
}

fn begin(log: &AccessLog, request: &ServiceRequest) -> Box<Exchange> {
    let headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let head = RequestHead {
        method: request.method().as_str(),
        path: request.path(),
        query: request.uri().query(),
        headers: &headers,
    };
    let peer = request.peer_addr().map(|peer| peer.ip());
    Exchange::begin(log, &head, peer)
}

pin_project! {
    /// The answer of a [`Logged`] service.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct LoggedFuture<F> {
        // Taken out in the scope of the request, when it is dropped: what it logs then comes before the access record.
        #[pin]
        future: Option<F>,
        // Both are there until the answer is.
        exchange: Option<Box<Exchange>>,
    }

    impl<F> PinnedDrop for LoggedFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(exchange) = this.exchange {
                exchange.run(|| this.future.set(None));
            }
        }
    }
}

impl<F, B> Future for LoggedFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<LoggedBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (exchange, answer) = ready!(poll_answer(this.future, this.exchange, context));
        Poll::Ready(match answer {
            Ok(response) => Ok(answered(exchange, response)),
            Err(error) => Err(refused(exchange, error)),
        })
    }
}

impl<F> fmt::Debug for LoggedFuture<F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LoggedFuture")
            .field("exchange", &self.exchange)
            .finish_non_exhaustive()
    }
}

/// The answer with its ids, and with a body that ends the exchange.
fn answered<B: MessageBody>(
    mut exchange: Box<Exchange>,
    mut response: ServiceResponse<B>,
) -> ServiceResponse<LoggedBody<B>> {
    let status = response.status().as_u16();
    exchange.route = response.request().match_pattern();
    if let Some(error) = response.response().error() {
        exchange.error = Some(vec![error.to_string()]);
    }
    let headers = response.headers_mut();
    exchange.answered(status, |name, value| set(headers, name, value));
    // Servers do not ask for such a body.
    if !exchange.has_body() || response.response().body().size().is_eof() {
        exchange.is_whole();
    }
    response.map_body(|_, body| LoggedBody {
        body: Some(body),
        exchange: Some(exchange),
    })
}

/// An error that actix-web will answer with: what it answers has the ids too, and ends the exchange. The route is not known then, since a
/// request that is held on to could not be changed by those inside.
fn refused(mut exchange: Box<Exchange>, mut error: Error) -> Error {
    let status = error.as_response_error().status_code().as_u16();
    let mut headers = Vec::new();
    exchange.answered(status, |name, value| {
        headers.push((name.to_owned(), value.to_owned()));
    });
    exchange.error = Some(vec![error.to_string()]);
    exchange.is_whole();
    error.add_response_mapper(move |mut response: HttpResponse| {
        for (name, value) in &headers {
            set(response.headers_mut(), name, value);
        }
        response
    });
    error
}

/// Does nothing where these cannot be name and value of a header.
fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let Ok(name) = HeaderName::try_from(name)
        && let Ok(value) = HeaderValue::from_str(value)
    {
        headers.insert(name, value);
    }
}

impl Carrier for HeaderMap {
    fn set(&mut self, name: &'static str, value: &str) {
        set(self, name, value);
    }
}

pin_project! {
    /// The body of an answer: what it logs while it is sent belongs to the request, and its end is the request's end.
    #[must_use = "a body is there to be sent"]
    pub struct LoggedBody<B> {
        // Taken out in the scope of the request, when it is dropped.
        #[pin]
        body: Option<B>,
        exchange: Option<Box<Exchange>>,
    }

    impl<B> PinnedDrop for LoggedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(exchange) = this.exchange {
                exchange.run(|| this.body.set(None));
            }
        }
    }
}

impl<B: MessageBody> MessageBody for LoggedBody<B> {
    type Error = Box<dyn StdError>;

    fn size(&self) -> BodySize {
        self.body.as_ref().map_or(BodySize::None, MessageBody::size)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let mut this = self.project();
        let (Some(mut body), Some(exchange)) =
            (this.body.as_mut().as_pin_mut(), &mut *this.exchange)
        else {
            return Poll::Ready(None);
        };
        let size = body.size();
        let part = ready!(exchange.run(|| body.as_mut().poll_next(context)));
        let part = part.map(|part| part.map_err(Into::into));
        match &part {
            Some(Ok(bytes)) => {
                exchange.count(bytes.len());
                // Servers need not ask for more; whether they do, or drop the body, it was all of it.
                if matches!(size, BodySize::Sized(size) if exchange.bytes() >= size) {
                    exchange.is_whole();
                }
            }
            Some(Err(error)) => exchange.failed(chain(&**error)),
            None => exchange.is_whole(),
        }
        if !matches!(part, Some(Ok(_))) {
            // What the body logs as it goes comes before the access record.
            exchange.run(|| this.body.set(None));
            *this.exchange = None;
        }
        Poll::Ready(part)
    }
}

/// The error, and those that led to it.
fn chain(error: &(dyn StdError + 'static)) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(error) = next {
        texts.push(error.to_string());
        next = error.source();
    }
    texts
}

impl<B> fmt::Debug for LoggedBody<B> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LoggedBody")
            .field("exchange", &self.exchange)
            .finish_non_exhaustive()
    }
}
