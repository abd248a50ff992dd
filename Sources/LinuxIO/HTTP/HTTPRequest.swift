/// What a request asks: GET or HEAD, and the path.
package struct HTTPRequest: Equatable, Sendable {
    /// The methods that are answered.
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
    }

    /// What the bytes that have come so far are.
    enum Parsed: Equatable {
        /// The head has not ended yet.
        case incomplete
        case request(HTTPRequest)
        /// To be answered with this status.
        case refused(Int)
    }

    /// GET or HEAD.
    package let method: Method
    /// The path as sent, without the query; percent encodings are left as they are.
    package let path: String

    /// Reads the head of a request (RFC 9112 sections 2 to 5); a body, which neither GET nor HEAD needs, is not looked at.
    static func parse(_ bytes: [UInt8]) -> Parsed {
        var lines: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        while true {
            guard let end = rest.firstIndex(of: lineFeed) else { return .incomplete }
            var line = rest[..<end]
            // RFC 9112 section 2.2: a single line feed may be taken as the end of a line.
            if line.last == carriageReturn { line.removeLast() }
            rest = rest[(end + 1)...]
            if line.isEmpty {
                // The same section: an empty line before the request line is to be ignored.
                if lines.isEmpty { continue }
                break
            }
            lines.append(line)
        }
        guard let start = lines.first else { return .incomplete }
        return read(start: start, fields: lines.dropFirst())
    }

    private static func read(start: ArraySlice<UInt8>, fields: ArraySlice<ArraySlice<UInt8>>) -> Parsed {
        let parts = start.split(separator: space, omittingEmptySubsequences: false)
        guard parts.count == 3, isToken(parts[0]), !parts[1].isEmpty, parts[1].allSatisfy(isVisible) else {
            return .refused(400)
        }
        let version = Array(parts[2])
        let isHTTP11 = version == Array("HTTP/1.1".utf8)
        guard isHTTP11 || version == Array("HTTP/1.0".utf8) else {
            return .refused(version.starts(with: Array("HTTP/".utf8)) ? 505 : 400)
        }
        var hosts = 0
        for field in fields {
            // No space around the name, and no folded lines (RFC 9112 sections 5.1 and 5.2).
            guard let colon = field.firstIndex(of: 0x3a), isToken(field[..<colon]) else { return .refused(400) }
            // RFC 9112 section 2.2: a bare carriage return is not part of anything.
            if field.contains(carriageReturn) || field.contains(0) { return .refused(400) }
            if String(decoding: field[..<colon], as: UTF8.self).lowercased() == "host" { hosts += 1 }
        }
        // RFC 9112 section 3.2: exactly one Host with HTTP/1.1.
        guard hosts == 1 || !isHTTP11 && hosts == 0 else { return .refused(400) }
        guard let method = Method(rawValue: String(decoding: parts[0], as: UTF8.self)) else { return .refused(405) }
        guard let path = path(String(decoding: parts[1], as: UTF8.self)) else { return .refused(400) }
        return .request(HTTPRequest(method: method, path: path))
    }

    /// The path of a target in origin form or absolute form (RFC 9112 section 3.2); nil for other forms.
    private static func path(_ target: String) -> String? {
        var path = target[...]
        if path.lowercased().hasPrefix("http://") {
            path = path.dropFirst("http://".count)
            guard let slash = path.firstIndex(of: "/") else { return "/" }
            path = path[slash...]
        }
        guard path.first == "/" else { return nil }
        return String(path.prefix { $0 != "?" && $0 != "#" })
    }

    private static let lineFeed: UInt8 = 0x0a
    private static let carriageReturn: UInt8 = 0x0d
    private static let space: UInt8 = 0x20

    private static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7f }

    /// RFC 9110 section 5.6.2.
    private static func isToken(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty
            && bytes.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e...0x60, 0x7c, 0x7e: true
                default: false
                }
            }
    }
}
