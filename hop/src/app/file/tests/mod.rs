//! Files over the whole engine, without sockets: what a client gets.

mod answers;
mod content;
mod finding;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use http::Method;

use super::*;
use crate::app::handler::handler;
use crate::app::routes::Routes;
use crate::testing::{Answer, App};

/// A directory of its own for one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("hop-files-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Folder(path)
    }

    /// With a file, last modified on 1994-11-06 08:49:37.5.
    fn with(self, name: &str, content: impl AsRef<[u8]>) -> Folder {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_millis(784_111_777_500)).unwrap();
        self
    }

    fn link(self, name: &str, target: impl AsRef<Path>) -> Folder {
        symlink(target, self.0.join(name)).unwrap();
        self
    }

    fn dir(&self) -> StaticDir {
        dir(&self.0)
    }

    /// Served below `/f`.
    fn app(&self) -> App {
        serve(self.dir())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn serve(dir: StaticDir) -> App {
    App::new(Routes::new().dir("/f", dir))
}

fn ten() -> Folder {
    Folder::new().with("ten.txt", "0123456789")
}

fn ask(app: &App, target: &str, headers: &[(&str, &str)]) -> Answer {
    headers.iter().fold(app.request("GET", target), |request, (name, value)| request.header(name, value)).send()
}

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
