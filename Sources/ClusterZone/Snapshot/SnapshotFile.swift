import Glibc

/// Reads a whole file into memory.
enum SnapshotFile {
    /// The bytes of the file at `path`, a named pipe too.
    static func bytes(path: String) throws(SnapshotError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, errno) }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(path, errno) }
        // One more than the size, so that a file that did not grow is read to its end without growing the buffer.
        var bytes = [UInt8](repeating: 0, count: min(max(Int(status.st_size), 0), SnapshotLimits.maximumBytes) + 1)
        var filled = 0
        while true {
            if filled == bytes.count {
                guard filled <= SnapshotLimits.maximumBytes else {
                    throw SnapshotError(path: path, problem: "more than \(SnapshotLimits.maximumBytes) bytes")
                }
                let room = SnapshotLimits.maximumBytes + 1 - filled
                bytes.append(contentsOf: repeatElement(0, count: min(max(filled, 1 << 16), room)))
            }
            // SAFETY: the pointer is used within the closure only, and the count is what is left of the buffer behind
            // it.
            let (count, code) = bytes.withUnsafeMutableBytes { buffer in
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                let count = read(descriptor, rest.baseAddress, rest.count)
                return (count, errno)
            }
            if count < 0, code == EINTR { continue }
            guard count >= 0 else { throw failure(path, code) }
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }

    private static func failure(_ path: String, _ code: Int32) -> SnapshotError {
        // SAFETY: since glibc 2.32 strerror's text is static or the thread's own.
        let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
        return SnapshotError(path: path, problem: reason)
    }
}
