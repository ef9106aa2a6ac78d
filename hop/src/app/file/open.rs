//! Opening files beneath a root, so that nothing outside it can be reached, whatever the name or the links below it say.
//!
//! On Linux the kernel itself keeps the walk below the root (`openat2`); elsewhere, and where a sandbox forbids that call, the walk goes
//! directory by directory and follows no symbolic link.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, RwLock};

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::validator::Modified;

/// Which symbolic links are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Symlinks {
    /// Relative ones that stay below the root at each step. Others are not found. Where the system cannot promise that (other systems than
    /// Linux, and Linux before 5.6), none is followed.
    #[default]
    Below,
    /// None.
    Refused,
    /// All, wherever they lead. Only for roots in which nobody else can write.
    Anywhere,
}

/// How much an opening may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Not at all: for worker threads. What is not in the kernel's caches is [`Missed::WouldBlock`].
    Never,
    /// As long as the disk takes: for the blocking pool.
    Always,
}

/// What was found under a name.
#[derive(Debug)]
pub(super) enum Found {
    File(Opened),
    Directory,
}

/// A regular file, open and measured.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) length_bytes: u64,
    pub(super) modified: Modified,
}

/// Why nothing was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    /// Try again with [`Patience::Always`].
    WouldBlock,
    /// There is no regular file and no directory of this name below the root.
    NotFound,
    /// hop's process may not read it.
    Forbidden,
    /// Descriptors or memory have run out, or the file is locked: it may work later.
    Busy,
    /// The disk failed, for one.
    Failed(Errno),
}

/// A directory that holds all that may be opened. It is opened when it is first needed, and again when its path names another one, which is
/// looked at once in a second in which anything is asked for.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    symlinks: Symlinks,
    open: RwLock<Option<Arc<OpenRoot>>>,
    /// The second in which its path was last looked at.
    looked_at: AtomicU64,
}

/// Who has looked at no path yet.
const NEVER: u64 = u64::MAX;

#[derive(Debug)]
struct OpenRoot {
    directory: OwnedFd,
    id: DirectoryId,
    /// Files that the kernel has cached open at once: the file system is not on a network nor served by another process.
    is_quick: bool,
}

/// What tells one directory from all others that are there at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct DirectoryId {
    device: u64,
    inode: u64,
}

impl From<Stat> for DirectoryId {
    #[allow(clippy::unnecessary_cast, reason = "other systems number by other types")]
    fn from(stat: Stat) -> Self {
        DirectoryId { device: stat.st_dev as u64, inode: stat.st_ino as u64 }
    }
}

impl Root {
    pub(super) fn new(path: PathBuf, symlinks: Symlinks) -> Self {
        // The process may change its directory later; without a current directory the path is all there is.
        let path = std::path::absolute(&path).unwrap_or(path);
        Root { path, symlinks, open: RwLock::new(None), looked_at: AtomicU64::new(NEVER) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens what has this name; it must be one of [`Name`](super::name::Name)'s. An empty one is the root itself. `second`: of the time,
    /// where it is known.
    pub(super) fn open(&self, name: &[u8], patience: Patience, second: Option<u64>) -> Result<Found, Missed> {
        let root = self.directory(patience, second)?;
        match self.open_in(&root, name, patience) {
            Err(Missed::NotFound) if root.is_removed() => {
                self.forget();
                self.open_in(&*self.directory(patience, second)?, name, patience)
            }
            found => found,
        }
    }

    fn open_in(&self, root: &OpenRoot, name: &[u8], patience: Patience) -> Result<Found, Missed> {
        let name = if name.is_empty() { b"." } else { name };
        let opened = match patience {
            Patience::Never if root.is_quick => system::open_cached(root.directory.as_fd(), name, self.symlinks),
            Patience::Never => Err(Missed::WouldBlock),
            Patience::Always => system::open(root.directory.as_fd(), name, self.symlinks),
        };
        measure(opened?)
    }

    fn directory(&self, patience: Patience, second: Option<u64>) -> Result<Arc<OpenRoot>, Missed> {
        if let Some(open) = self.known() {
            if self.is_named(&open, patience, second)? {
                return Ok(open);
            }
            self.forget();
        }
        if patience == Patience::Never {
            return Err(Missed::WouldBlock);
        }
        let directory = rustix::fs::openat(CWD, &self.path, DIRECTORY, Mode::empty()).map_err(|error| {
            log::error!("the directory {} cannot be opened: {error}", self.path.display());
            Missed::from(error)
        })?;
        let id = rustix::fs::fstat(&directory)?.into();
        let open = Arc::new(OpenRoot { is_quick: system::is_quick(directory.as_fd()), id, directory });
        *self.open.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(Arc::clone(&open));
        self.looked_at.store(second.unwrap_or(NEVER), Relaxed);
        Ok(open)
    }

    fn known(&self) -> Option<Arc<OpenRoot>> {
        self.open.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// Whether the path still names this directory, as far as was seen within the second. One that names nothing for the moment does.
    fn is_named(&self, open: &OpenRoot, patience: Patience, second: Option<u64>) -> Result<bool, Missed> {
        if !self.is_due(second) {
            return Ok(true);
        }
        let named = match patience {
            Patience::Never => system::cached_id(&self.path),
            Patience::Always => rustix::fs::stat(&self.path).map(DirectoryId::from).map_err(Missed::from),
        };
        match named {
            Ok(id) if id != open.id => Ok(false),
            Err(Missed::WouldBlock) => {
                self.looked_at.store(NEVER, Relaxed);
                Err(Missed::WouldBlock)
            }
            _ => Ok(true),
        }
    }

    /// Of all who ask within a second one looks; who does not know the time always does.
    fn is_due(&self, second: Option<u64>) -> bool {
        let is_new = |second| self.looked_at.load(Relaxed) != second && self.looked_at.swap(second, Relaxed) != second;
        second.is_none_or(is_new)
    }

    fn forget(&self) {
        *self.open.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
    }
}

impl OpenRoot {
    /// A removed directory has no name any more, and nothing new appears in it.
    fn is_removed(&self) -> bool {
        rustix::fs::fstat(&self.directory).is_ok_and(|stat| stat.st_nlink == 0)
    }
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// `NONBLOCK` lets the opening of a pipe or device return at once, so that it can be seen and left alone.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// What kind of thing was opened, and its measures. By `fstat`, which costs half of the `statx` that the standard library asks for.
fn measure(file: OwnedFd) -> Result<Found, Missed> {
    let stat = rustix::fs::fstat(&file)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Ok(Found::Directory),
        FileType::RegularFile => Ok(Found::File(Opened {
            file: File::from(file),
            length_bytes: u64::try_from(stat.st_size).unwrap_or(0),
            modified: Modified { seconds: stat.st_mtime as i64, nanoseconds: stat.st_mtime_nsec as i64 },
        })),
        _ => Err(Missed::NotFound),
    }
}

impl From<Errno> for Missed {
    fn from(error: Errno) -> Self {
        match error {
            // `XDEV` and `LOOP` are `openat2`'s and `NOFOLLOW`'s words for a link that may not be followed; `NXIO` is a socket.
            Errno::NOENT
            | Errno::NOTDIR
            | Errno::NAMETOOLONG
            | Errno::LOOP
            | Errno::XDEV
            | Errno::NXIO
            | Errno::NODEV => Missed::NotFound,
            Errno::ACCESS | Errno::PERM => Missed::Forbidden,
            Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN | Errno::INTR => Missed::Busy,
            error => Missed::Failed(error),
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    //! Linux: the kernel keeps the walk below the root.

    use super::*;
    use rustix::fs::ResolveFlags;

    /// Opens without waiting for a disk: every directory and the file must be in the kernel's caches (`RESOLVE_CACHED`, Linux 5.12).
    /// Mount points end the attempt, because what is mounted there may be slow.
    pub(super) fn open_cached(root: BorrowedFd<'_>, name: &[u8], symlinks: Symlinks) -> Result<OwnedFd, Missed> {
        let quick = ResolveFlags::CACHED | ResolveFlags::NO_XDEV;
        rustix::fs::openat2(root, name, READ, Mode::empty(), resolve(symlinks) | quick).map_err(missed_in_cache)
    }

    /// What a path names, without waiting for a disk.
    pub(super) fn cached_id(path: &Path) -> Result<DirectoryId, Missed> {
        // Without `DIRECTORY`, which some kernels take for a part of `TMPFILE` here.
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let named = rustix::fs::openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED);
        Ok(rustix::fs::fstat(named.map_err(missed_in_cache)?)?.into())
    }

    fn missed_in_cache(error: Errno) -> Missed {
        match error {
            // Not cached; a mount point or a way out; an old kernel; a sandbox: the pool finds out which.
            Errno::AGAIN | Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::PERM => Missed::WouldBlock,
            error => error.into(),
        }
    }

    pub(super) fn open(root: BorrowedFd<'_>, name: &[u8], symlinks: Symlinks) -> Result<OwnedFd, Missed> {
        for _ in 0..ATTEMPTS {
            match rustix::fs::openat2(root, name, READ, Mode::empty(), resolve(symlinks)) {
                // Something was renamed while the kernel walked through a link: it could not promise to have stayed below.
                Err(Errno::AGAIN | Errno::INTR) => {}
                // Linux before 5.6, or a sandbox that does not know the call.
                Err(Errno::NOSYS | Errno::PERM) => return super::open_by_steps(root, name, symlinks),
                opened => return Ok(opened?),
            }
        }
        Err(Missed::Busy)
    }

    const ATTEMPTS: usize = 16;

    fn resolve(symlinks: Symlinks) -> ResolveFlags {
        let below = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match symlinks {
            Symlinks::Below => below,
            Symlinks::Refused => below | ResolveFlags::NO_SYMLINKS,
            Symlinks::Anywhere => ResolveFlags::NO_MAGICLINKS,
        }
    }

    /// Whether the file system is one of those that answer from the kernel's caches alone.
    pub(super) fn is_quick(directory: BorrowedFd<'_>) -> bool {
        rustix::fs::fstatfs(directory).is_ok_and(|system| QUICK.contains(&(system.f_type as u32)))
    }

    /// ext, xfs, btrfs, f2fs, zfs, bcachefs, tmpfs, ramfs, overlayfs, squashfs, erofs, as statfs(2) numbers them.
    const QUICK: [u32; 11] = [
        0xEF53,
        0x5846_5342,
        0x9123_683E,
        0xF2F5_2010,
        0x2FC1_2FC1,
        0xCA45_1A4E,
        0x0102_1994,
        0x8584_58F6,
        0x794C_7630,
        0x7371_7368,
        0xE0F5_E1E2,
    ];
}

#[cfg(not(target_os = "linux"))]
mod system {
    //! Elsewhere: directory by directory, always on the pool.

    use super::*;

    pub(super) use super::open_by_steps as open;

    pub(super) fn open_cached(_: BorrowedFd<'_>, _: &[u8], _: Symlinks) -> Result<OwnedFd, Missed> {
        Err(Missed::WouldBlock)
    }

    pub(super) fn cached_id(_: &Path) -> Result<DirectoryId, Missed> {
        Err(Missed::WouldBlock)
    }

    pub(super) fn is_quick(_: BorrowedFd<'_>) -> bool {
        false
    }
}

/// Walks directory by directory. No link is followed, so that nothing leads out, except where links may lead anywhere.
fn open_by_steps(root: BorrowedFd<'_>, name: &[u8], symlinks: Symlinks) -> Result<OwnedFd, Missed> {
    if symlinks == Symlinks::Anywhere {
        return Ok(rustix::fs::openat(root, name, READ, Mode::empty())?);
    }
    let mut segments: Vec<&[u8]> = name.split(|&byte| byte == b'/').collect();
    let last = segments.pop().unwrap_or(b".");
    let mut directory: Option<OwnedFd> = None;
    for segment in segments {
        let within = directory.as_ref().map_or(root, AsFd::as_fd);
        directory = Some(rustix::fs::openat(within, segment, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?);
    }
    let within = directory.as_ref().map_or(root, AsFd::as_fd);
    Ok(rustix::fs::openat(within, last, READ | OFlags::NOFOLLOW, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    type Opener = fn(BorrowedFd<'_>, &[u8], Symlinks) -> Result<OwnedFd, Missed>;

    /// `secret`, and below `root`: `a`, `deep/b` and links.
    fn tree(name: &str) -> PathBuf {
        let outer = std::env::temp_dir().join(format!("hop-open-{}-{name}", std::process::id()));
        fs::create_dir_all(outer.join("root/deep")).unwrap();
        for file in ["secret", "root/a", "root/deep/b"] {
            fs::write(outer.join(file), file).unwrap();
        }
        let links = [("inside", "a"), ("out", "../secret"), ("up", ".."), ("shallow", "deep"), ("absolute", "/etc")];
        links.iter().for_each(|(link, target)| symlink(target, outer.join("root").join(link)).unwrap());
        outer
    }

    fn read(outer: &Path, name: &str, symlinks: Symlinks, open: Opener) -> Result<String, Missed> {
        let root = File::open(outer.join("root")).unwrap();
        match measure(open(root.as_fd(), name.as_bytes(), symlinks)?)? {
            Found::File(opened) => Ok(std::io::read_to_string(opened.file).unwrap()),
            Found::Directory => Ok("directory".to_owned()),
        }
    }

    #[test]
    fn both_ways_of_opening_stay_below_the_root() {
        let outer = tree("both");
        for open in [system::open as Opener, open_by_steps] {
            for symlinks in [Symlinks::Below, Symlinks::Refused] {
                let read = |name: &str| read(&outer, name, symlinks, open);
                assert_eq!(read("a").unwrap(), "root/a");
                assert_eq!(read("deep/b").unwrap(), "root/deep/b");
                assert_eq!(read("deep").unwrap(), "directory");
                assert_eq!(read(".").unwrap(), "directory");
                for missed in ["none", "a/b", "deep/none/c", "out", "up/secret", "up", "absolute/passwd", "absolute"] {
                    assert_eq!(read(missed), Err(Missed::NotFound), "{missed}");
                }
            }
            assert_eq!(read(&outer, "up/secret", Symlinks::Anywhere, open).unwrap(), "secret");
        }
        let inside = |symlinks, open| read(&outer, "inside", symlinks, open);
        assert_eq!(inside(Symlinks::Below, system::open).unwrap(), "root/a");
        assert_eq!(inside(Symlinks::Refused, system::open), Err(Missed::NotFound));
        assert_eq!(inside(Symlinks::Below, open_by_steps), Err(Missed::NotFound));
        assert_eq!(read(&outer, "shallow/b", Symlinks::Below, open_by_steps), Err(Missed::NotFound));
        fs::remove_dir_all(outer).unwrap();
    }

    #[test]
    fn what_opens_without_waiting_is_what_opens_with_patience() {
        let outer = tree("cached");
        let root = Root::new(outer.join("root"), Symlinks::Below);
        assert_eq!(
            root.open(b"a", Patience::Never, Some(0)).err(),
            Some(Missed::WouldBlock),
            "the root is not open yet"
        );
        let length = |found: Found| match found {
            Found::File(opened) => opened.length_bytes,
            Found::Directory => 0,
        };
        for name in ["a", "deep/b", "deep", "inside", "none", "out", "up/secret"] {
            let patient = root.open(name.as_bytes(), Patience::Always, Some(0)).map(length);
            match root.open(name.as_bytes(), Patience::Never, Some(0)).map(length) {
                // A file system that is not known to be quick, or a kernel that cannot say.
                Err(Missed::WouldBlock) => {}
                hasty => assert_eq!(hasty, patient, "{name}"),
            }
        }
        fs::remove_dir_all(outer).unwrap();
    }

    #[test]
    fn a_path_that_names_another_directory_is_noticed_in_the_next_second() {
        let outer = tree("swapped");
        fs::create_dir(outer.join("other")).unwrap();
        symlink("root", outer.join("now")).unwrap();
        let root = Root::new(outer.join("now"), Symlinks::Below);
        assert!(root.open(b"a", Patience::Always, Some(1)).is_ok());
        let hasty = |second| root.open(b"a", Patience::Never, Some(second)).err();
        assert!(matches!(hasty(2), None | Some(Missed::WouldBlock)));
        symlink("other", outer.join("next")).unwrap();
        fs::rename(outer.join("next"), outer.join("now")).unwrap();
        assert_eq!(hasty(3), Some(Missed::WouldBlock));
        assert_eq!(root.open(b"a", Patience::Always, Some(3)).err(), Some(Missed::NotFound));
        fs::remove_dir_all(outer).unwrap();
    }

    #[test]
    fn what_a_path_names_is_the_same_with_and_without_waiting() {
        let outer = tree("named");
        let patient = rustix::fs::stat(&outer).map(DirectoryId::from).unwrap();
        match system::cached_id(&outer) {
            Err(Missed::WouldBlock) => {}
            hasty => assert_eq!(hasty, Ok(patient)),
        }
        fs::remove_dir_all(outer).unwrap();
    }

    #[test]
    fn errors_are_told_by_what_a_client_can_do() {
        assert_eq!(Missed::from(Errno::ACCESS), Missed::Forbidden);
        assert_eq!(Missed::from(Errno::MFILE), Missed::Busy);
        assert_eq!(Missed::from(Errno::XDEV), Missed::NotFound);
        assert_eq!(Missed::from(Errno::IO), Missed::Failed(Errno::IO));
    }
}
