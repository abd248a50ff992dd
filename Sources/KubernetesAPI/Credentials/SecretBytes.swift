import LinuxIO

/// Bytes of a certificate, a key or a token: given in the configuration, or in a file that may change.
enum SecretBytes: Sendable, Hashable {
    /// The bytes themselves; `name` says for people where they came from.
    case inline([UInt8], name: String)
    /// The file at this path.
    case file(String)

    /// The largest file that is read, in bytes: a bundle of all public authorities has 220 kB.
    static let maximumBytes = 4 << 20

    /// What to call it in messages.
    var name: String {
        switch self {
        case .inline(_, let name): name
        case .file(let path): path
        }
    }
}
