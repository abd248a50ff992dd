import Corefile
import DNSWire
import Foundation
import LinuxIO
import PluginKit
import Plugins
import ServerHarness
import Testing

@testable import Server

/// How large a UDP response may be, by who asks. A client elsewhere cannot be had on every machine, so the router is asked
/// directly, with the client's address given.
@Suite struct ResponseSizeTests {
    /// A headless service of 120 endpoints: an A answer of about 1,950 bytes.
    private static let cluster: String = {
        let endpoints = (1...120).map { "    {\"addresses\":[\"10.1.0.\($0)\"],\"conditions\":{\"ready\":true}}" }
        return """
            {"kind":"List","apiVersion":"v1","items":[
              {"kind":"Namespace","apiVersion":"v1","metadata":{"name":"shop"}},
              {"kind":"Service","apiVersion":"v1","metadata":{"name":"many","namespace":"shop"},
               "spec":{"clusterIP":"None","clusterIPs":["None"],"type":"ClusterIP"}},
              {"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":"many-1","namespace":"shop",
               "labels":{"kubernetes.io/service-name":"many"}},"addressType":"IPv4","ports":[],"endpoints":[
            \(endpoints.joined(separator: ",\n"))]}]}
            """
    }()

    struct Row: Sendable {
        let client: SocketAddress
        let transport: Transport
        /// The EDNS size; nil without EDNS.
        let offered: UInt16?
        /// Largest response in bytes, and whether the answer is whole.
        let most: Int
        let isWhole: Bool
    }

    private static let elsewhere = SocketAddress(ipv4: 0x0A01_0203, port: 40_000)
    private static let elsewhereIPv6 = SocketAddress(high: 0x2001_0DB8_0000_0000, low: 1, port: 40_000)
    private static let here = SocketAddress.loopback(port: 40_000)

    static let rows = [
        // Anywhere else: 1232 bytes, whatever the client offers beyond.
        Row(client: elsewhere, transport: .udp, offered: 4096, most: 1232, isWhole: false),
        Row(client: elsewhere, transport: .udp, offered: 65_535, most: 1232, isWhole: false),
        Row(client: elsewhere, transport: .udp, offered: 1232, most: 1232, isWhole: false),
        Row(client: elsewhereIPv6, transport: .udp, offered: 4096, most: 1232, isWhole: false),
        // What the client takes where that is less, and 512 without EDNS.
        Row(client: elsewhere, transport: .udp, offered: 700, most: 700, isWhole: false),
        Row(client: elsewhere, transport: .udp, offered: nil, most: 512, isWhole: false),
        // On the loopback interface nothing is fragmented.
        Row(client: here, transport: .udp, offered: 4096, most: 4096, isWhole: true),
        Row(client: here, transport: .udp, offered: 1232, most: 1232, isWhole: false),
        Row(client: here, transport: .udp, offered: nil, most: 512, isWhole: false),
        // TCP has no such limit.
        Row(client: elsewhere, transport: .tcp, offered: nil, most: 65_535, isWhole: true),
    ]

    @Test(arguments: rows)
    func isLimited(row: Row) throws {
        let folder = try TemporaryFolder()
        try folder.write("cluster.json", Self.cluster)
        let text = ". {\n    bind 127.0.0.1\n    kubernetes cluster.local {\n        snapshot cluster.json\n    }\n}\n"
        let process = ProcessContext(log: Log { _ in })
        let configuration = try Configuration(
            try Corefile.parse(text: text, file: "Corefile"), directory: folder.path, process: process)
        for placed in configuration.blocks.flatMap(\.plugins) { try placed.plugin.start() }
        defer { for placed in configuration.blocks.flatMap(\.plugins) { placed.plugin.stop() } }
        let plan = try #require(configuration.listeners.first)
        let router = Router(
            plan, transport: row.transport, random: FastRandom(seed: 1),
            dropped: DroppedQueries(QueryMetrics.of(process), server: plan.server, transport: row.transport),
            clock: process.clock)

        var query: [UInt8] = [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, row.offered == nil ? 0 : 1]
        query += try DomainName(parsing: "many.shop.svc.cluster.local.").wire + [0, 1, 0, 1]
        if let offered = row.offered {
            query += [0, 0, 41, UInt8(offered >> 8), UInt8(offered & 0xFF), 0, 0, 0, 0, 0, 0]
        }
        let capacity = row.transport == .udp ? DatagramBatch.defaultCapacity : LengthPrefixedServer.maximumFrame
        var buffer = [UInt8](repeating: 0, count: capacity)
        buffer.replaceSubrange(0..<query.count, with: query)
        router.beginBatch(1)
        let length = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map {
                router.answer($0, length: query.count, capacity: capacity, client: row.client, local: Self.here)
            } ?? 0
        }
        let response = try DNSResponse(Array(buffer[..<length]))
        #expect(length <= row.most)
        #expect(response.code == .noError)
        // A cut answer is as full as it can be, and says so; a whole one has every address.
        let isCut = buffer[2] & 0x02 != 0
        #expect(isCut != row.isWhole)
        let answers = Int(buffer[6]) << 8 | Int(buffer[7])
        #expect(row.isWhole ? answers == 120 : answers < 120 && length > row.most - 16 - 11)
    }
}
