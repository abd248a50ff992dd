import Testing

@testable import LinuxIO

@Suite struct SocketAddressTests {
    struct Row: Sendable {
        let text: String
        let expected: String?
    }

    static let withDefaults: [Row] = [
        Row(text: "1.2.3.4", expected: "1.2.3.4:53"),
        Row(text: "1.2.3.4:5353", expected: "1.2.3.4:5353"),
        Row(text: "::1", expected: "[::1]:53"),
        Row(text: "[::1]", expected: "[::1]:53"),
        Row(text: "[::1]:53", expected: "[::1]:53"),
        Row(text: "[2001:DB8:0:0::1]:65535", expected: "[2001:db8::1]:65535"),
        Row(text: "localhost:9153", expected: "127.0.0.1:9153"),
        Row(text: "localhost", expected: "127.0.0.1:53"),
        Row(text: ":8080", expected: "[::]:8080"),
        Row(text: "::ffff:10.1.2.3", expected: "10.1.2.3:53"),
        Row(text: "[::ffff:10.1.2.3]:7", expected: "10.1.2.3:7"),
        Row(text: "0.0.0.0:0", expected: "0.0.0.0:0"),
        Row(text: "fe80::1%lo", expected: "[fe80::1%lo]:53"),
        Row(text: "fe80::1%1", expected: "[fe80::1%lo]:53"),
        Row(text: "", expected: nil),
        Row(text: ":", expected: nil),
        Row(text: "1.2.3", expected: nil),
        Row(text: "1.2.3.4.5", expected: nil),
        Row(text: "1.2.3.256", expected: nil),
        Row(text: "01.2.3.4", expected: nil),
        Row(text: " 1.2.3.4", expected: nil),
        Row(text: "1.2.3.4:", expected: nil),
        Row(text: "1.2.3.4:65536", expected: nil),
        Row(text: "1.2.3.4:-1", expected: nil),
        Row(text: "1.2.3.4:+1", expected: nil),
        Row(text: "1.2.3.4:000053", expected: nil),
        Row(text: "[1.2.3.4]:53", expected: nil),
        Row(text: "[::1", expected: nil),
        Row(text: "[::1]x", expected: nil),
        Row(text: "[]:53", expected: nil),
        Row(text: "::g", expected: nil),
        Row(text: "1:2:3", expected: nil),
        Row(text: "fe80::1%", expected: nil),
        Row(text: "fe80::1%nosuchinterface", expected: nil),
        Row(text: "fe80::1%0", expected: nil),
        Row(text: "1.2.3.4\u{0}5", expected: nil),
        Row(text: "example.com:53", expected: nil),
        Row(text: String(repeating: "1", count: 5000), expected: nil),
    ]

    @Test(arguments: withDefaults) func parsesWithDefaultPort(row: Row) {
        #expect(SocketAddress.parse(row.text, defaultPort: 53)?.description == row.expected)
    }

    @Test(arguments: [
        Row(text: "1.2.3.4", expected: nil), Row(text: "::1", expected: nil), Row(text: "[::1]", expected: nil),
        Row(text: "localhost", expected: nil), Row(text: "1.2.3.4:1", expected: "1.2.3.4:1"),
        Row(text: "[::1]:1", expected: "[::1]:1"), Row(text: ":1", expected: "127.0.0.1:1"),
    ]) func parsesWithoutDefaultPort(row: Row) {
        let host = SocketAddress.loopback(port: 0)
        #expect(SocketAddress.parse(row.text, defaultHost: host)?.description == row.expected)
    }

    struct Kind: Sendable {
        let text: String
        let isLoopback: Bool
        let isWildcard: Bool
        let isLinkLocal: Bool
        let bytes: [UInt8]
    }

    static let kinds: [Kind] = [
        Kind(text: "127.0.0.2", isLoopback: true, isWildcard: false, isLinkLocal: false, bytes: [127, 0, 0, 2]),
        Kind(text: "128.0.0.2", isLoopback: false, isWildcard: false, isLinkLocal: false, bytes: [128, 0, 0, 2]),
        Kind(text: "0.0.0.0", isLoopback: false, isWildcard: true, isLinkLocal: false, bytes: [0, 0, 0, 0]),
        Kind(
            text: "169.254.20.10", isLoopback: false, isWildcard: false, isLinkLocal: true, bytes: [169, 254, 20, 10]),
        Kind(
            text: "::", isLoopback: false, isWildcard: true, isLinkLocal: false, bytes: [UInt8](repeating: 0, count: 16)
        ),
        Kind(
            text: "::1", isLoopback: true, isWildcard: false, isLinkLocal: false,
            bytes: [UInt8](repeating: 0, count: 15) + [1]),
        Kind(
            text: "febf::2", isLoopback: false, isWildcard: false, isLinkLocal: true,
            bytes: [0xfe, 0xbf] + [UInt8](repeating: 0, count: 13) + [2]),
        Kind(
            text: "fec0::2", isLoopback: false, isWildcard: false, isLinkLocal: false,
            bytes: [0xfe, 0xc0] + [UInt8](repeating: 0, count: 13) + [2]),
    ]

    @Test(arguments: kinds) func knowsItsKind(kind: Kind) throws {
        let address = try #require(SocketAddress.parse(host: kind.text, port: 1))
        #expect(address.isLoopback == kind.isLoopback)
        #expect(address.isWildcard == kind.isWildcard)
        #expect(address.isLinkLocal == kind.isLinkLocal)
        #expect(address.bytes == kind.bytes)
        #expect(address.host == kind.text)
    }

    @Test func mappedAddressesAreIPv4() throws {
        let mapped = try #require(SocketAddress.parse(host: "::ffff:127.0.0.1", port: 9))
        #expect(mapped == .loopback(port: 9))
        #expect(mapped.family == .ipv4)
        #expect(mapped.ipv4 == 0x7f00_0001)
        #expect(SocketAddress.parse(host: "::fffe:127.0.0.1", port: 9)?.family == .ipv6)
    }

    @Test func loopbackInterfaceIsFound() throws {
        let addresses = try NetworkInterfaces.addresses()
        #expect(addresses["lo"]?.contains(.loopback(port: 0)) == true)
    }

    @Test func errorsSayCallSubjectAndName() {
        #expect(
            SystemError(call: "bind", code: 98, subject: "127.0.0.1:53").description
                == "bind 127.0.0.1:53: Address already in use (EADDRINUSE)")
        #expect(SystemError(call: "socket", code: 24).description == "socket: Too many open files (EMFILE)")
        #expect(SystemError(call: "x", code: 99999).description == "x: error 99999")
    }
}
