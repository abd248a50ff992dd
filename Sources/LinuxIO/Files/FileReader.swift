import CLinux
import Glibc

/// Reads files whole.
package enum FileReader {
    /// The first room made for a file: most configuration files fit.
    private static let firstBytes = 16 << 10

    /// The bytes of the file at `path`, which may also be a pipe or a file of /proc.
    ///
    /// Throws the error of open(2) or read(2) about the path, EFBIG when there are more than `limit` bytes, EINVAL when
    /// the path has a NUL inside.
    package static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        guard !path.utf8.contains(0) else { throw SystemError(call: "open", code: EINVAL, subject: path) }
        let descriptor = SocketDescriptor(owning: try SystemError.check(clinux_open_read(path), "open", path))
        var bytes: [UInt8] = []
        var room = Self.firstBytes
        while true {
            let start = bytes.count
            var result = 0
            bytes.append(contentsOf: repeatElement(0, count: room))
            // SAFETY: the read is given the room just added, from `start` on.
            bytes.withUnsafeMutableBytes { buffer in
                let free = UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
                result = clinux_read(descriptor.number, free.baseAddress, free.count)
            }
            bytes.removeLast(room - max(0, result))
            if result == 0 { return bytes }
            if result == -Int(EINTR) { continue }
            if result < 0 { throw SystemError(call: "read", code: Int32(truncatingIfNeeded: -result), subject: path) }
            guard bytes.count <= limit else { throw SystemError(call: "read", code: EFBIG, subject: path) }
            room = max(Self.firstBytes, min(bytes.count, 1 << 20))
        }
    }
}
