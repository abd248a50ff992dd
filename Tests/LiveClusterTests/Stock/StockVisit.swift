import DNSWire
import Glibc
import LinuxIO
import ServerHarness

/// Asks a machine with a stock Corefile all that its file is about, and notes what is otherwise than it says. (It runs in a
/// private network's thread, where `#expect` would not know whose test it is.)
final class StockVisit {
    private(set) var findings: [String] = []
    private let stock: StockCorefile
    private let text: String
    private let machine: StockMachine
    private let dns: SocketAddress

    init(_ stock: StockCorefile, _ machine: StockMachine) throws {
        self.stock = stock
        text = try stock.text
        self.machine = machine
        dns = try machine.place(stock.address, stock.port)
    }

    /// Notes what does not hold.
    private func check(_ condition: Bool, _ what: @autoclosure () -> String, line: Int = #line) {
        if !condition { findings.append("\(stock.name) (StockVisit.swift:\(line)): \(what())") }
    }

    /// The whole visit; it ends the program.
    func all() {
        guard machine.waitForStart() else {
            check(false, "does not start: \(machine.program.error)\(machine.program.output)")
            return
        }
        do {
            checkBanner()
            try checkEndpoints()
            if stock.isCluster { try checkCluster() }
            try checkForwarding()
            try checkRows()
            try checkShaping()
            try checkMetrics()
            checkProbes()
            checkLog()
            try checkReload()
            try checkEnd()
        } catch {
            check(false, "\(error)\n\(machine.program.output)")
        }
    }

    private func ask(_ name: String, _ type: RecordType = .a, size: UInt16? = 1232) throws -> DNSResponse {
        try DatagramClient(dns).ask(DNSQuestion(name, type, udpSize: size))
    }

    /// A name's code and answer section, which is to be the same over UDP and TCP.
    ///
    /// - Parameter isCached: whether the TTLs may be less, by the seconds that have gone by.
    private func answers(
        _ name: String, _ type: RecordType, _ code: ResponseCode, _ lines: [String], isCached: Bool = false,
        line: Int = #line
    ) throws {
        for isStream in [false, true] {
            let question = DNSQuestion(name, type)
            let found = try isStream ? StreamClient(dns).ask(question) : DatagramClient(dns).ask(question)
            let least = isCached ? Self.patience : 0
            let agrees = (0...least).contains { seconds in
                found.answerLines == lines.map { Self.line($0, older: seconds) }.sorted()
            }
            check(
                found.code == code && agrees,
                "\(name) \(type): \(found.code) \(found.answerLines), expected \(code) \(lines)", line: line)
        }
    }

    /// How many seconds may go by between two answers from the cache.
    private static let patience = 20

    /// A record's line with a TTL that is less by some seconds.
    private static func line(_ line: String, older seconds: Int) -> String {
        var words = line.split(separator: " ", maxSplits: 2).map(String.init)
        if words.count == 3, let ttl = Int(words[1]) { words[1] = "\(ttl - seconds)" }
        return words.joined(separator: " ")
    }

    /// Lines of a zone, a port and perhaps an address, then name, version and system, as CoreDNS begins.
    private func checkBanner() {
        guard machine.kind == .asInAPod else { return }
        let lines = machine.program.output.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("[") }
        check(Array(lines.dropLast(2)) == stock.banner, "the start says \(lines), expected \(stock.banner)")
    }

    private func fetch(_ place: String, _ path: String) throws -> (status: Int, body: String) {
        let parts = place.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1]) else {
            throw ClientError(description: "no address: \(place)")
        }
        return try fetchHTTP(machine.place(String(parts[0]), port), path)
    }

    private func checkEndpoints() throws {
        let metrics = try fetch(stock.metrics, "/metrics")
        check(metrics.status == 200 && metrics.body.contains("\ncoredns_build_info{"), "/metrics: \(metrics.status)")
        for plugin in ["cache", "forward"] {
            check(metrics.body.contains("coredns_plugin_enabled{name=\"\(plugin)\""), "\(plugin) is not enabled")
        }
        check(try fetch(stock.health, "/health") == (200, "OK"), "/health")
        if text.contains("ready") {
            check(try holdsInTime { try fetch("127.0.0.1:8181", "/ready") == (200, "OK") }, "/ready")
        }
        if stock.address != "127.0.0.1", machine.kind == .asInAPod {
            // `bind` and the address of `health` are these only.
            check((try? fetch("127.0.0.1:8080", "/health")) == nil, "/health at 127.0.0.1, too")
            check((try? StreamClient(.loopback(port: stock.port))) == nil, "TCP at 127.0.0.1, too")
            let other = try machine.place("10.96.0.10", stock.port)
            check(try DatagramClient(other).ask(DNSQuestion("www.example.")).code == .noError, "not at \(other)")
        }
    }

    private func checkCluster() throws {
        let ttl = stock.clusterTTL
        let web = "web.shop.svc.cluster.local."
        try answers(web, .a, .noError, ["\(web) \(ttl) A 10.96.0.10"])
        try answers(web, .aaaa, .noError, [])
        try answers("none.shop.svc.cluster.local.", .a, .nameError, [])
        try answers("10.0.96.10.in-addr.arpa.", .ptr, .noError, ["10.0.96.10.in-addr.arpa. \(ttl) PTR \(web)"])
        let nodes = "nodes.shop.svc.cluster.local."
        try answers(nodes, .a, .noError, ["10.1.0.1", "10.1.0.2", "10.1.0.3"].map { "\(nodes) \(ttl) A \($0)" })
        let pod = "10-1-2-3.shop.pod.cluster.local."
        try answers(
            pod, .a, stock.hasPods ? .noError : .nameError, stock.hasPods ? ["\(pod) \(ttl) A 10.1.2.3"] : [])
        check(
            !stock.upstreams.contains { machine.queries(at: $0).contains { $0.name.hasSuffix("cluster.local.") } },
            "cluster names went to a name server")
        // `fallthrough in-addr.arpa ip6.arpa`
        try answers(
            "1.2.0.192.in-addr.arpa.", .ptr, .noError,
            ["1.2.0.192.in-addr.arpa. \(stock.cachedTTL) PTR host.example."])
        try answers("no.ip6.arpa.", .ptr, .nameError, [])
    }

    /// How often the name servers of `.` were asked for a name.
    private func asked(_ name: String) -> Int {
        stock.upstreams.reduce(0) { sum, place in sum + machine.queries(at: place).count { $0.name == name } }
    }

    private func checkForwarding() throws {
        for _ in 0..<3 {
            let found = try ask("www.example.")
            let ttls = found.answer.map(\.ttl)
            // A second or more may have gone by.
            check(
                found.answer.map { "\($0.data)" } == ["192.0.2.80"]
                    && ttls.allSatisfy { $0 <= stock.cachedTTL && Int($0) > stock.cachedTTL - Self.patience },
                "www.example.: \(found.answerLines)")
            let denied = try ask("no.example.")
            check(
                denied.code == .nameError
                    && denied.authority.map(\.ttl).allSatisfy {
                        $0 <= stock.deniedTTL && Int($0) > stock.deniedTTL - Self.patience
                    },
                "no.example.: \(denied.code) \(DNSResponse.lines(denied.authority))")
        }
        // Where there is another name server, and the first takes its time, that is asked, too.
        for name in ["www.example.", "no.example."] {
            check(
                (1...stock.upstreams.count).contains(asked(name)), "\(name) was asked for \(asked(name)) times")
        }
        check(try ask("refused.test.").code == .refused, "refused.test.")
    }

    private func checkRows() throws {
        for row in stock.rows {
            try answers(row.name, row.type, row.code, row.answer, isCached: true)
            if let ttl = row.deniedTTL {
                let found = try ask(row.name, row.type).authority.map(\.ttl)
                check(found.count == 1 && found[0] <= ttl, "\(row.name): SOA with \(found), expected \(ttl)")
            }
            let asked = NameServers.addresses.flatMap { place in
                machine.queries(at: place).filter { $0.name == row.name }.map { (place: place, isStream: $0.isStream) }
            }
            check(
                asked.isEmpty == row.asked.isEmpty && asked.allSatisfy { row.asked.contains($0.place) },
                "\(row.name): asked were \(asked.map(\.place)), expected one of \(row.asked)")
            check(asked.allSatisfy(\.isStream) || !row.overTCP, "\(row.name): not over TCP")
        }
    }

    /// `loadbalance`, `bufsize`, `dns64`, `chaos` and several name servers over TLS where the file has them.
    private func checkShaping() throws {
        if text.contains("loadbalance"), stock.isCluster {
            var first: Set<String> = []
            for _ in 0..<200 where first.count < 3 {
                first.formUnion(try ask("nodes.shop.svc.cluster.local.").answer.prefix(1).map { "\($0.data)" })
            }
            check(first.count == 3, "always the same order: \(first)")
        }
        // Off the loopback interface UDP answers have at most 1232 bytes, whatever the client says.
        let isLimited = text.contains("bufsize 1232") || !dns.host.hasPrefix("127.")
        let many = try ask("many.example.", size: 4096)
        check(
            many.isTruncated == isLimited && many.bytes.count <= (isLimited ? 1232 : 4096), "\(many.bytes.count) bytes")
        if text.contains("dns64"), machine.kind == .asInAPod {
            // RFC 6147, for those who ask over IPv6.
            guard let other = SocketAddress.parse(host: "::1", port: stock.port) else { return }
            for (name, lines) in [
                ("www.example.", ["64:ff9b::c000:250"]), ("web.shop.svc.cluster.local.", ["64:ff9b::a60:a"]),
            ] {
                let found = try DatagramClient(other).ask(DNSQuestion(name, .aaaa)).answer.map { "\($0.data)" }
                check(found == lines, "\(name) AAAA over IPv6: \(found)")
            }
        }
        if let row = stock.rows.first(where: { $0.asked.count > 1 }) {
            // By chance; that one of two is left out by all is as good as impossible.
            for number in 0..<40 {
                let name = "n\(number).\(row.name)"
                check(try ask(name).code == row.code, name)
            }
            for place in row.asked {
                let queries = machine.queries(at: place)
                check(!queries.isEmpty && queries.allSatisfy(\.isStream), "\(place): \(queries.count) queries")
            }
        }
        if text.contains("chaos") {
            var question = DNSQuestion("hostname.bind.", .txt)
            question.recordClass = .chaos
            let found = try DatagramClient(dns).ask(question)
            check(found.answer.count == 1, "hostname.bind.: \(found.code) \(found.answerLines)")
        }
    }

    /// Series that dashboards and alerts select, with the labels that CoreDNS gives them.
    private func checkMetrics() throws {
        guard machine.kind == .asInAPod else { return }
        let text = try fetch(stock.metrics, "/metrics").body
        let host = stock.address == "127.0.0.1" ? "" : stock.address
        let server = "server=\"dns://\(host):\(stock.port)\""
        var series = [
            "coredns_cache_entries{\(server),type=\"success\",view=\"\",zones=\".\"}",
            "coredns_cache_hits_total{\(server),type=\"success\",view=\"\",zones=\".\"}",
            "coredns_cache_hits_total{\(server),type=\"denial\",view=\"\",zones=\".\"}",
            "coredns_cache_misses_total{\(server),view=\"\",zones=\".\"}",
            "coredns_cache_requests_total{\(server),view=\"\",zones=\".\"}",
            "coredns_dns_requests_total{family=\"1\",proto=\"udp\",\(server),type=\"A\",view=\"\",zone=\".\"}",
            "coredns_dns_responses_total{plugin=\"cache\",rcode=\"NXDOMAIN\",\(server),view=\"\",zone=\".\"}",
            "coredns_dns_responses_total{plugin=\"forward\",rcode=\"REFUSED\",\(server),view=\"\",zone=\".\"}",
            "coredns_dns_request_duration_seconds_count{\(server),view=\"\",zone=\".\"}",
            "coredns_dns_response_size_bytes_count{proto=\"udp\",\(server),view=\"\",zone=\".\"}",
            "coredns_forward_healthcheck_broken_total",
            "coredns_panics_total",
            "process_resident_memory_bytes",
        ]
        if stock.isCluster {
            series.append(
                "coredns_dns_responses_total{plugin=\"kubernetes\",rcode=\"NOERROR\",\(server),view=\"\",zone=\".\"}")
        }
        for name in series { check(text.contains("\n\(name) "), "no series \(name)") }
        let asked = stock.upstreams.filter {
            text.contains(
                "coredns_proxy_request_duration_seconds_count{proxy_name=\"forward\",rcode=\"NOERROR\",to=\"\($0):53\"}"
            )
        }
        check(!asked.isEmpty, "no series of \(stock.upstreams)")
    }

    /// `loop` asks below each block's zone, and what it asks goes nowhere else.
    private func checkProbes() {
        check(stock.probes.isEmpty != text.contains("loop"), "probes of \(stock.probes.keys)")
        func probed() -> [String: [String]] {
            var found: [String: Set<String>] = [:]
            for place in NameServers.addresses {
                for query in machine.queries(at: place) where query.type == .hinfo {
                    // Two random labels stand before the zone.
                    let zone = query.name.split(separator: ".").dropFirst(2).joined(separator: ".") + "."
                    found[zone, default: []].insert(place)
                }
            }
            return found.mapValues { $0.sorted() }
        }
        func agrees() -> Bool {
            let found = probed()
            return Set(found.keys) == Set(stock.probes.keys)
                && stock.probes.allSatisfy { zone, places in Set(found[zone] ?? []).isSubset(of: places) }
        }
        check(holdsInTime(agrees), "loop probed \(probed()), expected \(stock.probes)")
    }

    /// The changed file is taken on a signal: at once, and nothing else is changed by it.
    private func checkReload() throws {
        let running = "[INFO] plugin/reload: Running configuration SHA512 = "
        func count(_ line: String) -> Int { machine.program.output.split(separator: "\n").count { $0.hasPrefix(line) } }
        check(count(running) == 1, "\(count(running)) lines of the configuration at the start")
        let name = "reloaded.example."
        check(try ask(name).answer.map { "\($0.data)" } == ["192.0.2.80"], "\(name) before the change")
        try machine.addToRootBlock(
            "template IN A \(name) {\nanswer \"{{ .Name }} 60 IN A 192.0.2.99\"\n}")
        check(
            try holdsInTime { try ask(name).answer.map { "\($0.data)" } == ["192.0.2.99"] },
            "\(name) after the change: \(machine.program.output)")
        check(
            holdsInTime { count("[INFO] Reloading complete") == 1 && count(running) == 2 },
            "the log of the change: \(machine.program.output)")
        let metrics = try fetch(stock.metrics, "/metrics").body
        check(metrics.contains("\ncoredns_reload_failed_total 0\n"), "a reload has failed")
        if stock.isCluster { try checkCluster() }
        try checkRows()
    }

    /// CoreDNS's format: `[INFO] CLIENT:PORT - ID "TYPE CLASS NAME PROTO SIZE DO BUFSIZE" RCODE FLAGS SIZE SECONDSs`.
    private func checkLog() {
        let lines = machine.program.output.split(separator: "\n").filter { $0.contains(" IN ") }
        let good =
            /\[INFO\] 127\.0\.0\.1:\d+ - \d+ "[A-Z]+ IN \S+ (udp|tcp) \d+ (true|false) \d+" [A-Z]+ [a-z,]+ \d+ [0-9.e-]+s/
        for line in lines { check(line.wholeMatch(of: good) != nil, "log line: \(line)") }
        let hasErrors = lines.contains { $0.contains("A IN refused.test. ") && $0.contains("\" REFUSED ") }
        let hasOthers = lines.contains { $0.contains("\" NOERROR ") || $0.contains("\" NXDOMAIN ") }
        check(hasErrors == (stock.logged != nil), "REFUSED in the log: \(hasErrors)")
        check(hasOthers == (stock.logged == .all), "NOERROR or NXDOMAIN in the log: \(hasOthers)")
        check(!machine.program.output.contains("[ERROR]"), machine.program.output)
    }

    /// A signal to stop: `ready` says no at once, and through lameduck queries are answered.
    private func checkEnd() throws {
        machine.program.signal(SIGTERM)
        guard let lameduck = stock.lameduck else {
            check(machine.program.waitForExit() == 0, "does not end")
            return
        }
        let line = "[INFO] plugin/health: Going into lameduck mode for \(lameduck)\n"
        check(holdsInTime { machine.program.output.contains(line) }, "no lameduck: \(machine.program.output)")
        check(try fetch("127.0.0.1:8181", "/ready").status == 503, "/ready in lameduck")
        check(try fetch(stock.health, "/health").status == 200, "/health in lameduck")
        check(try ask("web.shop.svc.cluster.local.").code == .noError, "a cluster name in lameduck")
        check(try ask("later.example.").code == .noError, "a forwarded name in lameduck")
        machine.program.signal(SIGTERM)
        check(machine.program.waitForExit() == 0, "does not end")
    }
}
