import CLinux
import Glibc

/// Replaces a file as a whole: whoever opens it, and whoever comes back after a crash, finds the old content or the new.
package enum ReplaceFile {
    /// Writes `bytes` to a new file beside `path`, brings it to the disk and gives it the name. Only its owner may read it.
    ///
    /// Throws the error of the call that failed, with the path it was about; the file at `path` is then the old one.
    package static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        guard !path.utf8.contains(0) else { throw SystemError(call: "open", code: EINVAL, subject: path) }
        // Two processes that share a path must not write the same new file. Their numbers do not tell them apart: in
        // containers both are the first. A lock does, and a process that was killed leaves one file behind, not many.
        let new = "\(path).new"
        let descriptor = SocketDescriptor(owning: try SystemError.check(clinux_open_locked(new, 0o600), "open", new))
        do throws(SystemError) {
            if let code = Output.writeAll(bytes, to: descriptor.number) {
                throw SystemError(call: "write", code: code, subject: new)
            }
            _ = try SystemError.check(clinux_fsync(descriptor.number), "fsync", new)
            _ = try SystemError.check(clinux_rename(new, path), "rename", path)
        } catch {
            _ = clinux_unlink(new)
            throw error
        }
        // Locked until here.
        withExtendedLifetime(descriptor) {}
        // The name is on the disk once its folder is. Where that cannot be had, the file still is one of the two.
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let folderDescriptor = clinux_open_read(folder)
        guard folderDescriptor >= 0 else { return }
        _ = clinux_fsync(folderDescriptor)
        _ = clinux_close(folderDescriptor)
    }
}
