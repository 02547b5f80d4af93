//! What the program says about its outputs: console, text file, JSON file, and those of its own.
//!
//! Plain values until `init` opens them.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use log::{Level, LevelFilter};

use super::pipeline::Opened;
use super::settings::Origin;
use crate::clock::TimeZone;
use crate::error::{ErrorKind, SinkError};
use crate::filter::Filter;
use crate::internal::panic_place;
use crate::layout::{ConsoleLayout, JsonLayout, Layout, Schema, Style, TextLayout, color_wanted};
use crate::record::batch::Batch;
use crate::sink::console::{ConsoleSink, Stream, is_terminal};
use crate::sink::file::durability::Durability;
use crate::sink::file::rotation::Rotation;
use crate::sink::file::{FileRules, FileSink};
use crate::sink::{Sink, Standing};
use crate::sync::lock;
use crate::writer::layouts::RouteLayout;

/// An output, opened.
pub(super) struct Destination {
    pub(super) sink: Box<dyn Sink>,
    pub(super) layout: RouteLayout,
    pub(super) filter: Option<Box<dyn Filter>>,
    pub(super) make_filter: Option<MakeFilter>,
    pub(super) opened: Opened,
    /// Where its file stands, when it is one.
    pub(super) file: Option<Arc<Standing>>,
}

/// The level of an output: a [`Level`], or a [`LevelFilter`] to be able to say `Off`.
#[derive(Clone, Copy, Debug)]
pub struct OutputLevel(pub(super) LevelFilter);

impl OutputLevel {
    /// As `log` has it.
    pub(crate) fn filter(self) -> LevelFilter {
        self.0
    }
}

impl From<Level> for OutputLevel {
    fn from(level: Level) -> Self {
        OutputLevel(level.to_level_filter())
    }
}

impl From<LevelFilter> for OutputLevel {
    fn from(level: LevelFilter) -> Self {
        OutputLevel(level)
    }
}

pub(super) type MakeFilter = Arc<dyn Fn() -> Box<dyn Filter> + Send + Sync>;

pub(super) fn make_filter(filter: impl Filter + Clone + Sync + 'static) -> Option<MakeFilter> {
    Some(Arc::new(move || Box::new(filter.clone())))
}

/// When the console is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Color {
    /// On a terminal, unless `NO_COLOR`, `CLICOLOR=0` or `TERM=dumb` say otherwise; elsewhere, when
    /// `CLICOLOR_FORCE` says so.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

macro_rules! common_setters {
    () => {
        /// The output's own level: it takes the place of the default level for this output, and no target
        /// gets more than it. Without one, the levels of all outputs apply.
        #[must_use]
        pub fn level(mut self, level: impl Into<OutputLevel>) -> Self {
            self.level = Some(level.into().0);
            self
        }

        /// A filter that decides about each record that the level lets through. A forked child starts
        /// with a clone of it.
        #[must_use]
        pub fn filter(mut self, filter: impl Filter + Clone + Sync + 'static) -> Self {
            self.filter = make_filter(filter);
            self
        }
    };
}

macro_rules! file_setters {
    () => {
        /// When this file is rotated, in the place of what [`crate::Builder::rotate`] says; `false` for never, not even by hand.
        #[must_use]
        pub fn rotate(mut self, rotation: impl Into<Switch<Rotation>>) -> Self {
            self.rotate = Some(rotation.into());
            self
        }

        /// When the lines of this file are brought to the disk, in the place of what [`crate::Builder::sync`] says.
        #[must_use]
        pub fn sync(mut self, durability: Durability) -> Self {
            self.sync = Some(durability);
            self
        }
    };
}

/// The console: stderr unless said otherwise, coloured on a terminal.
///
/// # Example
/// ```
/// use hestia::{Console, Level, Style};
/// hestia::builder().console(Console::stdout().level(Level::Warn).style(Style::Compact));
/// ```
#[derive(Clone)]
pub struct Console {
    pub(super) stream: Stream,
    pub(super) level: Option<LevelFilter>,
    pub(super) style: Style,
    pub(super) color: Color,
    pub(super) zone: TimeZone,
    filter: Option<MakeFilter>,
}

impl Default for Console {
    fn default() -> Self {
        Console::stderr()
    }
}

impl Console {
    /// The console on standard error: what the program prints stays apart from what it logs.
    #[must_use]
    pub fn stderr() -> Self {
        Console::on(Stream::Stderr)
    }

    /// The console on standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Console::on(Stream::Stdout)
    }

    fn on(stream: Stream) -> Self {
        Console {
            stream,
            level: None,
            style: Style::Pretty,
            color: Color::Auto,
            zone: TimeZone::Utc,
            filter: None,
        }
    }

    common_setters!();

    /// How lines look; [`Style::Pretty`] unless said otherwise.
    #[must_use]
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// When lines are coloured; [`Color::Auto`] unless said otherwise.
    #[must_use]
    pub fn color(mut self, color: Color) -> Self {
        self.color = color;
        self
    }

    /// The zone of the times; UTC unless said otherwise. [`Style::Json`] is always in UTC. For a file, see
    /// [`TextLayout::zone`].
    #[must_use]
    pub fn zone(mut self, zone: TimeZone) -> Self {
        self.zone = zone;
        self
    }

    pub(super) fn is_colored(&self) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => color_wanted(|name| std::env::var(name).ok(), is_terminal(self.stream)),
        }
    }

    pub(super) fn open(&self) -> Destination {
        let layout = ConsoleLayout::new(self.style)
            .color(self.is_colored())
            .zone(self.zone);
        let (sink, opened) = match ConsoleSink::new(self.stream) {
            Ok(sink) => (Box::new(sink) as Box<dyn Sink>, Ok(())),
            Err(error) => (Box::new(Nowhere) as Box<dyn Sink>, Err(error)),
        };
        Destination {
            sink,
            layout: RouteLayout {
                key: None,
                layout: Box::new(layout),
                tells_processes_apart: false,
            },
            filter: self.filter.as_ref().map(|make| make()),
            make_filter: self.filter.clone(),
            opened,
            file: None,
        }
    }
}

/// Opens an output. When code of the program's panics on the way (a filter that is cloned, a sink that is
/// made), it becomes an output that takes nothing and says why.
pub(super) fn open_safely<D: From<Destination>>(open: &dyn Fn() -> D) -> D {
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|_| D::from(panicked()))
}

fn panicked() -> Destination {
    let what = format!("it panicked while it was made{}", panic_place());
    Destination {
        sink: Box::new(Nowhere),
        layout: text_layout(&TextLayout::default()),
        filter: None,
        make_filter: None,
        opened: Err(SinkError::new(ErrorKind::Panicked, what)),
        file: None,
    }
}

/// Stands for an output that could not be opened and cannot be tried again.
struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        drop(batch.take());
        Ok(())
    }
}

/// The one layout of hestia's own that several outputs may have: those that are equal write equal lines.
fn text_layout(layout: &TextLayout) -> RouteLayout {
    RouteLayout {
        key: Some(Box::new(layout.clone())),
        layout: Box::new(layout.clone()),
        tells_processes_apart: layout.tells_processes_apart(),
    }
}

/// The text file, `logs/all.log` unless said otherwise: one line for people per record.
///
/// # Example
/// ```
/// use hestia::{TextFile, TextLayout};
/// hestia::builder().text(
///     TextFile::new("logs/billing.log").layout(TextLayout::pattern("{time} {level:<5} {message}")?),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct TextFile {
    pub(super) path: Option<PathBuf>,
    pub(super) level: Option<LevelFilter>,
    pub(super) layout: TextLayout,
    pub(super) rotate: Option<Switch<Rotation>>,
    pub(super) sync: Option<Durability>,
    filter: Option<MakeFilter>,
}

impl TextFile {
    pub(super) const NAME: &'static str = "all.log";

    /// A text file with this path; its directory is made when it is missing. `{pid}` in it becomes the id of the process, so
    /// that each of several processes, forked children among them, has a file of its own.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        TextFile {
            path: Some(path.into()),
            ..TextFile::default()
        }
    }

    common_setters!();

    /// How lines look.
    #[must_use]
    pub fn layout(mut self, layout: TextLayout) -> Self {
        self.layout = layout;
        self
    }

    file_setters!();

    /// Rotated and synced as all files are, unless it has a word of its own.
    pub(super) fn open(&self, rotate: Option<&Switch<Rotation>>, sync: Durability) -> Destination {
        let rotate = self.rotate.as_ref().or(rotate);
        let sync = self.sync.unwrap_or(sync);
        let path = self.path.as_deref().unwrap_or(Path::new(Self::NAME));
        self.open_at(path, rotate, sync)
    }

    /// A file that looks the same, elsewhere.
    pub(super) fn open_at(
        &self,
        path: &Path,
        rotate: Option<&Switch<Rotation>>,
        sync: Durability,
    ) -> Destination {
        let layout = text_layout(&self.layout);
        open_file(path, rotate, sync, layout, self.filter.as_ref())
    }
}

/// The JSON file, `logs/app.log` unless said otherwise: one object per record.
///
/// # Example
/// ```
/// use hestia::{JsonFile, Schema};
/// hestia::builder().json(JsonFile::new("logs/app.log").schema(Schema::Ecs));
/// ```
#[derive(Clone, Default)]
pub struct JsonFile {
    pub(super) path: Option<PathBuf>,
    pub(super) level: Option<LevelFilter>,
    pub(super) schema: Schema,
    pub(super) rotate: Option<Switch<Rotation>>,
    pub(super) sync: Option<Durability>,
    filter: Option<MakeFilter>,
}

impl JsonFile {
    pub(super) const NAME: &'static str = "app.log";

    /// A JSON file with this path; its directory is made when it is missing. `{pid}` in it becomes the id of the process, so
    /// that each of several processes, forked children among them, has a file of its own.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        JsonFile {
            path: Some(path.into()),
            ..JsonFile::default()
        }
    }

    common_setters!();

    /// Which keys its objects have; [`Schema::Hestia`] unless said otherwise.
    #[must_use]
    pub fn schema(mut self, schema: Schema) -> Self {
        self.schema = schema;
        self
    }

    file_setters!();

    /// Rotated and synced as all files are, unless it has a word of its own.
    pub(super) fn open(&self, rotate: Option<&Switch<Rotation>>, sync: Durability) -> Destination {
        let rotate = self.rotate.as_ref().or(rotate);
        let sync = self.sync.unwrap_or(sync);
        let path = self.path.as_deref().unwrap_or(Path::new(Self::NAME));
        let layout = RouteLayout {
            key: None,
            layout: Box::new(JsonLayout::new(self.schema)),
            // Each line has a UUID.
            tells_processes_apart: true,
        };
        open_file(path, rotate, sync, layout, self.filter.as_ref())
    }
}

/// What is said about a file, in the file's own words.
pub(super) fn rules(rotate: Option<&Switch<Rotation>>, sync: Durability) -> FileRules {
    FileRules {
        // By hand every file can be rotated about which nothing is said.
        rotation: rotate.map_or_else(|| Some(Rotation::by_hand()), |said| said.0.clone()),
        durability: sync,
    }
}

fn open_file(
    path: &Path,
    rotate: Option<&Switch<Rotation>>,
    sync: Durability,
    layout: RouteLayout,
    filter: Option<&MakeFilter>,
) -> Destination {
    let FileRules {
        rotation,
        durability,
    } = rules(rotate, sync);
    let path = for_process(path, std::process::id());
    let mut sink = FileSink::new(path, rotation, durability);
    let opened = sink.open();
    Destination {
        file: Some(Arc::clone(sink.standing())),
        sink: Box::new(sink),
        layout,
        filter: filter.map(|make| make()),
        make_filter: filter.cloned(),
        opened,
    }
}

/// The path with the process's id in the place of `{pid}`.
pub(super) fn for_process(path: &Path, process_id: u32) -> PathBuf {
    match path.to_str() {
        Some(text) => PathBuf::from(text.replace("{pid}", &process_id.to_string())),
        None => path.to_owned(),
    }
}

/// An output of the program's own: a sink, with a name, and with level, filter and layout as it wants.
///
/// # Example
/// ```
/// use hestia::{Batch, JsonLayout, Level, Output, Schema, Sink, SinkError};
///
/// #[derive(Default)]
/// struct Count(usize);
/// impl Sink for Count {
///     fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
///         self.0 += batch.len();
///         Ok(())
///     }
/// }
///
/// hestia::builder()
///     .sink(Output::new("errors", Count::default()).level(Level::Error))
///     .sink(Output::made_by("all", Count::default).layout(JsonLayout::new(Schema::Ecs)));
/// ```
#[derive(Clone)]
pub struct Output {
    pub(super) name: String,
    pub(super) level: Option<LevelFilter>,
    /// Who said the level, when that was not who said the output.
    pub(super) level_origin: Option<Origin>,
    sink: SinkSource,
    layout: Arc<dyn Fn() -> RouteLayout + Send + Sync>,
    filter: Option<MakeFilter>,
}

type MakeSink = Arc<dyn Fn() -> Box<dyn Sink> + Send + Sync>;

#[derive(Clone)]
enum SinkSource {
    /// Taken by the first pipeline.
    Once(Arc<Mutex<Option<Box<dyn Sink>>>>),
    Made(MakeSink),
}

impl Output {
    /// An output that writes to a sink, in the text layout unless said otherwise. A forked child cannot
    /// have it, since there is only one; see [`Output::made_by`].
    #[must_use]
    pub fn new(name: impl Into<String>, sink: impl Sink + 'static) -> Self {
        let once = Arc::new(Mutex::new(Some(Box::new(sink) as Box<dyn Sink>)));
        Output::from_source(name.into(), SinkSource::Once(once))
    }

    /// An output whose sink is made when hestia starts, and made anew in a forked child.
    #[must_use]
    pub fn made_by<S: Sink + 'static>(
        name: impl Into<String>,
        make: impl Fn() -> S + Send + Sync + 'static,
    ) -> Self {
        let make: MakeSink = Arc::new(move || Box::new(make()));
        Output::from_source(name.into(), SinkSource::Made(make))
    }

    fn from_source(name: String, sink: SinkSource) -> Self {
        Output {
            name,
            level: None,
            level_origin: None,
            sink,
            layout: Arc::new(|| text_layout(&TextLayout::default())),
            filter: None,
        }
    }

    common_setters!();

    /// How lines look. A forked child starts with a clone of it.
    #[must_use]
    pub fn layout(mut self, layout: impl Layout + Clone + Sync + 'static) -> Self {
        self.layout = Arc::new(move || RouteLayout {
            key: None,
            layout: Box::new(layout.clone()),
            tells_processes_apart: false,
        });
        self
    }

    pub(super) fn open(&self) -> Option<Destination> {
        let sink = match &self.sink {
            SinkSource::Once(sink) => lock(sink).take()?,
            SinkSource::Made(make) => make(),
        };
        Some(Destination {
            sink,
            layout: (self.layout)(),
            filter: self.filter.as_ref().map(|make| make()),
            make_filter: self.filter.clone(),
            opened: Ok(()),
            file: None,
        })
    }
}

impl<S: Sink + 'static> From<S> for Output {
    /// Named `sink`.
    fn from(sink: S) -> Self {
        Output::new("sink", sink)
    }
}

macro_rules! debug {
    ($($type:ident { $($field:ident),+ })+) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.debug_struct(stringify!($type))
                    $(.field(stringify!($field), &self.$field))+
                    .field("is_filtered", &self.filter.is_some())
                    .finish_non_exhaustive()
            }
        }
    )+};
}

debug! {
    Console { stream, level, style, color, zone }
    TextFile { path, level, layout, rotate, sync }
    JsonFile { path, level, schema, rotate, sync }
    Output { name, level }
}

/// An output, or `false` for none, or `true` for the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch<T>(pub(super) Option<T>);

impl<T: Default> From<bool> for Switch<T> {
    fn from(on: bool) -> Self {
        Switch(on.then(T::default))
    }
}

macro_rules! switch_from {
    ($($type:ident)+) => {$(
        impl From<$type> for Switch<$type> {
            fn from(output: $type) -> Self {
                Switch(Some(output))
            }
        }
    )+};
}

switch_from!(Console TextFile JsonFile Rotation);

macro_rules! switch_from_path {
    ($($type:ident from $($path:ty)+;)+) => {$($(
        impl From<$path> for Switch<$type> {
            fn from(path: $path) -> Self {
                Switch(Some($type::new(path)))
            }
        }
    )+)+};
}

switch_from_path! {
    TextFile from &str String PathBuf;
    JsonFile from &str String PathBuf;
}
