import DNSWire

/// What hosts text says (hosts(5)): a line is an address and its names, the rest from `#` on is a comment.
struct HostsText {
    /// What is known of one name.
    struct Entry {
        /// Addresses in the order of the text.
        var ipv4: [IPv4Address] = []
        var ipv6: [IPv6Address] = []
        /// The host names of a reverse name, in wire form.
        var hostNames: [[UInt8]] = []
    }

    /// By name in wire form, in lower case: hosts, and the reverse names of addresses.
    private(set) var entries: [[UInt8]: Entry] = [:]
    /// Wildcards, by the name below which they stand.
    private(set) var wildcards: [[UInt8]: Entry] = [:]
    /// Addresses and host names in all, as CoreDNS counts them.
    private(set) var count = 0
    /// How many lines were passed over, and the first of them with what is wrong with it.
    private(set) var passedOver = 0
    private(set) var firstPassedOver: (line: Int, problem: String)?

    private let zones: [DomainName]
    private let reverses: Bool

    /// - Parameters:
    ///   - zones: names that lie in none of them are left out.
    ///   - reverses: whether addresses lead back to their names.
    init(_ text: [UInt8], zones: [DomainName], reverses: Bool) {
        self.zones = zones
        self.reverses = reverses
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            read(line, number: index + 1)
        }
    }

    /// What an address of a line is.
    private enum Address {
        case ipv4(IPv4Address)
        case ipv6(IPv6Address)

        /// An address in text form; a zone index behind `%` is dropped, and a mapped IPv4 address is one of IPv4 (Go's To4).
        init?(_ word: ArraySlice<UInt8>) {
            let text = String(decoding: word.prefix { $0 != UInt8(ascii: "%") }, as: UTF8.self)
            if let address = IPv4Address(parsing: text) {
                self = .ipv4(address)
            } else if let address = IPv6Address(parsing: text) {
                let isMapped = address.high == 0 && address.low >> 32 == 0xFFFF
                self =
                    isMapped ? .ipv4(IPv4Address(bits: UInt32(truncatingIfNeeded: address.low))) : .ipv6(address)
            } else {
                return nil
            }
        }
    }

    /// Whether a word is an address, as the first one of a line has to be.
    static func isAddress(_ word: String) -> Bool { Address(Array(word.utf8)[...]) != nil }

    private mutating func read(_ line: ArraySlice<UInt8>, number: Int) {
        let words = line.prefix { $0 != UInt8(ascii: "#") }.split(whereSeparator: Self.isBlank)
        guard let first = words.first else { return }
        guard let address = Address(first) else {
            passOver(number, "'\(Self.shown(first))' is not an address")
            return
        }
        guard words.count > 1 else {
            passOver(number, "no name behind the address")
            return
        }
        for word in words.dropFirst() {
            do throws(NameError) {
                let name = try DomainName(parsing: String(decoding: word, as: UTF8.self)).lowercased()
                if zones.contains(where: { name.isSubdomain(of: $0) }) { add(name, address) }
            } catch {
                passOver(number, "'\(Self.shown(word))' is not a domain name: \(error)")
            }
        }
    }

    private mutating func add(_ name: DomainName, _ address: Address) {
        count += 1
        // CoreDNS: a wildcard matches one label, and no address leads back to it.
        if name.wire.starts(with: Self.asterisk), let parent = name.parent {
            Self.add(address, to: &wildcards[parent.wire, default: Entry()])
            return
        }
        Self.add(address, to: &entries[name.wire, default: Entry()])
        guard reverses else { return }
        let reverse: [UInt8] =
            switch address {
            case .ipv4(let address): Self.reverseName(address)
            case .ipv6(let address): Self.reverseName(address)
            }
        entries[reverse, default: Entry()].hostNames.append(name.wire)
        count += 1
    }

    private static func add(_ address: Address, to entry: inout Entry) {
        switch address {
        case .ipv4(let address): entry.ipv4.append(address)
        case .ipv6(let address): entry.ipv6.append(address)
        }
    }

    private mutating func passOver(_ line: Int, _ problem: String) {
        passedOver += 1
        if firstPassedOver == nil { firstPassedOver = (line, problem) }
    }

    /// The label `*` with its length.
    private static var asterisk: [UInt8] { [1, UInt8(ascii: "*")] }

    /// Octets of a word that a message repeats.
    private static var longestShown: Int { 60 }

    private static func shown(_ word: ArraySlice<UInt8>) -> String {
        String(decoding: word.prefix(longestShown), as: UTF8.self) + (word.count > longestShown ? "..." : "")
    }

    private static func isBlank(_ octet: UInt8) -> Bool {
        octet == UInt8(ascii: " ") || (UInt8(ascii: "\t")...UInt8(ascii: "\r")).contains(octet)
    }

    /// RFC 1035, section 3.5.
    private static func reverseName(_ address: IPv4Address) -> [UInt8] {
        var wire: [UInt8] = []
        for shift in stride(from: UInt32(0), through: 24, by: 8) {
            let label = Array(String(address.bits >> shift & 0xFF).utf8)
            wire.append(UInt8(truncatingIfNeeded: label.count))
            wire += label
        }
        return wire + [7] + Array("in-addr".utf8) + [4] + Array("arpa".utf8) + [0]
    }

    /// RFC 3596, section 2.5.
    private static func reverseName(_ address: IPv6Address) -> [UInt8] {
        var wire: [UInt8] = []
        for half in [address.low, address.high] {
            for shift in stride(from: UInt64(0), through: 60, by: 4) {
                wire.append(1)
                wire += Array(String(half >> shift & 0xF, radix: 16).utf8)
            }
        }
        return wire + [3] + Array("ip6".utf8) + [4] + Array("arpa".utf8) + [0]
    }
}
