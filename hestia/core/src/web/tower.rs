//! Requests of tower's services: axum, tonic, hyper.
//!
//! [`AccessLog`] is a [`Layer`]; what it makes is in here, for those who have to name its types.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use http::{Extensions, Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::exchange::{Exchange, poll_answer};
use super::outgoing::Carrier;
use super::request::RequestHead;
use super::settings::{AccessLog, ask};

type Find<T> = Arc<dyn Fn(&Extensions) -> Option<T> + Send + Sync>;

/// What servers and routers say about a request beside it.
#[derive(Clone, Default)]
pub(super) struct FromExtensions {
    client: Option<Find<SocketAddr>>,
    route: Option<Find<String>>,
}

/// Of requests to tower's services.
impl AccessLog {
    /// Where to find who is connected, among the extensions of a request: tower's services know only what their server puts there.
    /// Unless said, access records have no `client`, but where a [header](AccessLog::client_header) tells. For axum, which has to be
    /// served by `into_make_service_with_connect_info`:
    ///
    /// ```ignore
    /// AccessLog::new().client(|extensions| extensions.get().map(|info: &ConnectInfo<SocketAddr>| info.0))
    /// ```
    pub fn client(
        self,
        client: impl Fn(&Extensions) -> Option<SocketAddr> + Send + Sync + 'static,
    ) -> Self {
        self.set(|settings| settings.extensions.client = Some(Arc::new(client)))
    }

    /// Where to find the pattern that the path matched, among the extensions of a request. Unless said, access records have no
    /// `route`. For axum:
    ///
    /// ```ignore
    /// AccessLog::new().route(|extensions| extensions.get().map(|path: &MatchedPath| path.as_str()))
    /// ```
    pub fn route(
        self,
        route: impl Fn(&Extensions) -> Option<&str> + Send + Sync + 'static,
    ) -> Self {
        let find = move |extensions: &Extensions| route(extensions).map(str::to_owned);
        self.set(|settings| settings.extensions.route = Some(Arc::new(find)))
    }

    fn begin<B>(&self, request: &Request<B>) -> Box<Exchange> {
        let headers: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let head = RequestHead {
            method: request.method().as_str(),
            path: request.uri().path(),
            query: request.uri().query(),
            headers: &headers,
        };
        let FromExtensions { client, route } = &self.settings().extensions;
        let found = request.extensions();
        let client = client
            .as_ref()
            .and_then(|client| ask(None, || client(found)));
        let mut exchange = Exchange::begin(self, &head, client.map(|client| client.ip()));
        exchange.route = route.as_ref().and_then(|route| ask(None, || route(found)));
        exchange
    }
}

impl<S> Layer<S> for AccessLog {
    type Service = Logged<S>;

    fn layer(&self, service: S) -> Logged<S> {
        Logged {
            log: self.clone(),
            service,
        }
    }
}

/// A service whose requests are logged; made by [`AccessLog`] as a layer.
#[derive(Clone, Debug)]
pub struct Logged<S> {
    log: AccessLog,
    service: S,
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for Logged<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>>,
    S::Error: fmt::Display,
    ResponseBody: Body,
    ResponseBody::Error: fmt::Display,
{
    type Response = Response<LoggedBody<ResponseBody>>;
    type Error = S::Error;
    type Future = LoggedFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let mut exchange = self.log.begin(&request);
        let future = exchange.run(|| self.service.call(request));
        LoggedFuture {
            future: Some(future),
            exchange: Some(exchange),
        }
    }
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

impl<F, B, E> Future for LoggedFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: fmt::Display,
    B: Body,
    B::Error: fmt::Display,
{
    type Output = Result<Response<LoggedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (mut exchange, answer) = ready!(poll_answer(this.future, this.exchange, context));
        Poll::Ready(match answer {
            Ok(response) => Ok(answered(exchange, response)),
            Err(error) => {
                exchange.failed(vec![error.to_string()]);
                Err(error)
            }
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
fn answered<B: Body>(
    mut exchange: Box<Exchange>,
    mut response: Response<B>,
) -> Response<LoggedBody<B>> {
    let status = response.status().as_u16();
    let headers = response.headers_mut();
    exchange.answered(status, |name, value| set(headers, name, value));
    // Servers do not ask for such a body.
    if !exchange.has_body() || response.body().is_end_stream() {
        exchange.is_whole();
    }
    let length = response.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    response.map(|body| LoggedBody {
        body: Some(body),
        length,
        exchange: Some(exchange),
    })
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
        // As the answer's head has it: servers do not always ask for more than that.
        length: Option<u64>,
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

impl<B> Body for LoggedBody<B>
where
    B: Body,
    B::Error: fmt::Display,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let (Some(mut body), Some(exchange)) =
            (this.body.as_mut().as_pin_mut(), &mut *this.exchange)
        else {
            return Poll::Ready(None);
        };
        let frame = ready!(exchange.run(|| body.as_mut().poll_frame(context)));
        match &frame {
            Some(Ok(frame)) => {
                exchange.count(frame.data_ref().map_or(0, Buf::remaining));
                // Servers need not ask for more; whether they do, or drop the body, it was all of it.
                if frame.is_trailers()
                    || body.is_end_stream()
                    || this.length.is_some_and(|length| exchange.bytes() >= length)
                {
                    exchange.is_whole();
                }
            }
            Some(Err(error)) => exchange.failed(vec![error.to_string()]),
            None => exchange.is_whole(),
        }
        if !matches!(frame, Some(Ok(_))) {
            // What the body logs as it goes comes before the access record.
            exchange.run(|| this.body.set(None));
            *this.exchange = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B> fmt::Debug for LoggedBody<B> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LoggedBody")
            .field("exchange", &self.exchange)
            .finish_non_exhaustive()
    }
}
