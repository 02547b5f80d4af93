// A future that waits for an argument of `durable!` may move to another thread meanwhile.
fn moves<T: Send>(future: T) -> T {
    future
}

fn main() {
    let _future = moves(async {
        let receipt = hestia::durable!(info, id = std::future::ready(5).await, "{}", std::future::ready("paid").await)?;
        Ok::<_, hestia::FlushError>(receipt.report().is_some())
    });
}
