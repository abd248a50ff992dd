import DNSWire
import LinuxIO

/// The search list of a file in the form of resolv.conf(5).
enum SearchPath {
    /// Bytes of a file.
    private static let sizeLimit = 1 << 20

    /// The domains of the last line `search DOMAIN...` or `domain DOMAIN`; those that are no names are left out.
    static func domains(_ text: String) -> [DomainName] {
        var found: [DomainName] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            guard words.count > 1, words[0] == "search" || words[0] == "domain" else { continue }
            let listed = words[0] == "domain" ? words[1...1] : words[1...]
            found = listed.compactMap { try? DomainName(parsing: $0).lowercased() }
        }
        return found
    }

    /// Reads a file.
    static func read(_ path: String) throws(SystemError) -> [DomainName] {
        domains(String(decoding: try FileReader.read(path, limit: sizeLimit), as: UTF8.self))
    }
}
