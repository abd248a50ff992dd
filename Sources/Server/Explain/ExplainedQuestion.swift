import DNSWire
import LinuxIO

/// A name and a type as somebody writes them.
package struct ExplainedQuestion: Sendable {
    /// In lower case.
    let name: DomainName
    let type: RecordType
    /// The address that was written in place of a name; nil for a name.
    let address: String?

    /// What is wrong with one: what was found and what was expected.
    package struct Problem: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Most characters of a name that is none which are shown: a line's worth.
    private static let mostShown = 80

    /// - Parameters:
    ///   - name: fully qualified, with or without its last dot; or an address, which stands for its reverse name.
    ///   - type: its mnemonic, or `TYPE` and a number; nil for A, and for PTR of reverse names.
    package init(_ name: String, type: String?) throws(Problem) {
        let reverse = SocketAddress.parse(host: name, port: 0).map(Self.reverseName)
        address = reverse == nil ? nil : name
        do throws(NameError) {
            self.name = try DomainName(parsing: reverse ?? name).lowercased()
        } catch {
            let start = name.prefix(Self.mostShown)
            let shown = start.endIndex == name.endIndex ? name : start + "..."
            throw Problem(description: "'\(shown)' is not a domain name: \(error)")
        }
        guard let type else {
            let labels = self.name.labels.suffix(2).map { String(decoding: $0, as: UTF8.self) }
            self.type = labels == ["in-addr", "arpa"] || labels == ["ip6", "arpa"] ? .ptr : .a
            return
        }
        guard let known = RecordType(mnemonic: type) else {
            let isSwapped = RecordType(mnemonic: name) != nil
            throw Problem(
                description: "unknown type '\(type)', expected one such as A, AAAA, SRV, PTR, TXT or TYPE65"
                    + (isSwapped ? ": the name comes first, then the type" : ""))
        }
        self.type = known
    }

    /// The name below in-addr.arpa (RFC 1035, section 3.5) or ip6.arpa (RFC 3596, section 2.5) that an address has.
    private static func reverseName(_ address: SocketAddress) -> String {
        let octets = (0..<16).map { place in
            UInt8(truncatingIfNeeded: (place < 8 ? address.high : address.low) >> UInt64((7 - place % 8) * 8))
        }
        if address.high == 0, address.low >> 32 == 0xFFFF {
            return octets.suffix(4).reversed().map { "\($0)." }.joined() + "in-addr.arpa."
        }
        return octets.reversed().map { octet in
            "\(String(octet & 0xF, radix: 16)).\(String(octet >> 4, radix: 16))."
        }.joined() + "ip6.arpa."
    }
}
