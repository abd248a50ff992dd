import CLinux
import Glibc

/// The file that tells others this process's number.
package enum PidFile {
    /// Writes the number and a line feed, over what was there. Throws the error of open(2) or write(2) about the path.
    package static func write(_ path: String) throws(SystemError) {
        guard !path.utf8.contains(0) else { throw SystemError(call: "open", code: EINVAL, subject: path) }
        let descriptor = SocketDescriptor(owning: try SystemError.check(clinux_open_write(path, 0o644), "open", path))
        if let code = Output.writeAll(Array("\(getpid())\n".utf8), to: descriptor.number) {
            throw SystemError(call: "write", code: code, subject: path)
        }
    }
}
