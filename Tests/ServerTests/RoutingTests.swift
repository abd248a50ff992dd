import DNSWire
import LinuxIO
import Server
import ServerHarness
import Testing

/// Which block answers, and from where.
@Suite struct RoutingTests {
    /// A block for `key` that serves a saved cluster in which `web.shop` has `address`.
    static func block(_ key: String, _ folder: TemporaryFolder, _ address: String, zone: String = "cluster.local")
        throws
        -> String
    {
        let path = try folder.write("\(address).yaml", ClusterFiles.web(address))
        return "\(key) {\n    bind 127.0.0.1\n    kubernetes \(zone) {\n        snapshot \(path)\n    }\n}\n"
    }

    static let web = "web.shop.svc.cluster.local."

    @Test(arguments: ["127.0.0.1", "127.0.0.2", "::1"])
    func answersComeFromTheAddressAsked(host: String) throws {
        let server = try RunningServer(". {\n    whoami\n}\n")
        let address = try #require(SocketAddress.parse(host: host, port: server.port))
        // A connected socket hears nothing that comes from another address.
        let overUDP = try DatagramClient(address).ask(DNSQuestion("www.example.org."))
        let overTCP = try StreamClient(address).ask(DNSQuestion("www.example.org."))
        for response in [overUDP, overTCP] {
            #expect(response.code == .noError)
            // whoami says who asked: the client's end of a local connection has the same address.
            let expected = host == "127.0.0.2" ? "127.0.0.1" : host
            let record = try #require(response.additional.first)
            #expect("\(record.data)" == expected || "\(record.data)" == host)
        }
    }

    @Test func servesEveryBoundAddressAndNoOther() throws {
        let server = try RunningServer(". {\n    bind 127.0.0.1 127.0.0.2 ::1\n    whoami\n}\n")
        #expect(server.server.addresses.map(\.host) == ["127.0.0.1", "127.0.0.2", "::1"])
        for address in server.server.addresses {
            #expect(try DatagramClient(address).ask(DNSQuestion("www.example.org.")).code == .noError)
            #expect(try StreamClient(address).ask(DNSQuestion("www.example.org.")).code == .noError)
        }
        let elsewhere = try #require(SocketAddress.parse(host: "127.0.0.3", port: server.port))
        #expect(throws: ClientError.self) { try StreamClient(elsewhere) }
    }

    @Test func theLongestZoneCounts() throws {
        let folder = try TemporaryFolder()
        let server = try RunningServer(
            try Self.block("cluster.local", folder, "10.0.0.1")
                + Self.block("shop.svc.cluster.local", folder, "10.0.0.2")
                + Self.block("b.shop.svc.cluster.local", folder, "10.0.0.3"))
        let client = try server.datagramClient()
        #expect(server.server.addresses.count == 1)
        let rows: [(String, RecordType, ResponseCode, [String])] = [
            (Self.web, .a, .noError, ["\(Self.web) 5 A 10.0.0.2"]),
            ("WEB.shop.SVC.cluster.local.", .a, .noError, ["WEB.shop.SVC.cluster.local. 5 A 10.0.0.2"]),
            // "ab" is no label "b": zones end at a dot.
            ("ab.shop.svc.cluster.local.", .a, .nameError, []),
            ("dns-version.cluster.local.", .txt, .noError, ["dns-version.cluster.local. 28800 TXT \"1.1.0\""]),
            ("example.org.", .a, .refused, []),
            ("local.", .a, .refused, []),
            (".", .ns, .refused, []),
        ]
        for (name, type, code, answer) in rows {
            let response = try client.ask(DNSQuestion(name, type))
            #expect(response.code == code, "\(name)")
            #expect(response.answerLines == answer, "\(name)")
        }
        let refused = try client.ask(DNSQuestion("example.org."))
        #expect(refused.flagNames == ["QR", "RD"])
        #expect(refused.authority.isEmpty && refused.additional.isEmpty && refused.ednsVersion == 0)
    }

    @Test func dsIsAskedOfTheParent() throws {
        let folder = try TemporaryFolder()
        let text = try Self.block("cluster.local", folder, "10.0.0.1")
        let parent = "local {\n    bind 127.0.0.1\n    whoami\n}\n"
        let root = ". {\n    bind 127.0.0.1\n    whoami\n}\n"
        let rows: [(String, RecordType, isCluster: Bool)] = [
            (text + parent, .ds, false),
            (text + parent, .a, true),
            // CoreDNS asks the root's block only where no other zone matches.
            (text + root, .ds, true),
            (text + parent + root, .ds, false),
            (text, .ds, true),
        ]
        for (corefile, type, isCluster) in rows {
            let server = try RunningServer(corefile)
            let response = try server.datagramClient().ask(DNSQuestion("cluster.local.", type))
            #expect(response.code == .noError)
            #expect(response.authority.map(\.type) == (isCluster ? [.soa] : []), "\(corefile)")
        }
    }

    @Test func theOrderOfTheFileIsNotThatOfThePlugins() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("cluster.yaml", ClusterFiles.web("10.0.0.1"))
        let cluster = "kubernetes cluster.local {\n        snapshot \(path)\n    }"
        for order in [["whoami", cluster, "errors"], [cluster, "errors", "whoami"], ["errors", "whoami", cluster]] {
            let server = try RunningServer(". {\n    bind 127.0.0.1\n    \(order.joined(separator: "\n    "))\n}\n")
            #expect(server.configuration.blocks[0].plugins.map(\.name) == ["bind", "errors", "kubernetes", "whoami"])
            let client = try server.datagramClient()
            #expect(try client.ask(DNSQuestion(Self.web)).answerLines == ["\(Self.web) 5 A 10.0.0.1"])
            // What lies in no zone of kubernetes goes on to whoami.
            #expect(try client.ask(DNSQuestion("example.org.")).additional.map(\.type) == [.a, .srv])
        }
    }

    @Test func withoutAnAnsweringPluginThereIsAFailure() throws {
        let server = try RunningServer(". {\n    bind 127.0.0.1\n    errors\n}\n")
        let response = try server.datagramClient().ask(DNSQuestion("example.org."))
        #expect(response.code == .serverFailure)
        #expect(response.answer.isEmpty && response.authority.isEmpty && response.additional.isEmpty)
    }

    @Test func everyWorkerAnswers() throws {
        let server = try RunningServer(". {\n    bind 127.0.0.1\n    whoami\n}\n", workerCount: 4)
        // The kernel spreads clients over the sockets by their ports: with these many, no worker is left out.
        for _ in 0..<200 {
            #expect(try server.datagramClient().ask(DNSQuestion("www.example.org.")).code == .noError)
        }
    }
}
