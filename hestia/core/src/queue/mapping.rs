//! A file, mapped into memory, in which rings outlive their process.
//!
//! For processes that want what they had queued back after they were killed: rings lie in the file instead of on the
//! heap, and beside them what a later process needs to read them. This half is the living process's: callers' threads
//! take regions for rings and oversize records, describe statements ([`entries`]) and put scopes down ([`shelves`]), the writer
//! says before each round what it is about to write ([`rounds`]). `recovery` reads the file, by the numbers in [`format`].
//!
//! | bytes | what |
//! |---|---|
//! | [`format::HEADER`] | magic, version, who the process is, which of the two rounds counts |
//! | [`format::SLOTS`] | a slot for each ring: where it is, whose, and how far each of the two rounds goes |
//! | [`format::FILES`] | a slot for each output: where its file stood at each of the two rounds |
//! | [`format::SHELVES`] | shelves of places of one size: what a scope says, behind its number |
//! | [`format::ENTRIES`] | entries, one after the other: kind (4), length (4), a number that stands in records (8), and what it stands for |
//! | [`format::REGIONS`] | rings, each behind what its producer publishes, and oversize records, in whole pages |
//!
//! The file is as large as it may ever become, with holes where nothing was needed yet. Every part is preallocated before
//! it is used, so that no store can find the disk full and die of it (SIGBUS). All numbers are in the machine's byte order.
//!
//! *Invariant:* what a round says is complete before it counts, and what a slot or entry says before it can be seen.

#![allow(
    unsafe_code,
    reason = "memory that is shared with whoever reads the file later"
)]

mod entries;
mod rounds;
mod shelves;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::memory::{Memory, SIDE_BYTES};
use crate::sync::lock;
#[cfg(unix)]
use crate::system;
use crate::thread::{Thread, hold_file_size_signal};

use entries::Entries;
pub(crate) use shelves::MOST_SHELVED_BYTES;
use shelves::Shelves;

/// Where things are in the file, in bytes from its start, or from the start of the part that they are in.
pub(crate) mod format {
    use crate::position::FilePosition;

    /// The first word.
    pub(crate) const MAGIC: u64 = u64::from_le_bytes(*b"hestiaCR");
    /// Counts up with every change of this module and those in it, of the record's bytes or of the tags of values. What was
    /// released stays readable: `tests/golden/rings` has a file of every format, which the tests read.
    pub(crate) const VERSION: u64 = 3;

    pub(crate) const HEADER: usize = 0;
    pub(crate) const HEADER_BYTES: usize = 8 << 10;
    pub(crate) const AT_MAGIC: usize = 0;
    pub(crate) const AT_VERSION: usize = 8;
    /// Tells byte order and size of addresses.
    pub(crate) const AT_MACHINE: usize = 16;
    pub(crate) const AT_PROCESS_ID: usize = 24;
    /// Which round counts: its number, whose parity says which of the two it is.
    pub(crate) const AT_ROUND: usize = 64;
    /// How many slots were ever in use.
    pub(crate) const AT_SLOTS: usize = 72;
    /// How many bytes of entries there are.
    pub(crate) const AT_ENTRIES: usize = 80;
    /// How many shelves there are.
    pub(crate) const AT_SHELVES: usize = 88;
    /// Not 0 once another process with the same outputs was there: lines that were added to the files may be that one's.
    /// Older versions say it only of one that could not write down all of this.
    pub(crate) const AT_OTHERS: usize = 96;
    pub(crate) const AT_ROUNDS: [usize; 2] = [1 << 10, 4 << 10];

    /// A round: its number, then words of the writer's, then how many of the slots for files it has filled in.
    pub(crate) const ROUND_STATE_WORDS: usize = 16;
    pub(crate) const AT_ROUND_NUMBER: usize = 0;
    pub(crate) const AT_ROUND_STATE: usize = 8;
    pub(crate) const AT_ROUND_FILES: usize = AT_ROUND_STATE + 8 * ROUND_STATE_WORDS;
    const _: () = assert!(
        AT_ROUNDS[0] + AT_ROUND_FILES + 8 <= AT_ROUNDS[1]
            && AT_ROUNDS[1] + AT_ROUND_FILES + 8 <= HEADER_BYTES
    );

    pub(crate) const SLOTS: usize = HEADER + HEADER_BYTES;
    pub(crate) const MOST_SLOTS: usize = 16 << 10;
    pub(crate) const SLOT_BYTES: usize = 256;
    /// 0 for a free slot; otherwise the number of its ring, from 1 up.
    pub(crate) const AT_RING: usize = 0;
    /// Where the ring's region starts in the file.
    pub(crate) const AT_REGION: usize = 8;
    /// How many bytes of frames it holds.
    pub(crate) const AT_CAPACITY: usize = 16;
    pub(crate) const AT_THREAD_ID: usize = 24;
    /// How many of the bytes of the thread's name there are; `u64::MAX` for a ring that several threads share.
    pub(crate) const AT_NAME_LENGTH: usize = 32;
    pub(crate) const AT_NAME: usize = 40;
    pub(crate) const NAME_BYTES: usize = 128;
    /// Three words for each of the two rounds: where it starts in this ring, up to where the round before it had looked,
    /// and up to where it has looked itself.
    pub(crate) const AT_REACH: [usize; 2] = [168, 192];
    pub(crate) const SHARED_BY_THREADS: u64 = u64::MAX;

    /// The slot of an output, by its number: for each of the two rounds the words of a [`FilePosition`].
    pub(crate) const FILES: usize = SLOTS + MOST_SLOTS * SLOT_BYTES;
    /// As many as paths could be described.
    pub(crate) const MOST_FILES: usize = 256 << 10;
    pub(crate) const FILE_WORDS: usize = FilePosition::WORDS;
    pub(crate) const FILE_BYTES: usize = 2 * 8 * FILE_WORDS;

    /// A shelf's first word says how large its places are, powers of two; the first place is that word's.
    pub(crate) const SHELVES: usize = FILES + MOST_FILES * FILE_BYTES;
    pub(crate) const MOST_SHELVES: usize = 512;
    pub(crate) const SHELF_BYTES: usize = 64 << 10;
    pub(crate) const LEAST_PLACE_BYTES: usize = 128;
    pub(crate) const MOST_PLACE_BYTES: usize = 4 << 10;
    /// A place: the number of what it says, 0 for a free one; how many bytes that has; and these.
    pub(crate) const AT_PLACE_LENGTH: usize = 8;
    pub(crate) const AT_PLACE_BYTES: usize = 16;

    pub(crate) const ENTRIES: usize = SHELVES + MOST_SHELVES * SHELF_BYTES;
    pub(crate) const MOST_ENTRY_BYTES: usize = 32 << 20;
    /// The kind of an entry that says nothing, or nothing any more.
    pub(crate) const NOTHING: u32 = 0;
    pub(crate) const REGIONS: usize = ENTRIES + MOST_ENTRY_BYTES;

    /// What stands before a ring's frames. First in it: up to where they are complete.
    pub(crate) const RING_SIDE_BYTES: usize = super::SIDE_BYTES;

    /// One machine's byte order and size of addresses, as a number that another one reads as a different one.
    pub(crate) const fn machine() -> u64 {
        0x0102_0304_0506_0700 | size_of::<usize>() as u64
    }
}

use format::{
    AT_CAPACITY, AT_MACHINE, AT_MAGIC, AT_NAME, AT_NAME_LENGTH, AT_OTHERS, AT_PROCESS_ID, AT_REACH,
    AT_REGION, AT_RING, AT_SLOTS, AT_THREAD_ID, AT_VERSION, HEADER_BYTES, MAGIC, MOST_SLOTS,
    NAME_BYTES, REGIONS, SHARED_BY_THREADS, SLOT_BYTES, SLOTS, VERSION,
};

/// Regions are whole pages of this size; larger pages only mean that more is preallocated at once.
const PAGE: usize = 4096;
/// What the name of a file that is still being made ends with, instead of its usual end.
pub(crate) const UNFINISHED: &str = "new";

/// How far a round goes in one ring: positions, as `ring` counts them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    pub(super) slot: usize,
    pub(super) start: usize,
    /// Up to where the round before it had looked.
    pub(super) seen: usize,
    pub(super) end: usize,
}

/// The file, and where it is mapped.
#[derive(Debug)]
pub(crate) struct Mapping {
    path: PathBuf,
    file: File,
    start: NonNull<u8>,
    length: usize,
    /// The number that the mapping was made with: a forked child has another.
    process_id: u32,
    state: Mutex<State>,
    entries: Mutex<Entries>,
    shelves: Shelves,
    /// How many slots for files are preallocated. Only the writer asks.
    file_slots: AtomicUsize,
    /// Something found no room, and is on the heap, or undescribed.
    is_short: AtomicBool,
    /// It was so at any time.
    was_ever_short: AtomicBool,
}

// SAFETY: the memory is reached through atomics, through regions that have one owner each, and under the lock.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

#[derive(Debug, Default)]
struct State {
    /// Free parts between `REGIONS` and `unused`: offset and length, in order.
    free: Vec<(usize, usize)>,
    /// From here on nothing was ever used.
    unused: usize,
    free_slots: Vec<usize>,
    slots: usize,
}

/// A part of the file that has one owner, and goes back when that is dropped.
#[derive(Debug)]
pub(crate) struct Region {
    mapping: Arc<Mapping>,
    offset: usize,
    length: usize,
    pages: usize,
    slot: Option<usize>,
}

impl Mapping {
    /// Makes the file, with room for so many bytes of rings and oversize records.
    ///
    /// # Errors
    /// What the system says: the directory is missing, read-only or full, or there is such a file.
    #[cfg(unix)]
    pub(crate) fn create(path: PathBuf, bytes: usize) -> io::Result<Arc<Self>> {
        use std::os::fd::AsRawFd;
        use std::os::unix::fs::OpenOptionsExt;

        // Under another name until it is locked and says what it is: nobody takes it for one that was left.
        let unfinished = path.with_extension(UNFINISHED);
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)?;
        // A limit of file sizes is an error to be told, and no end of the process.
        let _held = hold_file_size_signal();
        let made = (|| {
            // Held as long as the process lives, and not by its children: whoever gets it knows that the process is gone.
            system::lock_as_process(&file)?;
            let length = REGIONS + bytes.next_multiple_of(PAGE);
            file.set_len(length as u64)?;
            preallocate(&file, 0, HEADER_BYTES)?;
            // SAFETY: a new mapping of a file of this length; it overlaps nothing.
            let address = unsafe {
                libc::mmap(
                    std::ptr::null_mut(),
                    length,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_SHARED,
                    file.as_raw_fd(),
                    0,
                )
            };
            if address == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let start = NonNull::new(address.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
            Ok((start, length))
        })();
        let (start, length) = match made {
            Ok(made) => made,
            Err(error) => {
                let _ = std::fs::remove_file(&unfinished);
                return Err(error);
            }
        };
        let mapping = Mapping {
            path,
            file,
            start,
            length,
            process_id: std::process::id(),
            state: Mutex::new(State {
                unused: REGIONS,
                ..State::default()
            }),
            entries: Mutex::default(),
            shelves: Shelves::default(),
            file_slots: AtomicUsize::new(0),
            is_short: AtomicBool::new(false),
            was_ever_short: AtomicBool::new(false),
        };
        let header = |at, value| mapping.word(at).store(value, Ordering::Relaxed);
        header(AT_VERSION, VERSION);
        header(AT_MACHINE, format::machine());
        header(AT_PROCESS_ID, mapping.process_id.into());
        mapping.word(AT_MAGIC).store(MAGIC, Ordering::Release);
        std::fs::rename(&unfinished, &mapping.path).inspect_err(|_| {
            let _ = std::fs::remove_file(&unfinished);
        })?;
        Ok(Arc::new(mapping))
    }

    #[cfg(not(unix))]
    pub(crate) fn create(_: PathBuf, _: usize) -> io::Result<Arc<Self>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// A word of the part of the file that is no region.
    fn word(&self, at: usize) -> &AtomicU64 {
        debug_assert!(at.is_multiple_of(8) && at + 8 <= REGIONS);
        // SAFETY: mapped as long as `self` lives, aligned, and only ever used as an atomic. Preallocated by whoever makes
        // the offset.
        unsafe { self.start.add(at).cast::<AtomicU64>().as_ref() }
    }

    /// Bytes of a part that nobody else writes or reads at this moment.
    fn put(&self, at: usize, bytes: &[u8]) {
        debug_assert!(at + bytes.len() <= self.length);
        // SAFETY: mapped, preallocated, and not seen by anybody before a later release store says that it is there.
        unsafe {
            self.start
                .add(at)
                .copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len());
        }
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Another process with the same outputs is there.
    pub(crate) fn say_others(&self) {
        self.word(AT_OTHERS).store(1, Ordering::Relaxed);
    }

    /// Whether something found no room since this was asked last: it does not outlive the process.
    pub(crate) fn was_short(&self) -> bool {
        self.is_short.swap(false, Ordering::Relaxed)
    }

    /// Whether all that is queued outlives the process. Async-signal-safe.
    #[cfg_attr(not(all(target_os = "linux", not(hestia_portable))), allow(dead_code))]
    pub(crate) fn has_everything(&self) -> bool {
        !self.was_ever_short.load(Ordering::Relaxed)
    }

    fn or_short<T>(&self, found: Option<T>) -> Option<T> {
        if found.is_none() {
            self.is_short.store(true, Ordering::Relaxed);
            self.was_ever_short.store(true, Ordering::Relaxed);
        }
        found
    }

    fn allocate(self: &Arc<Self>, length: usize) -> Option<Region> {
        let pages = length.next_multiple_of(PAGE);
        let offset = lock(&self.state).take(pages, self.length)?;
        let region = Region {
            mapping: Arc::clone(self),
            offset,
            length,
            pages,
            slot: None,
        };
        // Outside of the lock: it may take a while. When it fails the region goes back.
        preallocate(&self.file, offset, pages).ok()?;
        Some(region)
    }

    /// Memory for a ring of this many bytes; `None` when the file or its disk is full.
    pub(super) fn ring(
        self: &Arc<Self>,
        bytes: usize,
        id: u64,
        thread: Option<&Thread>,
    ) -> Option<Memory> {
        let mut region = self.or_short(self.allocate(SIDE_BYTES + bytes))?;
        let slot = self.or_short(self.take_slot())?;
        region.slot = Some(slot);
        let at = SLOTS + slot * SLOT_BYTES;
        let offset = region.offset;
        let memory = Memory::mapped(region);
        let store = |field, value: u64| self.word(at + field).store(value, Ordering::Relaxed);
        store(AT_REGION, offset as u64);
        store(AT_CAPACITY, bytes as u64);
        store(AT_THREAD_ID, thread.map_or(0, |thread| thread.id));
        let name = thread.and_then(|thread| thread.name.as_deref());
        let name = name.unwrap_or_default();
        let mut end = name.len().min(NAME_BYTES);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        let name = &name.as_bytes()[..end];
        self.put(at + AT_NAME, name);
        let length = thread.map_or(SHARED_BY_THREADS, |_| name.len() as u64);
        store(AT_NAME_LENGTH, length);
        for reach in AT_REACH {
            for word in 0..3 {
                store(reach + 8 * word, 0);
            }
        }
        // Last, and after what the memory holds: with it the slot is in use.
        self.word(at + AT_RING).store(id + 1, Ordering::Release);
        Some(memory)
    }

    fn take_slot(&self) -> Option<usize> {
        let mut state = lock(&self.state);
        if let Some(slot) = state.free_slots.pop() {
            return Some(slot);
        }
        let slot = state.slots;
        if slot == MOST_SLOTS {
            return None;
        }
        preallocate(&self.file, SLOTS + slot * SLOT_BYTES, SLOT_BYTES).ok()?;
        state.slots += 1;
        self.word(AT_SLOTS)
            .store(state.slots as u64, Ordering::Release);
        Some(slot)
    }

    /// Memory for a record that is too large for its ring, filled with it.
    pub(super) fn oversize(self: &Arc<Self>, payload: &[u8]) -> Option<Region> {
        let region = self.or_short(self.allocate(payload.len().max(1)))?;
        self.put(region.offset, payload);
        Some(region)
    }

    /// The region that was given away by its offset and length.
    ///
    /// # Safety
    /// [`Region::give_away`] returned both, and it is taken back once.
    pub(super) unsafe fn take_back(self: &Arc<Self>, offset: usize, length: usize) -> Region {
        Region {
            mapping: Arc::clone(self),
            offset,
            length,
            pages: length.next_multiple_of(PAGE),
            slot: None,
        }
    }

    /// The bytes of a region that was given away and not taken back.
    ///
    /// # Safety
    /// As it says, for as long as the bytes are used.
    pub(super) unsafe fn given_away(&self, offset: usize, length: usize) -> &[u8] {
        // SAFETY: within the mapping, since it was a region; nobody writes to it any more.
        unsafe { std::slice::from_raw_parts(self.start.add(offset).as_ptr(), length) }
    }

    /// Whether this process made it, rather than one that it was forked from.
    pub(crate) fn is_own(&self) -> bool {
        self.process_id == std::process::id()
    }

    /// Takes the name away: there is nothing left to recover.
    pub(crate) fn remove(&self) {
        if self.is_own() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whose files of this process are.
#[cfg(unix)]
pub(crate) fn user() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

/// Has the file system set blocks aside for bytes that nobody uses yet.
#[cfg(unix)]
fn preallocate(file: &File, offset: usize, length: usize) -> io::Result<()> {
    match system::allocate(file, offset, length) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            write_zeros(file, offset as u64, length)
        }
        result => result,
    }
}

/// As `posix_fallocate` does it in that case: what has been written has blocks, on local file systems.
#[cfg(unix)]
fn write_zeros(file: &File, mut offset: u64, mut length: usize) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    // A limit of file sizes that came later is an error, and no end of the process.
    let _held = hold_file_size_signal();
    // Not a static, which every program would have in its file.
    let zeros = vec![0; 16 * PAGE];
    while length > 0 {
        let part = length.min(zeros.len());
        file.write_all_at(&zeros[..part], offset)?;
        offset += part as u64;
        length -= part;
    }
    Ok(())
}

#[cfg(not(unix))]
fn preallocate(_: &File, _: usize, _: usize) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Drop for Mapping {
    fn drop(&mut self) {
        #[cfg(unix)]
        // SAFETY: the mapping made in `create`, unmapped once; no region is left, since each holds a count.
        let _ = unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

impl State {
    /// The first free part that is large enough.
    fn take(&mut self, pages: usize, end: usize) -> Option<usize> {
        if let Some(at) = self.free.iter().position(|(_, length)| *length >= pages) {
            let (offset, length) = self.free[at];
            if length == pages {
                self.free.remove(at);
            } else {
                self.free[at] = (offset + pages, length - pages);
            }
            return Some(offset);
        }
        let offset = self.unused;
        let next = offset.checked_add(pages).filter(|next| *next <= end)?;
        self.unused = next;
        Some(offset)
    }

    /// Joins what is given back with its neighbours.
    fn give_back(&mut self, offset: usize, pages: usize) {
        let at = self.free.partition_point(|(start, _)| *start < offset);
        self.free.insert(at, (offset, pages));
        if at + 1 < self.free.len() && offset + pages == self.free[at + 1].0 {
            self.free[at].1 += self.free[at + 1].1;
            self.free.remove(at + 1);
        }
        if at > 0 && self.free[at - 1].0 + self.free[at - 1].1 == offset {
            self.free[at - 1].1 += self.free[at].1;
            self.free.remove(at);
        }
    }
}

impl Region {
    pub(super) fn start(&self) -> NonNull<u8> {
        // SAFETY: within the mapping.
        unsafe { self.mapping.start.add(self.offset) }
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    /// The slot of the ring that it is for.
    pub(super) fn slot(&self) -> Option<usize> {
        self.slot
    }

    /// Its offset and length, which from now on are all that is known of it; see [`Mapping::take_back`].
    pub(super) fn give_away(self) -> (usize, usize) {
        let region = std::mem::ManuallyDrop::new(self);
        // SAFETY: read once, and never dropped: what is given away has no count of its own. The ring that it is given to
        // has one.
        drop(unsafe { std::ptr::read(&raw const region.mapping) });
        (region.offset, region.length)
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        let mut state = lock(&self.mapping.state);
        if let Some(slot) = self.slot {
            let at = SLOTS + slot * SLOT_BYTES + AT_RING;
            // Before the region can be somebody else's.
            self.mapping.word(at).store(0, Ordering::Release);
            state.free_slots.push(slot);
        }
        state.give_back(self.offset, self.pages);
    }
}
