import Glibc

/// The files of this machine.
package struct DiskFiles: FileSource {
    /// The largest Corefile or imported file, in bytes: 16 times what a Kubernetes ConfigMap can hold, and a bound for
    /// devices that never end.
    static let maximumSize = 16 * 1024 * 1024
    private static let chunk = 65_536

    /// Reads from the disk.
    package init() {}

    /// The bytes of a file, at most `maximumSize`.
    package func contents(of path: String) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.error(errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: Self.chunk)
        while true {
            // SAFETY: read writes at most buffer.count bytes into the array's own storage, which outlives the call.
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 {
                let code = errno
                if code == EINTR { continue }
                throw Self.error(code)
            }
            if count == 0 { return bytes }
            bytes += buffer.prefix(count)
            if bytes.count > Self.maximumSize { throw .tooLarge(limit: Self.maximumSize) }
        }
    }

    /// The names in a directory, without `.` and `..`.
    package func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            guard let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) else { return names }
            // SAFETY: d_name is a NUL-terminated string inside the entry, which is valid until the next readdir.
            let name = String(cString: UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self))
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Whether anything is at the path, a dangling link included.
    package func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private static func error(_ code: Int32) -> FileError {
        switch code {
        case ENOENT, ENOTDIR: .notFound
        case EISDIR: .isDirectory
        default: .unreadable(String(cString: strerror(code)))
        }
    }
}
