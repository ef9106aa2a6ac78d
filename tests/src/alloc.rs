//! A global allocator that counts, for tests of what costs memory and what does not.
//!
//! A test binary opts in: `#[global_allocator] static ALLOCATOR: Counting = Counting;`. The counts are those of the calling
//! thread, so that tests beside each other do not disturb each other. Without the allocator they stay 0.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(Counts { allocations: 0, live_bytes: 0 }) };
}

/// What a thread has allocated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// How often memory was asked for, growing included.
    pub allocations: usize,
    /// Bytes allocated and not freed; less than 0 on a thread that frees what others have allocated.
    pub live_bytes: isize,
}

/// The counts of this thread.
pub fn counts() -> Counts {
    COUNTS.get()
}

/// The system's allocator, counted.
#[derive(Debug)]
pub struct Counting;

fn count(allocations: usize, bytes: isize) {
    // A thread that is ending may have no counts any more.
    let _ = COUNTS.try_with(|counts| {
        let before = counts.get();
        counts.set(Counts { allocations: before.allocations + allocations, live_bytes: before.live_bytes + bytes });
    });
}

// SAFETY: every call is passed on unchanged to the system's allocator, which keeps the contract; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as isize);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as isize);
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(1, new_size as isize - layout.size() as isize);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(place, layout, new_size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(0, -(layout.size() as isize));
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(place, layout) }
    }
}
