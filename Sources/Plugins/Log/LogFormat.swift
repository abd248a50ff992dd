import DNSWire
import LinuxIO
import PluginKit

/// A format of `log`: text with placeholders, taken apart when the Corefile is loaded.
struct LogFormat: Sendable, Equatable {
    /// What a placeholder stands for.
    enum Field: String, CaseIterable, Sendable {
        case type = "{type}"
        case name = "{name}"
        case recordClass = "{class}"
        case transport = "{proto}"
        case size = "{size}"
        case remote = "{remote}"
        case port = "{port}"
        case local = "{local}"
        case identifier = "{>id}"
        case opcode = "{>opcode}"
        case dnssecOK = "{>do}"
        case bufferSize = "{>bufsize}"
        case code = "{rcode}"
        case responseSize = "{rsize}"
        case duration = "{duration}"
        case responseFlags = "{>rflags}"
    }

    /// A part of the format.
    enum Piece: Sendable, Equatable {
        case text(String)
        case field(Field)
        /// A label of the metadata plugin, without its braces and slash.
        case metadata(String)
    }

    /// The format that logs have unless they say otherwise, and which `{common}` stands for.
    static let common =
        "{remote}:{port} - {>id} \"{type} {class} {name} {proto} {size} {>do} {>bufsize}\" {rcode} {>rflags} {rsize} "
        + "{duration}"
    /// What `{combined}` stands for.
    static let combined = common + " \"{>opcode}\""
    /// What stands for a value that there is none of.
    private static let nothing = "-"

    let pieces: [Piece]

    /// Takes a format apart. Braces around anything that is no placeholder stay as they are.
    init(_ format: String) {
        var pieces: [Piece] = []
        var text = ""
        // A placeholder begins at the last brace before the next closing one: "{ {name}" has one.
        var open: String.Index?
        let whole = Self.expanded(format)
        for place in whole.indices {
            let character = whole[place]
            text.append(character)
            if character == "{" { open = place }
            guard character == "}", let start = open else { continue }
            open = nil
            let candidate = String(whole[start...place])
            let piece: Piece
            if let field = Field(rawValue: candidate) {
                piece = .field(field)
            } else if candidate.hasPrefix("{/") {
                piece = .metadata(String(candidate.dropFirst(2).dropLast()))
            } else {
                continue
            }
            text.removeLast(candidate.count)
            if !text.isEmpty { pieces.append(.text(text)) }
            text = ""
            pieces.append(piece)
        }
        if !text.isEmpty { pieces.append(.text(text)) }
        self.pieces = pieces
    }

    /// The format with `{common}` and `{combined}` replaced by what they stand for.
    private static func expanded(_ format: String) -> String {
        var rest = format[...]
        var result = ""
        while let brace = rest.firstIndex(of: "{") {
            result += rest[..<brace]
            rest = rest[brace...]
            if rest.hasPrefix("{common}") {
                result += common
                rest = rest.dropFirst("{common}".count)
            } else if rest.hasPrefix("{combined}") {
                result += combined
                rest = rest.dropFirst("{combined}".count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result + rest
    }

    /// The line for a finished exchange, at `now` (monotonic nanoseconds); `metadata` says what a label's value is.
    func line(_ exchange: borrowing Exchange, now: UInt64, metadata: (String) -> String?) -> String {
        var line = ""
        for piece in pieces {
            switch piece {
            case .text(let text): line += text
            case .field(let field): line += Self.value(field, exchange, now)
            case .metadata(let label): line += metadata(label) ?? Self.nothing
            }
        }
        return line
    }

    private static func value(_ field: Field, _ exchange: borrowing Exchange, _ now: UInt64) -> String {
        // SAFETY: both headers are in the message, which the writer's base points to: the response is finished.
        let header = UnsafeRawPointer(exchange.writer.base)
        switch field {
        case .type: return exchange.request.type.description
        case .name: return exchange.questionName.description
        case .recordClass: return exchange.request.recordClass.description
        case .transport: return exchange.clientTransport.name
        case .size: return String(exchange.requestLength)
        case .remote: return host(exchange.client)
        case .port: return String(exchange.client.port)
        case .local: return host(exchange.local)
        case .identifier: return String(Header.field(header, Header.identifierOffset))
        case .opcode: return String(exchange.request.opcode.rawValue)
        case .dnssecOK: return String(exchange.request.dnssecOK)
        // CoreDNS: over TCP it is the largest message whatever the client says.
        case .bufferSize: return exchange.clientTransport == .tcp ? "65535" : String(exchange.request.udpSize)
        case .code: return code(exchange.code)
        case .responseSize: return String(exchange.responseLength)
        case .duration:
            let nanoseconds = now > exchange.startedAt ? now &- exchange.startedAt : 0
            return ShortestDecimal(Double(nanoseconds) / Double(Clock.second)).fixed + "s"
        case .responseFlags: return flags(Header.field(header, Header.flagsOffset))
        }
    }

    /// An address without its port; IPv6 in brackets (RFC 3986, section 3.2.2).
    private static func host(_ address: SocketAddress) -> String {
        address.family == .ipv4 ? address.host : "[\(address.host)]"
    }

    /// The code's name, or its number alone where it has none.
    private static func code(_ code: ResponseCode) -> String {
        let name = code.description
        return name.hasPrefix("RCODE") ? String(code.rawValue) : name
    }

    /// The names of the flags that are set, in the order of the header.
    private static func flags(_ flags: UInt16) -> String {
        let names: [(UInt16, String)] = [
            (Header.response, "qr"), (Header.authoritative, "aa"), (Header.truncated, "tc"),
            (Header.recursionDesired, "rd"), (Header.recursionAvailable, "ra"), (reserved, "z"),
            (Header.authenticData, "ad"), (Header.checkingDisabled, "cd"),
        ]
        return names.filter { flags & $0.0 != 0 }.map(\.1).joined(separator: ",")
    }

    /// Z: the bit that RFC 1035, section 4.1.1 reserves.
    private static let reserved: UInt16 = 0x0040
}
