/// Where imports are read from: the disk, or a table in tests.
package protocol FileSource: Sendable {
    /// The bytes of a file.
    func contents(of path: String) throws(FileError) -> [UInt8]
    /// The names in a directory, in any order; none where it cannot be read.
    func names(in directory: String) -> [String]
    /// Whether there is a file or a directory at the path.
    func exists(_ path: String) -> Bool
}

/// Why a file could not be read.
package enum FileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is nothing at the path.
    case notFound
    /// The path is a directory.
    case isDirectory
    /// The file has more bytes than this limit.
    case tooLarge(limit: Int)
    /// What the system said.
    case unreadable(String)

    /// The reason in words.
    package var description: String {
        switch self {
        case .notFound: "no such file"
        case .isDirectory: "is a directory"
        case .tooLarge(let limit): "larger than \(limit) bytes"
        case .unreadable(let reason): reason
        }
    }
}
