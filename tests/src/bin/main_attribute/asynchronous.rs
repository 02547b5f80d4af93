//! `async fn main`, with the runtime's attribute on either side, or somewhere else.

use std::error::Error;
use std::time::Duration;

async fn work(what: &str) -> Result<(), Box<dyn Error>> {
    log::info!("before, {what}");
    tokio::time::sleep(Duration::from_millis(1)).await;
    log::info!("after, {what}");
    Err(format!("failed, {what}"))?
}

pub(crate) mod after {
    #[hestia::main(app = "after")]
    #[tokio::main(flavor = "current_thread")]
    pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
        super::work("runtime after").await
    }
}

pub(crate) mod before {
    #[tokio::main(flavor = "current_thread")]
    #[hestia::main(app = "before")]
    pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
        super::work("runtime before").await
    }
}

pub(crate) mod panics {
    #[hestia::main]
    #[tokio::main(flavor = "current_thread")]
    pub(crate) async fn main() {
        tokio::spawn(async { log::info!("in a task") })
            .await
            .expect("the task ends");
        panic!("in the future");
    }
}

/// As some runtimes' attributes have it when they come first: the function stays `async`, within one that runs it.
pub(crate) fn around() -> Result<(), Box<dyn Error>> {
    #[hestia::main(app = "around")]
    async fn main() -> Result<(), Box<dyn Error>> {
        work("runtime around").await
    }

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    runtime.block_on(main())
}
