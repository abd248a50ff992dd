import CLinux
import Glibc
import Synchronization

/// Standard output and standard error as write(2) sees them: no buffering, and no line within another.
package struct Output: Sendable {
    /// Standard output.
    package static let standard = Output(descriptor: 1)
    /// Standard error.
    package static let error = Output(descriptor: 2)

    /// One lock for both: they are often the same pipe.
    private static let lock = Mutex(())
    /// How long a reader that takes nothing may hold up a write to a non-blocking descriptor, in milliseconds, before what
    /// is left of the line is dropped.
    private static let patienceMilliseconds: Int32 = 1000

    /// The descriptor written to; not owned.
    package let descriptor: Int32

    /// An output to an open descriptor, which stays the caller's.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes the bytes whole, before any bytes of another thread's write. Failures are ignored: there is nowhere to tell.
    package func write(_ bytes: [UInt8]) {
        Self.lock.withLock { _ in
            _ = Self.writeAll(bytes, to: descriptor)
        }
    }

    /// Writes `text` and a line feed.
    package func writeLine(_ text: String) {
        var bytes = Array(text.utf8)
        bytes.append(0x0a)
        write(bytes)
    }

    /// Writes everything; returns the error number when that is not possible.
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        // SAFETY: the kernel reads the array while the closure runs.
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest)
                let result = clinux_write(descriptor, part.baseAddress, part.count)
                if result >= 0 {
                    rest = rest.dropFirst(result)
                    continue
                }
                let code = Int32(truncatingIfNeeded: 0 &- result)
                if code == EINTR { continue }
                // A descriptor shared with another process may have been made non-blocking by it.
                if code == EAGAIN, clinux_wait_writable(descriptor, patienceMilliseconds) > 0 { continue }
                return code
            }
            return nil
        }
    }
}
