import CLinux
import Glibc

/// A file to which the secrets of sessions are written, in the key log format of NSS, for other programs to decrypt what was
/// recorded. For debugging.
package final class TLSKeyLog: Sendable {
    private let descriptor: Int32

    /// Opens a file for appending; its owner alone may read it.
    package init(_ path: String) throws(TLSFileError) {
        // SAFETY: a plain call; the path has no NUL inside.
        let opened = path.utf8.contains(0) ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard opened >= 0 else {
            throw TLSFileError(.keyLog, "\(SystemError(call: "open", code: errno, subject: path))")
        }
        descriptor = opened
    }

    deinit { _ = clinux_close(descriptor) }

    /// Appends a line, in one write so that lines of several threads stay whole.
    func add(_ line: UnsafePointer<CChar>) {
        var bytes = Array(UnsafeRawBufferPointer(start: line, count: strlen(line)))
        bytes.append(0x0A)
        // A disk that is full must not end the service: what is lost is a line of a log for debugging.
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
