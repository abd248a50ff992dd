import DNSWire
import LinuxIO
import Plugins
@testable import Server
import ServerHarness
import Testing

/// What is explained of a name is what a server answers to it over a socket: the code, and the records of the answer.
@Suite struct AnsweredAlikeTests {
    /// Properties of the kubernetes directive, and directives of the block besides.
    struct Setting: Sendable, CustomTestStringConvertible {
        var options: [String] = []
        var block = ""
        var testDescription: String { (options + [block]).joined(separator: " ") }
    }

    static let settings = [
        Setting(),
        Setting(options: ["pods insecure"]),
        Setting(options: ["pods verified", "pod_names"]),
        Setting(options: ["pod_names"]),
        Setting(options: ["endpoint_pod_names"]),
        Setting(options: ["endpoint_aliases"]),
        Setting(options: ["noendpoints"]),
        Setting(options: ["ignore empty_service"]),
        Setting(options: ["namespaces shop"]),
        Setting(options: ["namespace_labels team=a"]),
        Setting(options: ["labels app=web"]),
        Setting(options: ["zonal"]),
        Setting(options: ["multicluster clusterset.local", "zonal"]),
        Setting(options: ["fallthrough"], block: "template IN ANY example.org {\n rcode NXDOMAIN\n}"),
        Setting(
            options: ["ttl 30"],
            block:
                "rewrite name regex (.*)\\.test {1}.svc.cluster.local answer auto\nrewrite name x.shop web.shop.svc.cluster.local"
        ),
        Setting(block: "hosts {\n 192.0.2.8 web.shop.svc.cluster.local\n 192.0.2.9 a.example\n fallthrough\n}"),
        Setting(block: "acl {\n block type AAAA\n allow net 127.0.0.0/8\n}\nminimal"),
        Setting(block: "k8s_external ext.example\nany\ncache 86400\nheader {\n response set aa\n}"),
    ]

    private static let namespaces = ["shop", "play", "shpo", "web", "kube-system"]
    private static let services = [
        "web", "idle", "nodes", "none", "hand", "alias", "away", "number", "orphan", "only", "mesh", "wbe", "around",
        "there",
    ]
    private static let endpoints = [
        "first", "nodes-0", "nodes-1", "nodes-2", "10-1-0-2", "10-1-0-3", "10-1-0-1", "one", "two", "x", "_", "*",
    ]
    private static let ports = [
        "_http._tcp", "http.tcp", "_dns._udp", "_epmd._tcp", "_._tcp", "_no._tcp", "one.west", "east.pin._zone",
        "east.prefer._zone", "_http._udp",
    ]
    private static let pods = [
        "10-1-0-2", "10-1-0-4", "10-1-0-20", "10-1-0-21", "10-1-0-22", "10-1-0-23", "fd00--23", "10-9-9-9", "fd00--11",
        "loner", "done", "nodes-0",
        "a.10-1-0-20", "x",
    ]
    private static let zones = ["cluster.local", "clusterset.local"]
    private static let others = [
        "cluster.local", "svc.cluster.local", "pod.cluster.local", "shop.svc.cluster.local", "play.pod.cluster.local",
        "dns-version.cluster.local", "ns.dns.cluster.local", "web.shop.cluster.local", "local", ".", "example.org",
        "clusterset.local", "in-addr.arpa", "10.96.0.10", "10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.9", "10.1.0.20",
        "fd00::11", "10.2.0.1", "192.0.2.1", "1.10.in-addr.arpa", "a.b.c.d.web.shop.svc.cluster.local", "web.shop.test",
        "nodes.shop.test", "x.shop", "a.example", "web.shop.ext.example", "ext.example", "münchen.cluster.local",
        "a\\.b.shop.svc.cluster.local", "a\\010b.shop.svc.cluster.local", "_http._tcp.web.shop.ext.example",
    ]
    private static let types: [RecordType] = [
        .a, .aaaa, .srv, .ptr, .txt, .soa, .ns, .cname, .mx, .any, .axfr, RecordType(rawValue: 65),
    ]

    private static func name(_ random: inout FastRandom) -> String {
        func one(_ words: [String]) -> String { words[Int(random.next() % UInt64(words.count))] }
        let zone = random.next() % 4 == 0 ? zones[1] : zones[0]
        let service = "\(one(services)).\(one(namespaces.dropLast(Int(random.next() % 4)))).svc.\(zone)"
        switch random.next() % 6 {
        case 0, 1: return service
        case 2: return "\(one(endpoints)).\(service)"
        case 3: return "\(one(ports)).\(service)"
        case 4: return "\(one(pods)).\(one(namespaces)).pod.\(zone)"
        default: return one(others)
        }
    }

    private static func corefile(_ path: String, _ setting: Setting) -> String {
        """
        . {
            bind 127.0.0.1
            \(setting.block)
            kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {
                snapshot \(path)
                \(setting.options.joined(separator: "\n"))
            }
        }
        """
    }

    @Test(arguments: settings)
    func asAServerDoes(setting: Setting) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("cluster.yaml", ExplainedWorld.yaml)
        let corefile = Self.corefile(path, setting)
        let server = try RunningServer(corefile)
        let client = try server.streamClient()
        let explaining = try RunningServer.configure(corefile, prepare: { ExplainedClusters.turnOn($0) })
        try explaining.startExplaining()
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = FastRandom(seed: seed)
        var asked: Set<String> = []
        var codes: [ResponseCode: Int] = [:]
        var wrong: [String] = []
        for _ in 0..<1_000 {
            let name = Self.name(&random)
            var type = Self.types[Int(random.next() % UInt64(Self.types.count))]
            if random.next() % 2 == 0 { type = random.next() % 2 == 0 ? .a : .srv }
            if name.hasSuffix("arpa") || name.first?.isNumber == true || name.contains("::") { type = .ptr }
            guard asked.insert("\(name) \(type)").inserted else { continue }
            let question = try ExplainedQuestion(name, type: "\(type)")
            let lines = Explanation(question, explaining).lines
            let response = try client.ask(DNSQuestion("\(question.name)", type, udpSize: nil))
            let said = lines[0].split(separator: ":")[0].split(separator: " ")[0]
            let records = lines.dropFirst().prefix { $0.contains("\t") }.map(Self.withoutSerial).sorted()
            let answered = response.answer.map { Self.withoutSerial("\($0)") }.sorted()
            if said == "\(response.code)", records == answered {
                codes[response.code, default: 0] += 1
            } else {
                wrong.append("\(response.code) \(answered)\n" + lines.joined(separator: "\n"))
            }
        }
        #expect(codes.count > 2 && codes.values.reduce(0, +) > 300, "seed \(seed): \(codes)")
        #expect(wrong.isEmpty, "seed \(seed), \(wrong.count) wrong:\n\(wrong.prefix(6).joined(separator: "\n\n"))")
    }

    /// A SOA record's serial is a moment in time.
    private static func withoutSerial(_ record: String) -> String {
        var words = record.split { $0 == " " || $0 == "\t" }
        if words.count > 6, words[3] == "SOA" { words.remove(at: 6) }
        return words.joined(separator: " ")
    }
}
