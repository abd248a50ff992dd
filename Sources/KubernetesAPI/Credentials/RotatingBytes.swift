import LinuxIO

/// Secret bytes as they are now: a file is read again when it changed, and every minute in any case.
struct RotatingBytes {
    /// How long bytes may be used without reading the file again, in nanoseconds. The kubelet renews a token when a fifth
    /// of its time is left, which is never less than two minutes; client-go keeps one for a minute too.
    static let longestUse: Int64 = 60_000_000_000

    private let source: SecretBytes
    private var bytes: [UInt8] = []
    private var stamp: FileStamp?
    private var readAt: Int64?

    /// Bytes from `source`, not yet read.
    init(_ source: SecretBytes) {
        self.source = source
    }

    /// What to call it in messages.
    var name: String { source.name }

    /// Makes the next use read the file.
    mutating func forget() {
        readAt = nil
    }

    /// The bytes at `now` (monotonic nanoseconds).
    ///
    /// A file that cannot be read for a moment (it is being replaced) does not take away bytes that are younger than a
    /// minute; then, or without such bytes, its error is thrown.
    mutating func current(now: Int64) throws(SystemError) -> [UInt8] {
        guard case .file(let path) = source else {
            if case .inline(let bytes, _) = source { return bytes }
            return []
        }
        let isYoung = readAt.map { now >= $0 && now - $0 < Self.longestUse } ?? false
        do throws(SystemError) {
            // Of a pipe or the like there is no telling whether it changed.
            let found = try FileStamp.current(path)
            if isYoung, found == stamp, found.isRegular { return bytes }
            bytes = try FileReader.read(path, limit: SecretBytes.maximumBytes)
            stamp = found
            readAt = now
        } catch {
            guard isYoung else { throw error }
        }
        return bytes
    }
}
