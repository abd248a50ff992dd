import DNSWire
import LinuxIO
import ServerHarness
import Testing

/// `k8s_external` over real sockets.
@Suite struct ExternalZoneTests {
    private static let cluster = """
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
        - {apiVersion: v1, kind: Namespace, metadata: {name: hidden}}
        - apiVersion: v1
          kind: Service
          metadata: {name: web, namespace: shop}
          spec: {type: LoadBalancer, clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], externalIPs: [192.0.2.1, "2001:db8::1"], ports: [{port: 80, protocol: TCP, name: http}, {port: 53, protocol: UDP, name: dns}]}
          status: {loadBalancer: {ingress: [{ip: 192.0.2.2}, {ip: 192.0.2.1}]}}
        - apiVersion: v1
          kind: Service
          metadata: {name: named, namespace: shop}
          spec: {type: LoadBalancer, clusterIP: 10.0.0.2, clusterIPs: [10.0.0.2], ports: [{port: 443, protocol: TCP, name: https}]}
          status: {loadBalancer: {ingress: [{hostname: lb.cloud.test}]}}
        - apiVersion: v1
          kind: Service
          metadata: {name: plain, namespace: shop}
          spec: {type: ClusterIP, clusterIP: 10.0.0.3, clusterIPs: [10.0.0.3], ports: [{port: 80, protocol: TCP, name: http}]}
        - apiVersion: v1
          kind: Service
          metadata: {name: set, namespace: shop}
          spec: {clusterIP: None, clusterIPs: [None], ports: [{port: 90, protocol: TCP, name: peer}]}
        - apiVersion: discovery.k8s.io/v1
          kind: EndpointSlice
          metadata: {name: set-1, namespace: shop, labels: {kubernetes.io/service-name: set}}
          addressType: IPv4
          ports: [{name: peer, port: 90, protocol: TCP}]
          endpoints:
          - {addresses: [172.16.0.1], hostname: one, conditions: {ready: true}}
          - {addresses: [172.16.0.2], hostname: two, conditions: {ready: true}}
        - apiVersion: v1
          kind: Service
          metadata: {name: web, namespace: hidden}
          spec: {type: ClusterIP, clusterIP: 10.0.0.4, clusterIPs: [10.0.0.4], externalIPs: [192.0.2.9], ports: [{port: 80, protocol: TCP, name: http}]}

        """

    private func server(_ options: String, more: String = "", namespaces: String = "shop") throws
        -> (RunningServer, TemporaryFolder)
    {
        let folder = try TemporaryFolder()
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                kubernetes cluster.local {
                    namespaces \(namespaces)
                    snapshot \(try folder.write("cluster.yaml", Self.cluster))
                }
                k8s_external \(options)
                \(more)
            }
            """)
        return (server, folder)
    }

    @Test func servicesAnswerWithTheirExternalAddresses() throws {
        let (server, folder) = try server(
            "ext.test 192.0.2.0/24 {\n ttl 30\n}",
            more: "template IN A cloud.test {\n answer \"{{ .Name }} 60 IN A 198.51.100.1\"\n}")
        defer { withExtendedLifetime(folder) {} }
        let soa = "ext.test. 30 SOA ns1.dns.ext.test. hostmaster.dns.ext.test. SERIAL 7200 1800 86400 30"
        let rows: [(String, RecordType, ResponseCode, [String], [String])] = [
            (
                "web.shop.ext.test.", .a, .noError,
                ["web.shop.ext.test. 30 A 192.0.2.1", "web.shop.ext.test. 30 A 192.0.2.2"], []
            ),
            ("WEB.shop.ext.test.", .aaaa, .noError, ["WEB.shop.ext.test. 30 AAAA 2001:db8::1"], []),
            (
                "_dns._udp.web.shop.ext.test.", .srv, .noError,
                ["_dns._udp.web.shop.ext.test. 30 SRV 0 25 53 web.shop.ext.test."],
                [
                    "web.shop.ext.test. 30 A 192.0.2.1", "web.shop.ext.test. 30 A 192.0.2.2",
                    "web.shop.ext.test. 30 AAAA 2001:db8::1",
                ]
            ),
            (
                "named.shop.ext.test.", .a, .noError,
                ["lb.cloud.test. 60 A 198.51.100.1", "named.shop.ext.test. 30 CNAME lb.cloud.test."], []
            ),
            (
                "named.shop.ext.test.", .srv, .noError, ["named.shop.ext.test. 30 SRV 0 100 443 lb.cloud.test."], []
            ),
            ("web.shop.ext.test.", .txt, .noError, [], []),
            ("plain.shop.ext.test.", .a, .nameError, [], []),
            // Without `headless`.
            ("set.shop.ext.test.", .a, .nameError, [], []),
            ("one.set.shop.ext.test.", .a, .nameError, [], []),
            ("_no._udp.web.shop.ext.test.", .srv, .nameError, [], []),
            ("a.b.c.web.shop.ext.test.", .a, .nameError, [], []),
            ("shop.ext.test.", .a, .noError, [], []),
            ("web.hidden.ext.test.", .a, .nameError, [], []),
            ("1.2.0.192.in-addr.arpa.", .ptr, .noError, ["1.2.0.192.in-addr.arpa. 30 PTR web.shop.ext.test."], []),
            ("9.2.0.192.in-addr.arpa.", .ptr, .nameError, [], []),
            ("ext.test.", .soa, .noError, [soa], []),
            ("ext.test.", .ns, .noError, ["ext.test. 30 NS ns1.dns.ext.test."], []),
            ("ext.test.", .a, .noError, [], []),
            ("dns.ext.test.", .a, .noError, [], []),
            ("ns1.dns.ext.test.", .a, .noError, [], []),
            ("ns2.dns.ext.test.", .a, .nameError, [], []),
            ("x.ns1.dns.ext.test.", .a, .nameError, [], []),
        ]
        let client = try server.datagramClient()
        for (name, type, code, answer, additional) in rows {
            let response = try client.ask(DNSQuestion(name, type))
            #expect(response.code == code, "\(name) \(type)")
            #expect(response.answerLines == answer.sorted(), "\(name) \(type)")
            #expect(DNSResponse.lines(response.additional) == additional.sorted(), "\(name) \(type)")
            #expect(response.flagNames.contains("AA"), "\(name)")
            #expect(response.authority.map(\.type) == (answer.isEmpty ? [.soa] : []), "\(name) \(type)")
        }
        #expect(try client.ask(DNSQuestion("ext.test.", .axfr)).code == .refused)
        #expect(try client.ask(DNSQuestion("web.shop.svc.cluster.local.")).answer.count == 1)
    }

    @Test func headlessServicesAnswerWhereThatIsWanted() throws {
        let (server, folder) = try server(
            "ext.test {\n headless\n apex names\n fallthrough ext.test\n}",
            more: "whoami", namespaces: "shop hidden")
        defer { withExtendedLifetime(folder) {} }
        let rows: [(String, RecordType, [String])] = [
            ("set.shop.ext.test.", .a, ["set.shop.ext.test. 5 A 172.16.0.1", "set.shop.ext.test. 5 A 172.16.0.2"]),
            ("two.set.shop.ext.test.", .a, ["two.set.shop.ext.test. 5 A 172.16.0.2"]),
            (
                "_peer._tcp.set.shop.ext.test.", .srv,
                [
                    "_peer._tcp.set.shop.ext.test. 5 SRV 0 50 90 one.set.shop.ext.test.",
                    "_peer._tcp.set.shop.ext.test. 5 SRV 0 50 90 two.set.shop.ext.test.",
                ]
            ),
            ("web.hidden.ext.test.", .a, ["web.hidden.ext.test. 5 A 192.0.2.9"]),
            ("ext.test.", .ns, ["ext.test. 5 NS ns1.names.ext.test."]),
        ]
        let client = try server.datagramClient()
        for (name, type, answer) in rows {
            let response = try client.ask(DNSQuestion(name, type))
            #expect(response.code == .noError, "\(name)")
            #expect(response.answerLines == answer, "\(name)")
        }
        // What is not there goes on to the next plugin.
        #expect(try client.ask(DNSQuestion("plain.shop.ext.test.")).additional.count == 2)
    }

    @Test func whatIsNotAccepted() throws {
        let rows: [(String, String)] = [
            ("ext.test {\nttl\n}", "'ttl' has no argument, expected 1 argument"),
            ("ext.test {\nttl 3601\n}", "'3601' found, expected a whole number from 0 to 3600"),
            ("ext.test {\napex\n}", "'apex' has no argument, expected 1 argument"),
            ("ext.test {\napex a.b\n}", "'a.b' is not a label, expected one such as dns"),
            ("ext.test {\nheadless yes\n}", "Unexpected argument 'yes' of 'headless', expected none"),
            ("ext.test {\nhead\n}", "unknown property 'head' of 'k8s_external'"),
        ]
        for (options, failure) in rows {
            #expect {
                _ = try server(options)
            } throws: {
                "\($0)".contains(failure)
            }
        }
        #expect {
            _ = try RunningServer(". {\n    bind 127.0.0.1\n    k8s_external ext.test\n}\n")
        } throws: {
            "\($0)"
                == "Corefile:3:5: plugin/k8s_external: kubernetes plugin not loaded, expected a kubernetes directive in "
                + "the same block"
        }
    }
}
