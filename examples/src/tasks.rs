//! How many tasks a tokio runtime has, told to whoever asks the process by a signal.

use std::io;
use tokio::{
    runtime::Handle,
    signal::unix::{SignalKind, signal},
};

/// Prints `tasks N` at each SIGUSR1 from now on, N being the tasks of the runtime that this is called in, less the one
/// that answers.
///
/// # Errors
/// When the signal cannot be listened for.
pub fn report_tasks() -> io::Result<()> {
    let mut asked = signal(SignalKind::user_defined1())?;
    tokio::spawn(async move {
        while asked.recv().await.is_some() {
            println!("tasks {}", Handle::current().metrics().num_alive_tasks() - 1);
        }
    });
    Ok(())
}
