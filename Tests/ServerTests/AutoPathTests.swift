import DNSWire
import LinuxIO
import PluginKit
import Server
import ServerHarness
import Testing

/// `autopath` over real sockets.
@Suite struct AutoPathTests {
    /// A namespace `shop` with a service, and a pod at 127.0.0.1, which is where tests ask from.
    private static let cluster = """
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
        - {apiVersion: v1, kind: Namespace, metadata: {name: other}}
        - apiVersion: v1
          kind: Service
          metadata: {name: web, namespace: shop}
          spec: {type: ClusterIP, clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], ports: [{port: 80, protocol: TCP, name: http}]}
        - apiVersion: v1
          kind: Service
          metadata: {name: api, namespace: other}
          spec: {type: ClusterIP, clusterIP: 10.0.0.2, clusterIPs: [10.0.0.2], ports: [{port: 80, protocol: TCP, name: http}]}
        - apiVersion: v1
          kind: Pod
          metadata: {name: client, namespace: shop}
          spec: {}
          status: {phase: Running, podIP: 127.0.0.1, podIPs: [{ip: 127.0.0.1}]}

        """

    private static func answer(_ query: TestUpstream.Query) -> [UInt8] {
        switch (query.name, query.type) {
        case ("www.outside.test.", .a):
            query.response(["www.outside.test. 60 IN CNAME a.outside.test.", "a.outside.test. 60 IN A 192.0.2.1"])
        case ("www.outside.test.", _):
            query.response(authority: ["outside.test. 60 IN SOA ns.outside.test. a.outside.test. 1 2 3 4 60"])
        default: query.response(code: .nameError)
        }
    }

    private func server(_ pods: String, _ upstream: TestUpstream, autopath: String = "autopath @kubernetes") throws
        -> (RunningServer, TemporaryFolder)
    {
        let folder = try TemporaryFolder()
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                prometheus 127.0.0.1:0
                \(autopath)
                cache
                kubernetes cluster.local {
                    pods \(pods)
                    snapshot \(try folder.write("cluster.yaml", Self.cluster))
                }
                forward . \(upstream.address)
            }
            """)
        return (server, folder)
    }

    @Test func aPodsNamesAreCompleted() throws {
        let upstream = try TestUpstream { .answer(Self.answer($0)) }
        let (server, folder) = try server("verified", upstream)
        defer { withExtendedLifetime(folder) {} }
        let rows: [(String, RecordType, ResponseCode, [String])] = [
            ("web.shop.svc.cluster.local.", .a, .noError, ["web.shop.svc.cluster.local. A 10.0.0.1"]),
            (
                "api.other.shop.svc.cluster.local.", .a, .noError,
                [
                    "api.other.shop.svc.cluster.local. CNAME api.other.svc.cluster.local.",
                    "api.other.svc.cluster.local. A 10.0.0.2",
                ]
            ),
            (
                "WWW.Outside.test.shop.svc.cluster.local.", .a, .noError,
                [
                    "WWW.Outside.test.shop.svc.cluster.local. CNAME www.outside.test.",
                    "a.outside.test. A 192.0.2.1", "www.outside.test. CNAME a.outside.test.",
                ]
            ),
            ("www.outside.test.shop.svc.cluster.local.", .aaaa, .noError, []),
            ("nothing.test.shop.svc.cluster.local.", .a, .nameError, []),
            // Another namespace's search list is not the pod's.
            ("www.outside.test.other.svc.cluster.local.", .a, .nameError, []),
            ("shop.svc.cluster.local.", .a, .noError, []),
            ("nx.svc.cluster.local.", .a, .nameError, []),
        ]
        for overStream in [false, true, false] {
            for (name, type, code, lines) in rows {
                let response =
                    try overStream
                    ? server.streamClient().ask(DNSQuestion(name, type))
                    : server.datagramClient().ask(DNSQuestion(name, type))
                #expect(response.code == code, "\(name)")
                #expect(response.name.map { "\($0)" } == name)
                let found = response.answer.map { "\($0.owner) \($0.type) \($0.data)" }
                #expect(found.map { $0.lowercased() }.sorted() == lines.map { $0.lowercased() }.sorted(), "\(name)")
                if let first = found.first, lines.count > 1 { #expect(first.hasPrefix(name + " CNAME "), "\(name)") }
            }
        }
        let samples = server.configuration.process.metrics.all
            .first { $0.name == "coredns_autopath_success_total" }?.collect()
        #expect(samples?.reduce(0) { $0 + $1.value } == 12)
    }

    @Test func withoutVerifiedPodsNothingIsCompleted() throws {
        let upstream = try TestUpstream { .answer(Self.answer($0)) }
        let (server, folder) = try server("insecure", upstream)
        defer { withExtendedLifetime(folder) {} }
        let response = try server.datagramClient().ask(DNSQuestion("www.outside.test.shop.svc.cluster.local."))
        #expect(response.code == .nameError)
        #expect(server.lines.all.contains { $0.contains("no 'pods verified'") })
    }

    @Test func anUpstreamThatFailsLeavesTheFirstAnswer() throws {
        let upstream = try TestUpstream { _ in .close }
        let (server, folder) = try server("verified", upstream)
        defer { withExtendedLifetime(folder) {} }
        // Over TCP the upstream closes the connection at once.
        let response = try server.streamClient().ask(DNSQuestion("www.outside.test.shop.svc.cluster.local."))
        #expect(response.code == .nameError)
        #expect(response.authority.first?.type == .soa)
    }

    @Test func whatIsNotAccepted() throws {
        let upstream = try TestUpstream { .answer(Self.answer($0)) }
        let rows: [(String, String)] = [
            ("autopath", "Corefile:4:5: plugin/autopath: no resolv-conf specified, expected a file or @kubernetes"),
            (
                "autopath @etcd",
                "Corefile:4:14: plugin/autopath: '@etcd' has no search lists, expected a file or @kubernetes"
            ),
        ]
        for (text, failure) in rows {
            #expect {
                _ = try server("verified", upstream, autopath: text)
            } throws: {
                "\($0)" == failure
            }
        }
        #expect {
            _ = try server("verified", upstream, autopath: "autopath /nowhere/resolv.conf")
        } throws: {
            "\($0)".hasPrefix("Corefile:4:14: plugin/autopath: failed to parse '/nowhere/resolv.conf': ")
        }
    }

    /// What `dns64` asks for itself is completed as well.
    @Test func addressesForIPv6AreMadeOfWhatIsFound() throws {
        let upstream = try TestUpstream { .answer(Self.answer($0)) }
        let (server, folder) = try server(
            "verified", upstream, autopath: "dns64 {\nallow_ipv4\n}\nautopath @kubernetes")
        defer { _ = folder }
        let name = "www.outside.test.shop.svc.cluster.local."
        for _ in 0..<2 {
            let response = try server.datagramClient().ask(DNSQuestion(name, .aaaa))
            #expect(response.code == .noError)
            #expect(
                response.answer.map { "\($0.owner) \($0.data)" } == [
                    "\(name) www.outside.test.", "www.outside.test. a.outside.test.",
                    "a.outside.test. 64:ff9b::c000:201",
                ])
        }
    }
}
