import DNSWire
import LinuxIO

/// Why a zone file cannot be used: which file, and where in it.
struct ZoneFileError: Error, CustomStringConvertible {
    let description: String
    /// The error number where the file could not be read.
    var code: Int32?

    init(_ description: String) { self.description = description }

    init(_ path: String, _ error: PresentationError) { self.init("\(path):\(error)") }

    init(_ error: SystemError) {
        self.init("\(error)")
        code = error.code
    }
}
