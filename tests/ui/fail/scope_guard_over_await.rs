//! A guard belongs to its thread: a future that holds one cannot be sent, and takes the scope over by `in_scope`.

fn spawn(_: impl std::future::Future<Output = ()> + Send) {}

async fn answer() {}

fn main() {
    spawn(async {
        let _request = hestia::scope!(request_id = 17);
        answer().await;
    });
}
