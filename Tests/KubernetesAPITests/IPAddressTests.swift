import Foundation
import KubernetesAPI
import Testing

@Suite("IP addresses")
struct IPAddressTests {
    @Test(
        "text that is an address",
        arguments: [
            ("0.0.0.0", "0.0.0.0"),
            ("10.96.0.1", "10.96.0.1"),
            ("255.255.255.255", "255.255.255.255"),
            ("::", "::"),
            ("::1", "::1"),
            ("1::", "1::"),
            ("fd00:17::", "fd00:17::"),
            ("FD00:17::ABCD:1", "fd00:17::abcd:1"),
            ("2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("0:0:0:0:0:0:0:0", "::"),
            ("1:0:0:2:3:4:0:0", "1::2:3:4:0:0"),
            ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
            ("::1.2.3.4", "::102:304"),
            // An IPv4-mapped address is an IPv4 address to CoreDNS.
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("::FFFF:0102:0304", "1.2.3.4"),
            ("::fffe:1.2.3.4", "::fffe:102:304"),
            ("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ])
    func parses(text: String, canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
        #expect(IPAddress(octets: address.octets) == address)
        #expect(address.octets.count == (address.family == .v4 ? 4 : 16))
    }

    @Test(
        "text that is none",
        arguments: [
            "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.1.1.1", "1.2.3.1234", "01.2.3.4",
            "1.2.3.00",
            "+1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/24", "0x1.2.3.4", "1.2.3.a", "localhost", "None",
            ":", ":::", "1:", ":1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7::8",
            "1::2::3", "::1::", "12345::", "g::", "::1%eth0", "::/64", "[::1]", "fe80::1%1",
            "::1.2.3", "::1.2.3.4.5", "::01.2.3.4", "::1.2.3.4:5", "1:2:3:4:5:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4",
            "::1:2:3:4:5:6:1.2.3.4", "1.2.3.4::", "::1.2.3.256", "1:2:3:4:5:6:7:8::", "::-1", "::+1",
        ])
    func refuses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("other counts of octets are no address", arguments: [0, 1, 3, 5, 15, 17])
    func octetCounts(count: Int) {
        #expect(IPAddress(octets: [UInt8](repeating: 1, count: count)) == nil)
    }

    @Test("order: IPv4 first, then by octets")
    func order() throws {
        let sorted = ["0.0.0.0", "9.255.0.1", "10.0.0.1", "255.0.0.1", "::", "::1", "1::", "fd00::1", "fd00::2"]
        let addresses = sorted.compactMap { IPAddress($0) }
        #expect(addresses.count == sorted.count)
        #expect(addresses.reversed().sorted() == addresses)
        #expect(Set(addresses).count == sorted.count)
    }

    /// The C library's inet_pton is as strict as Go's parser, so both must agree on any text.
    @Test("random text means what inet_pton says")
    func agreesWithTheCLibrary() {
        let seed = UInt64.random(in: .min ... .max)
        print("IPAddressTests seed \(seed)")
        var random = SplitMix64(state: seed)
        let alphabet = Array("0123456789abcdefF:::..1".utf8)
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = Array(Self.randomText(&random).utf8)
            for _ in 0..<Int.random(in: 0...2, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                case 1: bytes.remove(at: place)
                default: bytes.insert(alphabet[Int.random(in: 0..<alphabet.count, using: &random)], at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let expected = Self.libraryOctets(text)
            #expect(IPAddress(text)?.octets == expected, "\(text), seed \(seed)")
            if let address = IPAddress(text) {
                accepted += 1
                #expect(IPAddress(address.description) == address, "\(text), seed \(seed)")
            }
        }
        #expect(accepted > 1000)
    }

    private static func randomText(_ random: inout SplitMix64) -> String {
        if Bool.random(using: &random) {
            return (0..<4).map { _ in String(UInt8.random(in: 0...255, using: &random)) }.joined(separator: ".")
        }
        var groups = (0..<8).map { _ in
            Bool.random(using: &random) ? "0" : String(UInt16.random(in: 0...0xffff, using: &random), radix: 16)
        }
        if Bool.random(using: &random) {
            let first = Int.random(in: 0..<8, using: &random)
            let last = Int.random(in: first..<8, using: &random)
            groups.replaceSubrange(first...last, with: [""])
            if first == 0 { groups.insert("", at: 0) }
            if last == 7 { groups.append("") }
        }
        return groups.joined(separator: ":")
    }

    private static func libraryOctets(_ text: String) -> [UInt8]? {
        var octets = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &octets) == 1 { return Array(octets.prefix(4)) }
        guard inet_pton(AF_INET6, text, &octets) == 1 else { return nil }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        return octets.starts(with: mapped) ? Array(octets.suffix(4)) : octets
    }
}
