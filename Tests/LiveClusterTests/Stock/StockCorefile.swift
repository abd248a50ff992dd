import DNSWire
import Foundation
import Testing

/// A Corefile that a distribution ships, and what is special about it.
struct StockCorefile: Sendable, CustomTestStringConvertible {
    /// A question about a name that the file has lines for, and the answer.
    struct Row: Sendable {
        var name: String
        var type: RecordType = .a
        var code: ResponseCode = .noError
        /// The answer section as it is, TTLs among it.
        var answer: [String] = []
        /// The addresses of the name servers of which one is asked; no other is.
        var asked: [String] = []
        /// Whether that is over TCP, or TLS.
        var overTCP = false
        /// The TTL of the SOA record of a name that is not there.
        var deniedTTL: UInt32?
    }

    var name: String
    /// Where the first block is asked.
    var address = "127.0.0.1"
    var port: UInt16 = 53
    /// The lines of the start: zones, ports and addresses.
    var banner: [String] = [".:53"]
    /// TTL of the cluster's names: 5 without `ttl`.
    var clusterTTL = 5
    /// Whether names of pods by their addresses are answered.
    var hasPods = true
    /// Whether the cluster's names are answered from the API server, not by other name servers.
    var isCluster = true
    /// The TTLs of what other name servers say to be good for 3600 and not there for 60 seconds.
    var cachedTTL = 30
    var deniedTTL = 30
    /// Where `/metrics` is, and the address that no `/metrics` is at.
    var metrics = "127.0.0.1:9153"
    var health = "127.0.0.1:8080"
    /// What lameduck says when the program is told to stop; nil where it stops at once.
    var lameduck: String? = "5s"
    /// Which name servers `.` is forwarded to.
    var upstreams = [StockMachine.resolver]
    /// What `loop` probes: zones, and the addresses of which one's name server is asked.
    var probes = [".": [StockMachine.resolver]]
    var files: [String: String] = [:]
    /// The file with the authority of name servers that are asked over TLS.
    var authority: String?
    /// (`cache` caps the TTLs of `hosts`, too, as in CoreDNS.)
    var rows: [Row] = []
    /// How queries are logged: nil not at all, else those of the class alone or all.
    var logged: Logged?

    enum Logged: Sendable {
        case all
        case errors
    }

    var testDescription: String { name }

    /// The file as it is shipped.
    var text: String {
        get throws {
            let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            return try String(contentsOfFile: "\(tests.path)/CorefileTests/Fixtures/\(name).Corefile", encoding: .utf8)
        }
    }

    private static let resolver = StockMachine.resolver
    /// Asked over TLS.
    private static let secureServers = ["10.1.1.1", "10.2.2.2"]
    private static let companyRow = Row(
        name: "db.corp.example.com.", answer: ["db.corp.example.com. 30 A 192.0.2.80"], asked: ["10.150.0.1"])

    static let all: [StockCorefile] = [
        StockCorefile(
            name: "aks", banner: [".:53", "own.example.:53"], clusterTTL: 30,
            files: [
                "/etc/coredns/custom/own.server": "own.example:53 {\n    whoami\n}\n",
                "/etc/coredns/custom/log.override": "log\n",
            ],
            rows: [
                Row(name: "own.example.", type: .txt),
                Row(name: "a.b.c.d.internal.cloudapp.net.", code: .nameError),
                Row(
                    name: "a.b.internal.cloudapp.net.", answer: ["a.b.internal.cloudapp.net. 30 A 192.0.2.80"],
                    asked: [resolver]),
                Row(name: "vm.reddog.microsoft.com.", type: .aaaa, code: .nameError),
            ], logged: .all),
        StockCorefile(
            name: "coredns-deployment", banner: [".:53", "corp.example.com.:53"], hasPods: false,
            probes: [".": [resolver], "corp.example.com.": ["10.150.0.1"]], rows: [companyRow]),
        StockCorefile(name: "eks"),
        StockCorefile(name: "helm", clusterTTL: 30, lameduck: "10s"),
        StockCorefile(
            name: "k3s", banner: [".:53", "more.example.:53"], lameduck: nil,
            files: [
                "/etc/coredns/NodeHosts": "10.0.0.7 node-7\n",
                "/etc/coredns/custom/more.server": "more.example:53 {\n    whoami\n}\n",
                "/etc/coredns/custom/more.override": "template IN A over.example {\n    rcode NXDOMAIN\n}\n",
            ],
            rows: [
                Row(name: "node-7.", answer: ["node-7. 30 A 10.0.0.7"]),
                Row(name: "7.0.0.10.in-addr.arpa.", type: .ptr, answer: ["7.0.0.10.in-addr.arpa. 30 PTR node-7."]),
                Row(name: "x.over.example.", code: .nameError),
                Row(name: "more.example.", type: .txt),
            ]),
        StockCorefile(
            name: "kops", clusterTTL: 30,
            files: ["/rootfs/etc/hosts": "10.0.0.8 api.internal.k8s.local\n10.0.0.9 node.example\n"],
            rows: [
                Row(name: "api.internal.k8s.local.", answer: ["api.internal.k8s.local. 30 A 10.0.0.8"]),
                // Outside of the zone that `hosts` has.
                Row(name: "node.example.", answer: ["node.example. 30 A 192.0.2.80"], asked: [resolver]),
                Row(name: "other.k8s.local.", answer: ["other.k8s.local. 30 A 192.0.2.80"], asked: [resolver]),
            ]),
        StockCorefile(name: "kube-up", clusterTTL: 30),
        StockCorefile(name: "kubeadm", clusterTTL: 30),
        StockCorefile(
            name: "microk8s", upstreams: ["8.8.8.8", "8.8.4.4"], probes: [".": ["8.8.8.8", "8.8.4.4"]],
            logged: .errors),
        StockCorefile(
            name: "minikube", clusterTTL: 30,
            rows: [Row(name: "host.minikube.internal.", answer: ["host.minikube.internal. 30 A 192.168.49.1"])],
            logged: .all),
        StockCorefile(
            name: "nodelocal", address: "169.254.20.10",
            banner: ["169.254.20.10", "10.96.0.10"].flatMap { address in
                [".", "cluster.local.", "corp.example.com.", "in-addr.arpa.", "ip6.arpa."].map {
                    "\($0):53 on \(address)"
                }
            }, isCluster: false, metrics: "127.0.0.1:9253", health: "169.254.20.10:8080", lameduck: nil,
            probes: [
                ".": [resolver], "cluster.local.": ["10.96.201.7"], "in-addr.arpa.": ["10.96.201.7"],
                "ip6.arpa.": ["10.96.201.7"],
            ],
            rows: [
                Row(
                    name: "web.shop.svc.cluster.local.", answer: ["web.shop.svc.cluster.local. 30 A 192.0.2.80"],
                    asked: ["10.96.201.7"], overTCP: true),
                Row(
                    name: "no.shop.svc.cluster.local.", code: .nameError, asked: ["10.96.201.7"], overTCP: true,
                    deniedTTL: 5),
                Row(
                    name: "1.0.96.10.in-addr.arpa.", type: .ptr,
                    answer: ["1.0.96.10.in-addr.arpa. 30 PTR host.example."], asked: ["10.96.201.7"], overTCP: true),
                companyRow,
            ]),
        StockCorefile(
            name: "openshift", port: 5353,
            banner: [".:5353", "corp.example.com.:5353", "hostname.bind.:5353", "lab.example.com.:5353"],
            cachedTTL: 900,
            lameduck: "20s",
            probes: [:], authority: "/etc/pki/dns.corp.example.com-ca-bundle-1/ca-bundle.crt",
            rows: [
                Row(
                    name: "db.corp.example.com.", answer: ["db.corp.example.com. 900 A 192.0.2.80"],
                    asked: secureServers, overTCP: true),
                Row(
                    name: "no.lab.example.com.", code: .nameError, asked: secureServers, overTCP: true, deniedTTL: 30),
            ],
            logged: .errors),
        StockCorefile(name: "rke2", clusterTTL: 30, lameduck: "10s"),
        StockCorefile(name: "talos", clusterTTL: 30, logged: .errors),
    ]
}
