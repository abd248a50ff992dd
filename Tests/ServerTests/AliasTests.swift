import DNSWire
import LinuxIO
import ServerHarness
import Testing

/// A service of type ExternalName whose target lies in another block of the same server.
@Suite struct AliasTests {
    private static func server(_ links: [String: String], back: [String: String] = [:]) throws -> RunningServer {
        let folder = try TemporaryFolder()
        let paths = [
            try folder.write("links.yaml", ClusterFiles.links(links)),
            try folder.write("back.yaml", ClusterFiles.links(back)),
            try folder.write("web.yaml", ClusterFiles.web("10.0.0.2")),
        ]
        return try RunningServer(
            """
            cluster.local {
                bind 127.0.0.1
                kubernetes cluster.local {
                    snapshot \(paths[0])
                }
            }
            other.local {
                bind 127.0.0.1
                kubernetes other.local {
                    ttl 30
                    snapshot \(paths[1]) \(paths[2])
                }
            }
            """)
    }

    private static let link = "a.links.svc.cluster.local."

    @Test func theTargetsAddressesFollowTheAlias() throws {
        let server = try Self.server(["a": "web.shop.svc.other.local"])
        for response in [
            try server.datagramClient().ask(DNSQuestion(Self.link)),
            try server.streamClient().ask(DNSQuestion(Self.link)),
        ] {
            #expect(response.code == .noError)
            #expect(response.flagNames == ["AA", "QR", "RD"])
            #expect(
                response.answerLines == [
                    "\(Self.link) 5 CNAME web.shop.svc.other.local.", "web.shop.svc.other.local. 30 A 10.0.0.2",
                ])
            #expect(response.answer.first?.type == .cname)
        }
        // CNAME itself is not followed.
        let alias = try server.datagramClient().ask(DNSQuestion(Self.link, .cname))
        #expect(alias.answerLines == ["\(Self.link) 5 CNAME web.shop.svc.other.local."])
    }

    @Test func aTargetWithoutAnAnswerLeavesTheAliasAlone() throws {
        let targets = ["nothing.shop.svc.other.local", "www.example.org", "web.shop.svc.other.local.example.org"]
        for target in targets {
            let server = try Self.server(["a": target])
            let response = try server.datagramClient().ask(DNSQuestion(Self.link))
            #expect(response.code == .noError, "\(target)")
            #expect(response.answerLines == ["\(Self.link) 5 CNAME \(target)."], "\(target)")
        }
        let server = try Self.server(["a": "web.shop.svc.other.local"])
        let other = try server.datagramClient().ask(DNSQuestion(Self.link, .aaaa))
        #expect(other.answerLines == ["\(Self.link) 5 CNAME web.shop.svc.other.local."])
    }

    @Test func anAliasMayLeadThroughSeveralBlocks() throws {
        let server = try Self.server(
            ["a": "b.links.svc.other.local", "c": "web.shop.svc.other.local"], back: ["b": "c.links.svc.cluster.local"])
        let response = try server.datagramClient().ask(DNSQuestion(Self.link))
        #expect(
            response.answer.map { "\($0.owner) \($0.data)" } == [
                "\(Self.link) b.links.svc.other.local.", "b.links.svc.other.local. c.links.svc.cluster.local.",
                "c.links.svc.cluster.local. web.shop.svc.other.local.", "web.shop.svc.other.local. 10.0.0.2",
            ])
    }

    @Test(arguments: [RecordType.a, .aaaa])
    func aLoopBetweenBlocksEndsWhereItBegan(type: RecordType) throws {
        let server = try Self.server(
            ["a": "b.links.svc.other.local", "c": "a.links.svc.cluster.local"], back: ["b": "a.links.svc.cluster.local"]
        )
        let (a, b, c) = (Self.link, "b.links.svc.other.local.", "c.links.svc.cluster.local.")
        let rows: [(String, [String])] = [
            (a, ["\(a) \(b)", "\(b) \(a)"]),
            (a.uppercased(), ["\(a.uppercased()) \(b)", "\(b) \(a)"]),
            (b, ["\(b) \(a)", "\(a) \(b)"]),
            (c, ["\(c) \(a)", "\(a) \(b)", "\(b) \(a)"]),
        ]
        for (name, expected) in rows {
            for response in [
                try server.datagramClient().ask(DNSQuestion(name, type)),
                try server.streamClient().ask(DNSQuestion(name, type)),
            ] {
                #expect(response.code == .noError)
                #expect(response.answer.map { "\($0.owner) \($0.data)" } == expected, "\(name)")
            }
        }
        #expect(try server.datagramClient().ask(DNSQuestion("web.shop.svc.other.local.")).answer.count == 1)
    }

    @Test func aTargetWithManyAddressesIsWholeOverTCP() throws {
        let folder = try TemporaryFolder()
        let paths = [
            try folder.write("links.yaml", ClusterFiles.links(["a": "many.shop.svc.other.local"])),
            try folder.write("many.yaml", ClusterFiles.headless("many", endpoints: 400)),
        ]
        let server = try RunningServer(
            """
            cluster.local {
                bind 127.0.0.1
                kubernetes cluster.local {
                    snapshot \(paths[0])
                }
            }
            other.local {
                bind 127.0.0.1
                kubernetes other.local {
                    snapshot \(paths[1])
                }
            }
            """)
        let whole = try server.streamClient().ask(DNSQuestion(Self.link))
        #expect(!whole.isTruncated)
        #expect(whole.answer.count == 401)
        let cut = try server.datagramClient().ask(DNSQuestion(Self.link))
        #expect(cut.isTruncated && cut.bytes.count <= 1232)
        #expect(Set(cut.answerLines).isSubset(of: whole.answerLines) && cut.answer.count > 10)
    }
}
