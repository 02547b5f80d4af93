//! emit, with emit_file; text by a writer of three lines, as emit has no text for files.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use emit::well_known::KEY_LVL;
use emit::{Level, Props as _};

use super::{Need, Output, Peer};
use crate::failure::{Failure, Result};

pub(crate) struct Emit {
    /// emit's handle has a type of six parameters.
    flush: Box<dyn Fn() -> bool + Sync>,
}

const LIMIT: Duration = Duration::from_secs(60);

impl Peer for Emit {
    const NAME: &'static str = "emit";
    const TITLE: &'static str = "emit, emit_file";
    const PACKAGES: &'static [&'static str] = &["emit", "emit_file"];
    const REMARK: Option<&'static str> = Some(
        "its queue holds 10,000 records and drops them all when full; its flush syncs to the disk",
    );

    fn unfit(need: Need) -> Option<&'static str> {
        match need {
            Need::Output(Output::TextAndJson | Output::Console) => Some("not measured"),
            _ => None,
        }
    }

    fn set_up(output: Output, directory: &Path) -> Result<Self> {
        let path = directory.join("all.log");
        let files = match output {
            Output::Text => emit_file::set_with_writer(path, write_text, b"\n").spawn(),
            Output::Json => emit_file::set(path).spawn(),
            _ => return Err(Failure::new("emit writes one file here")),
        };
        let running = emit::setup()
            .emit_to(files)
            .emit_when(emit::level::min_filter(Level::Info))
            .init();
        Ok(Emit {
            flush: Box::new(move || running.blocking_flush(LIMIT)),
        })
    }

    #[inline(always)]
    fn arguments(&self, order: u64, price: f64, symbol: &str) {
        emit::info!(
            "order {order} price {price} symbol {symbol}",
            order,
            #[emit::fmt(".2")]
            price,
            symbol,
        );
    }

    #[inline(always)]
    fn constant(&self) {
        emit::info!("order taken");
    }

    #[inline(always)]
    fn fields(&self, order: u64, price: f64, symbol: &str) {
        emit::info!("order taken", order, price, symbol);
    }

    #[inline(always)]
    fn off(&self, order: u64) {
        emit::debug!("order {order}");
    }

    fn flush(&self, _: &Path) {
        say_trouble((self.flush)());
    }

    fn finish(self) {
        say_trouble((self.flush)());
    }
}

fn say_trouble(flushed: bool) {
    if !flushed {
        eprintln!("emit's flush gave up");
    }
}

fn write_text(
    line: &mut emit_file::FileBuf,
    event: &emit::Event<&dyn emit::props::ErasedProps>,
) -> std::io::Result<()> {
    if let Some(extent) = event.extent() {
        write!(line, "{extent} ")?;
    }
    if let Some(level) = event.props().get(KEY_LVL) {
        write!(line, "{level} ")?;
    }
    write!(line, "{} {}", event.mdl(), event.msg())?;
    let mut written = Ok(());
    let _ = event.props().for_each(|key, value| {
        if key != KEY_LVL {
            written = write!(line, " {key}={value}");
        }
        if written.is_ok() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    written
}
