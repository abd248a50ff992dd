import DNSWire
import LinuxIO
import ServerHarness
import Testing

/// Framing over TCP (RFC 1035, section 4.2.2; RFC 7766).
@Suite struct StreamTests {
    private static let corefile = ". {\n    bind 127.0.0.1\n    whoami\n}\n"

    private static func query(_ identifier: UInt16) -> [UInt8] {
        var question = DNSQuestion("host-\(identifier).example.org.")
        question.identifier = identifier
        return StreamClient.frame(question.bytes)
    }

    /// The next response is to the query with this identifier.
    private static func expect(_ identifier: UInt16, _ client: StreamClient) throws {
        let response = try DNSResponse(try #require(try client.receive(), "query \(identifier)"))
        #expect(response.identifier == identifier)
        #expect(response.name?.description == "host-\(identifier).example.org.")
    }

    @Test func severalQueriesInOneWrite() throws {
        let server = try RunningServer(Self.corefile)
        let client = try server.streamClient()
        for burst in [1...1, 2...9, 10...300] as [ClosedRange<UInt16>] {
            try client.send(burst.flatMap(Self.query))
            for identifier in burst { try Self.expect(identifier, client) }
        }
    }

    @Test func oneByteAfterTheOther() throws {
        let server = try RunningServer(Self.corefile)
        let client = try server.streamClient()
        for identifier in 1...3 as ClosedRange<UInt16> {
            for byte in Self.query(identifier) { try client.send([byte]) }
            try Self.expect(identifier, client)
        }
    }

    @Test func aQueryAndAHalf() throws {
        let server = try RunningServer(Self.corefile)
        let client = try server.streamClient()
        let (first, second) = (Self.query(1), Self.query(2))
        for place in 0...second.count {
            try client.send(first + second.prefix(place))
            try Self.expect(1, client)
            try client.send(Array(second.dropFirst(place)))
            try Self.expect(2, client)
        }
    }

    @Test func aStreamThatBreaksOffHarmsNoOther() throws {
        let server = try RunningServer(Self.corefile)
        let steady = try server.streamClient()
        for length in 0..<Self.query(1).count {
            let client = try server.streamClient()
            try client.send(Array(Self.query(1).prefix(length)))
        }
        try steady.send(Self.query(7))
        try Self.expect(7, steady)
    }

    @Test func answersOverTCPAreNotLimitedByEDNS() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("cluster.yaml", ClusterFiles.headless("web", endpoints: 100))
        let server = try RunningServer(
            ". {\n    bind 127.0.0.1\n    kubernetes cluster.local {\n        snapshot \(path)\n    }\n}\n")
        let question = DNSQuestion("web.shop.svc.cluster.local.", .a, udpSize: 512)
        let cut = try server.datagramClient().ask(question)
        #expect(cut.isTruncated && cut.bytes.count <= 512)
        let whole = try server.streamClient().ask(question)
        #expect(!whole.isTruncated && whole.answer.count == 100)
    }
}
