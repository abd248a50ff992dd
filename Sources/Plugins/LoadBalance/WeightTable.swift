import DNSWire
import LinuxIO

/// How likely each address of a name is to stand first in an answer, as a weight file says.
struct WeightTable: Sendable, Equatable {
    /// What is wrong with a weight file.
    struct Failure: Error, Equatable, CustomStringConvertible {
        /// The line, from 1.
        let line: Int
        let message: String

        var description: String { "\(line): \(message)" }
    }

    /// Weights by address, by name in lower case.
    private var names: [DomainName: [SocketAddress: UInt8]] = [:]

    /// A table in which every address has the weight 1.
    init() {}

    /// Reads a weight file: a line with a name, then lines with an address and its weight from 1 to 255; `#` begins a comment
    /// line.
    init(parsing text: String) throws(Failure) {
        var current: DomainName?
        for (place, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard let first = fields.first, !first.hasPrefix("#") else { continue }
            let number = place + 1
            switch fields.count {
            case 1: current = try Self.name(String(first), line: number)
            case 2:
                guard let address = SocketAddress.parse(host: String(first), port: 0) else {
                    throw Failure(line: number, message: "wrong IP address:\"\(first)\", expected IPv4 or IPv6")
                }
                guard let weight = UInt8(fields[1]), weight > 0 else {
                    throw Failure(line: number, message: "wrong weight value:\"\(fields[1])\", expected 1 to 255")
                }
                guard let name = current else {
                    throw Failure(line: number, message: "missing domain name, expected one on a line before this")
                }
                // CoreDNS: of two lines for one address the first counts.
                if names[name]?[address] == nil { names[name, default: [:]][address] = weight }
            default:
                throw Failure(
                    line: number,
                    message: "could not parse weight line:\"\(line)\", expected a name, or an address and "
                        + "its weight")
            }
        }
    }

    private static func name(_ text: String, line: Int) throws(Failure) -> DomainName {
        if SocketAddress.parse(host: text, port: 0) != nil {
            throw Failure(line: line, message: "wrong domain name:\"\(text)\". (Maybe a missing weight value?)")
        }
        do throws(NameError) {
            return try DomainName(parsing: text).lowercased()
        } catch {
            throw Failure(line: line, message: "wrong domain name:\"\(text)\": \(error)")
        }
    }

    /// The weight of an address of a name in lower case: 1 where the file says nothing.
    func weight(_ name: DomainName, _ address: SocketAddress) -> UInt32 {
        UInt32(names[name]?[address] ?? 1)
    }
}
