import DNSWire
import LinuxIO

/// Reads a master file (RFC 1035, section 5.1) with what it includes.
struct ZoneFileReader {
    /// Bytes of a file with all that it includes: some million records.
    static let sizeLimit = 256 << 20
    /// How deep files may include others (as miekg/dns).
    private static let deepestInclude = 7

    /// A record, with the place where it stands.
    struct Line {
        var record: ResourceRecord
        var path: String
        var number: Int
    }

    /// The records in the order of the file.
    private(set) var lines: [Line] = []
    /// The files that were opened, each with its stamp from before it was read; nil where there was none.
    private(set) var stamps: [(path: String, stamp: FileStamp?)] = []
    private var bytesLeft = Self.sizeLimit

    /// What carries over from one entry to the next.
    private struct State {
        var origin: DomainName
        var owner: DomainName?
        /// `$TTL`.
        var defaultTTL: UInt32?
        /// What records had last, which counts where there is no `$TTL` (RFC 1035, section 5.1).
        var lastTTL: UInt32?
    }

    /// Reads the file at `path`, whose names are relative to `origin`.
    mutating func read(_ path: String, origin: DomainName) throws(ZoneFileError) {
        var state = State(origin: origin)
        try read(path, &state, depth: 0)
    }

    private mutating func read(_ path: String, _ state: inout State, depth: Int) throws(ZoneFileError) {
        stamps.append((path, try? FileStamp.current(path)))
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileReader.read(path, limit: bytesLeft)
        } catch {
            throw ZoneFileError(error)
        }
        bytesLeft -= bytes.count
        var lexer = PresentationLexer(bytes)
        do throws(PresentationError) {
            while let entry = try lexer.nextEntry() {
                guard let first = entry.tokens.first, !first.isQuoted, first.octets.first == UInt8(ascii: "$") else {
                    try readRecord(entry, path, &state)
                    continue
                }
                if Self.isGenerate(first) {
                    var entries = try GeneratedEntries(entry)
                    while let entry = entries.next() { try readRecord(entry, path, &state) }
                    if let failure = entries.failure { throw failure }
                    continue
                }
                guard let include = try readDirective(entry, first, &state) else { continue }
                guard depth < Self.deepestInclude else {
                    throw include.token.error(
                        expected: "files that include each other at most \(Self.deepestInclude) deep")
                }
                // RFC 1035, section 5.1: origin and owner are those of before once the file ends.
                var inner = State(
                    origin: include.origin, owner: state.owner, defaultTTL: state.defaultTTL, lastTTL: state.lastTTL)
                try included(Self.resolve(include.path, from: path), &inner, depth, include.token)
            }
        } catch {
            throw ZoneFileError(path, error)
        }
    }

    /// Reads a file that another one includes: what is wrong with it says the file's own place.
    private mutating func included(
        _ path: String, _ state: inout State, _ depth: Int, _ token: PresentationToken
    ) throws(PresentationError) {
        do throws(ZoneFileError) {
            try read(path, &state, depth: depth + 1)
        } catch {
            throw PresentationError(
                line: token.line, column: token.column, found: "an included file with an error (\(error))",
                expected: "one that can be read")
        }
    }

    /// Relative paths start from the folder of the file that includes.
    private static func resolve(_ path: String, from file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(file[...slash]) + path
    }

    private mutating func readRecord(
        _ entry: PresentationEntry, _ path: String, _ state: inout State
    ) throws(PresentationError) {
        var record = try Self.parse(entry, state)
        guard record.recordClass == .internet else {
            throw PresentationError(
                line: entry.tokens.first?.line ?? entry.endLine, column: entry.tokens.first?.column ?? 1,
                found: "a record of class \(record.recordClass)", expected: "class IN")
        }
        state.owner = record.owner
        state.lastTTL = record.ttl
        record.owner = record.owner.lowercased()
        lines.append(Line(record: record, path: path, number: entry.tokens.first?.line ?? entry.endLine))
    }

    private static func parse(
        _ entry: PresentationEntry, _ state: State
    ) throws(PresentationError) -> ResourceRecord {
        func parse(_ ttl: UInt32?) throws(PresentationError) -> ResourceRecord {
            try ResourceRecord.parse(
                entry, origin: state.origin, previousOwner: state.owner, defaultTTL: ttl, defaultClass: .internet)
        }
        let ttl = state.defaultTTL ?? state.lastTTL
        do throws(PresentationError) {
            return try parse(ttl)
        } catch {
            // An SOA record that stands first without a TTL has its own minimum (RFC 1035, section 3.3.13).
            guard ttl == nil, var record = try? parse(0), case .soa(let authority) = record.data else { throw error }
            record.ttl = authority.minimum
            return record
        }
    }

    private static func isGenerate(_ token: PresentationToken) -> Bool {
        String(decoding: token.octets, as: UTF8.self).uppercased() == "$GENERATE"
    }

    /// What `$INCLUDE` says.
    private struct Include {
        let path: String
        let origin: DomainName
        let token: PresentationToken
    }

    /// Takes an entry that begins with `$`; returns what is to be included, if anything.
    private func readDirective(
        _ entry: PresentationEntry, _ first: PresentationToken, _ state: inout State
    ) throws(PresentationError) -> Include? {
        let words = entry.tokens.dropFirst()
        func argument(_ expected: String, most: Int = 1) throws(PresentationError) -> PresentationToken {
            guard let word = words.first else {
                throw PresentationError(
                    line: entry.endLine, column: entry.endColumn, found: "the end of the line", expected: expected)
            }
            if let extra = words.dropFirst(most).first { throw extra.error(expected: "the end of the line") }
            return word
        }
        switch String(decoding: first.octets, as: UTF8.self).uppercased() {
        case "$ORIGIN":
            state.origin = try Self.name(try argument("a domain name"), state.origin)
        case "$TTL":
            let word = try argument("a number of seconds")
            guard let seconds = word.seconds else {
                throw word.error(expected: "a number of seconds or a time such as 1h30m")
            }
            // RFC 2308, section 4.
            state.defaultTTL = seconds
        case "$INCLUDE":
            let word = try argument("the path of a file", most: 2)
            var origin = state.origin
            if let named = words.dropFirst().first { origin = try Self.name(named, state.origin) }
            return Include(path: String(decoding: word.octets, as: UTF8.self), origin: origin, token: word)
        default: throw first.error(expected: "a record, $ORIGIN, $TTL, $INCLUDE or $GENERATE")
        }
        return nil
    }

    private static func name(
        _ token: PresentationToken, _ origin: DomainName
    ) throws(PresentationError) -> DomainName {
        do throws(NameError) {
            return try DomainName(parsing: token.octets, relativeTo: origin)
        } catch {
            throw token.error(expected: "a domain name (\(error))")
        }
    }
}
