import DNSWire
import Foundation
import LinuxIO
import PluginKit
import Server
import ServerHarness
import Testing

/// Erlang nodes, real ones: a node lets in who comes under the name that it calls itself, so that every other node has to
/// resolve exactly this name.
@Suite(.serialized) struct ErlangTests {
    /// Pods of a Deployment, by the last part of their names, each at a loopback address of its own.
    private static let pods = [
        "2xkqm": "127.0.1.11", "8vd4t": "127.0.1.12", "zq9wl": "127.0.1.13", "new4t": "127.0.1.14",
    ]
    private static let first = ["2xkqm", "8vd4t", "zq9wl"]
    private static let deployment = "cluster-demo-7bd795854f-"
    private static let service = "nodes.shop.svc.cluster.local"

    private static func node(_ pod: String, below domain: String = service) -> String {
        "app@\(deployment)\(pod).\(domain)"
    }

    /// A saved cluster: these pods, behind a headless service.
    private static func cluster(_ names: [String]) -> String {
        let pods = names.sorted().map { name in
            """
            - apiVersion: v1
              kind: Pod
              metadata: {name: \(deployment)\(name), namespace: shop}
              status: {phase: Running, podIP: \(Self.pods[name] ?? ""), podIPs: [{ip: \(Self.pods[name] ?? "")}]}
            """
        }
        let endpoints = names.sorted().map { name in
            "- {addresses: [\(Self.pods[name] ?? "")], conditions: {ready: true}, "
                + "targetRef: {kind: Pod, namespace: shop, name: \(deployment)\(name)}}"
        }
        return headless("nodes", endpoints) + pods.joined(separator: "\n") + "\n"
    }

    private static func headless(_ service: String, _ endpoints: [String]) -> String {
        """
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
        - apiVersion: v1
          kind: Service
          metadata: {name: \(service), namespace: shop}
          spec: {clusterIP: None, clusterIPs: [None], ports: [{name: epmd, port: 4369, protocol: TCP}]}
        - apiVersion: discovery.k8s.io/v1
          kind: EndpointSlice
          metadata: {name: \(service)-1, namespace: shop, labels: {kubernetes.io/service-name: \(service)}}
          addressType: IPv4
          ports: [{name: epmd, port: 4369, protocol: TCP}]
          endpoints:
          \(endpoints.joined(separator: "\n  "))

        """
    }

    /// A server, and the files of the nodes.
    private final class Setting {
        let folder: TemporaryFolder
        let dns: RunningServer
        /// Where the nodes accept connections, each at its own address: without epmd, of which there is one on a machine.
        let port: UInt16
        private let erl: String

        init(_ cluster: String, _ options: String...) throws {
            // run.sh installs it (erlang-base).
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
            erl = try #require(
                path.split(separator: ":").map { "\($0)/erl" }.first {
                    FileManager.default.isExecutableFile(atPath: $0)
                },
                "erl is not installed; it is in Debian's package erlang-base")
            folder = try TemporaryFolder()
            try folder.write("cluster.yaml", cluster)
            dns = try RunningServer(
                """
                . {
                    bind 127.0.0.1
                    log
                    kubernetes cluster.local in-addr.arpa {
                        snapshot cluster.yaml
                        \(options.joined(separator: "\n"))
                    }
                    loadbalance
                }
                """, directory: folder.path)
            // As in deploy/erlang-sidecar, but that nobody else is asked.
            try folder.write(
                "inetrc",
                "{resolv_conf, \"\"}.\n{hosts_file, \"\"}.\n{nameserver, {127,0,0,1}, \(dns.port)}.\n{lookup, [dns]}.\n"
            )
            port = try RunningServer(". {\n bind 127.0.0.1\n whoami\n}\n").port
        }

        /// Replaces the saved cluster.
        func replace(_ cluster: String) throws {
            try folder.write("new.yaml", cluster)
            try #require(rename(folder.file("new.yaml"), folder.file("cluster.yaml")) == 0)
        }

        /// Runs Erlang's code; `name` is the node's, at `address`.
        func run(_ code: String, name: String? = nil, at address: String = "") throws -> ChildProcess {
            var words = ["HOME=\(folder.path)", "ERL_INETRC=\(folder.file("inetrc"))", "ERL_CRASH_DUMP_SECONDS=0", erl]
            words += ["-noinput", "+S", "1", "-eval", code]
            if let name {
                words += ["-name", name, "-setcookie", "a-cookie-of-the-test"]
                // Who is refused waits for this many seconds.
                words += ["-kernel", "net_setuptime", "1"]
                words += ["-start_epmd", "false", "-erl_epmd_port", "\(port)"]
                words += [
                    "-kernel", "inet_dist_use_interface",
                    "{" + address.split(separator: ".").joined(separator: ",") + "}",
                ]
            }
            return try ChildProcess("/usr/bin/env", words)
        }

        /// What a node of a pod does: it looks for the others again and again, pings each, and says what it has.
        func start(_ pod: String, below domain: String, _ discover: String) throws -> ChildProcess {
            try run(
                """
                Join = fun(Names) -> lists:join(",", lists:sort(Names)) end,
                Discover = fun() -> \(discover) end,
                Loop = fun Loop() ->
                    Hosts = Discover(),
                    Pongs = [H || H <- Hosts, net_adm:ping(list_to_atom("app@" ++ H)) =:= pong],
                    Old = case inet:gethostbyname("\(ErlangTests.deployment)2xkqm.\(domain)") of
                        {ok, {hostent, _, _, inet, 4, Addresses}} -> Join([inet:ntoa(A) || A <- Addresses]);
                        {error, Reason} -> atom_to_list(Reason)
                    end,
                    Nodes = [atom_to_list(N) || N <- nodes()],
                    io:format("hosts=~s pongs=~s nodes=~s old=~s~n", [Join(Hosts), Join(Pongs), Join(Nodes), Old]),
                    timer:sleep(100),
                    Loop()
                end,
                Loop().
                """, name: ErlangTests.node(pod, below: domain), at: ErlangTests.pods[pod] ?? "")
        }
    }

    /// SRV records of the headless service, as the guides have it.
    private static let bySRV = """
        case inet_res:getbyname("_epmd._tcp.\(service)", srv) of
            {ok, {hostent, _, _, srv, _, Records}} -> [Host || {_, _, _, Host} <- Records];
            {error, Reason} -> [atom_to_list(Reason)]
        end
        """

    /// What a node said last.
    private static func state(_ node: ChildProcess) -> [String: [String]] {
        // A last line without its end is not all there.
        let lines = node.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return lines.last { $0.hasPrefix("hosts=") }.map(words) ?? [:]
    }

    /// The lists of a line, by name.
    private static func words(_ line: Substring) -> [String: [String]] {
        var state: [String: [String]] = [:]
        for word in line.split(separator: " ") {
            let parts = word.split(separator: "=", omittingEmptySubsequences: false)
            if parts.count == 2 { state[String(parts[0])] = parts[1].split(separator: ",").map(String.init) }
        }
        return state
    }

    /// Whether each of these nodes gets to have all others, in time.
    private static func haveEachOther(_ nodes: [String: ChildProcess], below domain: String) -> Bool {
        let hosts = nodes.keys.map { "\(deployment)\($0).\(domain)" }.sorted()
        return holds {
            nodes.allSatisfy { name, node in
                let state = state(node)
                let others = nodes.keys.filter { $0 != name }.map { Self.node($0, below: domain) }.sorted()
                return state["hosts"] == hosts && state["pongs"] == hosts && state["nodes"] == others
            }
        }
    }

    /// As `holdsInTime`, with the patience that several Erlangs need which start on a busy machine.
    private static func holds(_ condition: () -> Bool) -> Bool {
        (0..<6).contains { _ in holdsInTime(condition) }
    }

    private static func said(_ nodes: [String: ChildProcess]) -> String {
        nodes.map { "\($0): \($1.output.suffix(600)) \($1.error.suffix(600))" }.joined(separator: "\n")
    }

    /// Three pods find each other by SRV records; then one is replaced by another, under another name.
    @Test(.timeLimit(.minutes(3))) func podsOfADeploymentFindEachOther() throws {
        let setting = try Setting(Self.cluster(Self.first), "endpoint_pod_names", "endpoint_aliases", "ttl 0")
        var nodes: [String: ChildProcess] = [:]
        for pod in Self.first { nodes[pod] = try setting.start(pod, below: Self.service, Self.bySRV) }
        #expect(Self.haveEachOther(nodes, below: Self.service), "\(Self.said(nodes))")
        #expect(nodes.values.allSatisfy { Self.state($0)["old"] == ["127.0.1.11"] })

        let gone = nodes.removeValue(forKey: "2xkqm")
        gone?.signal(SIGKILL)
        nodes["new4t"] = try setting.start("new4t", below: Self.service, Self.bySRV)
        try setting.replace(Self.cluster(["8vd4t", "zq9wl", "new4t"]))
        #expect(Self.haveEachOther(nodes, below: Self.service), "\(Self.said(nodes))")
        #expect(Self.holds { nodes.values.allSatisfy { Self.state($0)["old"] == ["nxdomain"] } })
        // Nobody has lost anybody else over that.
        for (one, other) in [("8vd4t", "zq9wl"), ("zq9wl", "8vd4t")] {
            let states = (nodes[one]?.output ?? "").split(separator: "\n").dropLast().filter { $0.hasPrefix("hosts=") }
            let has = states.map { Self.words($0)["nodes"]?.contains(Self.node(other)) == true }
            #expect(has.drop { !$0 }.allSatisfy { $0 } && has.contains(true), "\(states)")
        }
        for node in nodes.values { node.signal(SIGKILL) }
    }

    /// The same without `endpoint_pod_names`, as with any cluster's DNS: SRV records name pods by their addresses. The pods are
    /// reached, and none lets in who calls it so.
    @Test(.timeLimit(.minutes(2))) func withoutPodNamesEachRefusesTheOthers() throws {
        let setting = try Setting(Self.cluster(Self.first), "ttl 0")
        var nodes: [String: ChildProcess] = [:]
        for pod in Self.first { nodes[pod] = try setting.start(pod, below: Self.service, Self.bySRV) }
        let hosts = Self.first.compactMap { Self.pods[$0] }
            .map { $0.split(separator: ".").joined(separator: "-") + "." + Self.service }.sorted()
        // Everybody has been up long enough to be pinged by everybody.
        let arePinged = Self.holds {
            nodes.values.allSatisfy { node in
                node.output.split(separator: "\n").filter { $0.hasPrefix("hosts=") }.count > 1
                    && Self.state(node)["hosts"] == hosts
            }
        }
        #expect(arePinged, "\(Self.said(nodes))")
        for node in nodes.values {
            #expect(Self.state(node)["pongs"] == [])
            #expect(Self.state(node)["nodes"] == [])
            #expect(Self.state(node)["old"] == ["nxdomain"])
        }
        for node in nodes.values { node.signal(SIGKILL) }
    }

    /// With `pod_names` no service is needed: whoever knows the pods' names finds them.
    @Test(.timeLimit(.minutes(2))) func podNamesNeedNoService() throws {
        let setting = try Setting(Self.cluster(Self.first), "pod_names", "noendpoints", "ttl 0")
        let domain = "shop.pod.cluster.local"
        let hosts = Self.first.map { "\"\(Self.deployment)\($0).\(domain)\"" }.joined(separator: ", ")
        var nodes: [String: ChildProcess] = [:]
        for pod in Self.first { nodes[pod] = try setting.start(pod, below: domain, "[\(hosts)]") }
        #expect(Self.haveEachOther(nodes, below: domain), "\(Self.said(nodes))")
        for node in nodes.values { node.signal(SIGKILL) }
    }

    /// `inet_res` asks without EDNS: 512 bytes, TC, and the same once more over TCP. All names of 200 pods come back.
    @Test(.timeLimit(.minutes(5))) func aServiceOfTwoHundredPods() throws {
        let names = (0..<200).map { "\(Self.deployment)\(String($0 + 100_000, radix: 36))" }
        let endpoints = names.enumerated().map { number, name in
            "- {addresses: [10.1.2.\(number)], conditions: {ready: true}, "
                + "targetRef: {kind: Pod, namespace: shop, name: \(name)}}"
        }
        let setting = try Setting(Self.headless("many", endpoints), "endpoint_pod_names", "ttl 0")
        let erlang = try setting.run(
            """
            {ok, {hostent, _, _, srv, 200, Records}} = inet_res:getbyname("_epmd._tcp.many.shop.svc.cluster.local", srv),
            [io:format("target ~s~n", [Host]) || {_, _, 4369, Host} <- Records],
            {ok, {hostent, _, _, inet, 4, Addresses}} = inet_res:getbyname("many.shop.svc.cluster.local", a),
            [io:format("address ~s~n", [inet:ntoa(Address)]) || Address <- Addresses],
            {ok, {hostent, _, _, inet, 4, All}} = inet:gethostbyname("many.shop.svc.cluster.local"),
            io:format("found ~w~n", [length(All)]),
            {ok, {hostent, _, _, srv, _, Again}} = inet_res:getbyname("_epmd._tcp.many.shop.svc.cluster.local", srv),
            io:format("again ~w~n", [length(Again)]),
            init:stop().
            """)
        #expect(Self.holds { !erlang.isRunning })
        let lines = erlang.output.split(separator: "\n").map(String.init)
        #expect(
            Set(lines.filter { $0.hasPrefix("target ") })
                == Set(names.map { "target \($0).many.shop.svc.cluster.local" }), "\(erlang.output) \(erlang.error)")
        #expect(Set(lines.filter { $0.hasPrefix("address ") }) == Set((0..<200).map { "address 10.1.2.\($0)" }))
        // Erlang keeps answers for their TTL, a hundred records of all (OTP 25): a set that is larger comes back from there in
        // part. With a TTL of 0, which the sidecar has, it keeps nothing.
        #expect(lines.suffix(2) == ["found 200", "again 200"])
        // What it asked, by the log: `TYPE CLASS NAME PROTOCOL SIZE DO BUFSIZE" CODE FLAGS`.
        for type in ["SRV", "A"] {
            let asked = setting.dns.lines.all.filter { $0.contains("\"\(type) IN ") }
            let udp = asked.filter { $0.contains(" udp ") }
            let tcp = asked.filter { $0.contains(" tcp ") }
            #expect(!udp.isEmpty && udp.count == tcp.count, "\(asked)")
            #expect(udp.allSatisfy { $0.contains(" false 512\" NOERROR qr,aa,tc") }, "\(udp)")
            #expect(tcp.allSatisfy { $0.contains(" false 65535\" NOERROR qr,aa") && !$0.contains(",tc") }, "\(tcp)")
        }
    }
}
