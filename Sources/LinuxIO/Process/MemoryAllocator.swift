import CLinux

/// What glibc's malloc can be told.
package enum MemoryAllocator {
    /// At most so many arenas (from 1) for the threads that start from now on: by default there are eight per core.
    package static func limitArenas(_ count: Int32) {
        clinux_malloc_limit_arenas(max(1, count))
    }

    /// Gives memory that is free back to the kernel. Takes milliseconds; not for a hot path.
    package static func trim() {
        clinux_malloc_trim()
    }
}
