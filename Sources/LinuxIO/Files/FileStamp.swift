import CLinux
import Glibc

/// What tells one state of a file from another without reading it: when it differs, the file is to be read again.
///
/// It is that of the file a symbolic link points to, so it changes when Kubernetes swaps the `..data` link of a ConfigMap.
package struct FileStamp: Hashable, Sendable {
    /// The device's number.
    package let device: UInt64
    /// The file's number on the device.
    package let inode: UInt64
    /// Bytes.
    package let size: Int64
    /// When the content changed: nanoseconds since 1970-01-01 UTC.
    package let modifiedNanoseconds: Int64
    /// Whether it is a file that can be read again, not a pipe or a device.
    package let isRegular: Bool

    /// The stamp of the file at `path` now. Throws the error of stat(2), ENOENT when there is none.
    package static func current(_ path: String) throws(SystemError) -> FileStamp {
        guard !path.utf8.contains(0) else { throw SystemError(call: "stat", code: EINVAL, subject: path) }
        var stamp = clinux_file_stamp()
        _ = try SystemError.check(clinux_file_stamp_of(path, &stamp), "stat", path)
        return FileStamp(
            device: stamp.device, inode: stamp.inode, size: stamp.size,
            modifiedNanoseconds: stamp.modified_seconds &* 1_000_000_000 &+ stamp.modified_nanoseconds,
            isRegular: stamp.is_regular != 0)
    }
}
