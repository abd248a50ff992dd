/// Why a certificate, key or list of authorities cannot be used: what was found, and what was expected.
package struct TLSFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Which of the files it is about.
    package enum File: Sendable {
        case certificate
        case key
        case authorities
        case keyLog
    }

    /// The file at fault.
    package let file: File
    /// What is wrong with it, with its path.
    package let description: String

    init(_ file: File, _ description: String) {
        self.file = file
        self.description = description
    }
}
