import DNSWire
import Foundation
import LinuxIO
import ScriptedAPI
import ServerHarness
import Synchronization
import Testing

/// The program at full load, through a hundred reloads and its end.
@Suite(.serialized) struct ReloadLoadTests {
    /// Reloads under load; every other one is of a file that is no good.
    private static let reloads = 100
    /// How much the program may grow in that time, in kB. What 100 configurations take that are not freed is many times more.
    private static let mostGrowth = 24 * 1024
    private static let perSecond = 2000

    /// Which version of the file may answer: the first that has been taken, and the last that may have been.
    private final class Versions: Sendable {
        let taken = Atomic(0)
        let offered = Atomic(0)
    }

    @Test(.timeLimit(.minutes(3))) func noQueryIsLost() throws {
        let api = try ScriptedAPIServer(.shop())
        defer { api.stop() }
        let upstream = try TestUpstream { query in
            // As late as a server not far away.
            .answer(query.response(["\(query.name) 60 IN A 10.9.0.1"]), after: query.bytes[1] & 3 == 0 ? 4 : 0)
        }
        let setting = try Setting(api: api.url, upstream: upstream.address)
        let versions = Versions()
        try setting.write(version: 0)
        let child = try ChildProcess(
            Setting.program, ["-p", "0", "-conf", setting.folder.file("Corefile")], directory: setting.folder.path)
        let address = try setting.started(child)
        let ready = SocketAddress.loopback(port: setting.ready)
        #expect(try holdsInTime { try fetchHTTP(ready, "/ready").status == 200 })
        // What the first reloads leave behind is there for good: memory of the allocator, above all.
        var count = 0
        for _ in 0..<10 { try setting.reload(child, &count, versions, isGood: true) }
        try setting.reloadToPlain(child, &count, versions)
        let before = try Self.stateAtRest(child)
        let requests = api.requests.count

        let poller = try ReadyPoller(ready)
        let clients = try Self.startClients(address, versions)
        let start = Clock.system.monotonic()
        for number in 0..<Self.reloads { try setting.reload(child, &count, versions, isGood: number % 2 == 0) }
        let seconds = Double(Clock.system.monotonic() - start) / 1e9
        let answered = Self.finish(clients)
        print("\(answered) queries in \(seconds) s and \(Self.reloads) reloads")
        #expect(answered > Int(seconds * Double(Self.perSecond)))
        #expect(Set(poller.finish()) == [200])
        #expect(api.requests.count == requests, "\(api.requests.suffix(3).map(\.target))")

        // With a configuration that has forwarded nothing yet, all is as before.
        try setting.reloadToPlain(child, &count, versions)
        let after = try Self.stateAtRest(child)
        #expect(after.threads == before.threads)
        #expect(after.descriptors == before.descriptors)
        print("\(before.kilobytes) kB before, \(after.kilobytes) kB after")
        #expect(after.kilobytes < before.kilobytes + Self.mostGrowth)
        try Self.checkMetrics(setting.metrics)

        try Self.stop(child, address, ready, versions)
    }

    /// The end: `ready` says so at once, and every query is answered until nobody sends any more.
    private static func stop(
        _ child: ChildProcess, _ address: SocketAddress, _ ready: SocketAddress, _ versions: Versions
    ) throws {
        let clients = try startClients(address, versions)
        #expect(holdsInTime { clients.allSatisfy { $0.answered > 100 } })
        child.signal(SIGTERM)
        // As the endpoints of a Service do.
        #expect(try holdsInTime { try fetchHTTP(ready, "/ready").status == 503 })
        let seen = clients.reduce(0) { $0 + $1.answered }
        #expect(holdsInTime { clients.reduce(0) { $0 + $1.answered } > seen + 1000 })
        #expect(child.isRunning)
        #expect(finish(clients) > 1000)
        // Everybody has gone: what is left of lameduck need not be waited for.
        child.signal(SIGTERM)
        #expect(child.waitForExit() == 0, "\(child.output.suffix(2000))")
    }

    private static func startClients(_ address: SocketAddress, _ versions: Versions) throws -> [LoadClient] {
        let always = { (expected: UInt32) in
            { @Sendable (address: UInt32, _: Int) -> Bool in address == expected }
        }
        let questions: [LoadClient.Question] =
            [
                .init(name: "web.shop.svc.cluster.local.", isRight: always(0x0A60_000A)),
                .init(name: "web.shop.svc.snap.test.", isRight: always(0x0A00_0001)),
                .init(name: "a.cached.test.", isRight: always(0x0A09_0001)),
                .init(name: "name.change.test.") { address, mark in
                    let version = Int(address & 0xFFFF) - 1
                    return version >= mark && version <= versions.offered.load(ordering: .sequentiallyConsistent)
                },
            ] + (0..<5).map { .init(name: "n\($0).forwarded.test.", isRight: always(0x0A09_0001)) }
        let mark: @Sendable () -> Int = { versions.taken.load(ordering: .sequentiallyConsistent) }
        let clients = [
            LoadClient(address, isStream: false, sockets: 8, window: 8, questions, mark: mark),
            LoadClient(address, isStream: false, sockets: 2, window: 32, questions, mark: mark),
            LoadClient(address, isStream: true, sockets: 3, window: 16, questions, mark: mark),
        ]
        for client in clients { try client.start() }
        return clients
    }

    /// - Returns: how many queries were answered.
    private static func finish(_ clients: [LoadClient]) -> Int {
        let outcomes = clients.map { $0.finish() }
        for outcome in outcomes { #expect(outcome.failures == []) }
        return outcomes.reduce(0) { $0 + $1.answered }
    }

    private static func checkMetrics(_ port: UInt16) throws {
        let text = try fetchHTTP(.loopback(port: port), "/metrics").body
        let lines = text.split(separator: "\n")
        #expect(lines.contains("coredns_reload_failed_total \(reloads / 2)"))
        #expect(lines.filter { $0.hasPrefix("coredns_reload_version_info{hash=\"sha512\",value=\"") }.count == 1)
        // Counted on through all of them.
        let requests = lines.filter { $0.hasPrefix("coredns_dns_requests_total") && $0.contains("zone=\".\"") }
        #expect(requests.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +) > 1000)
    }

    /// What a program has that must not grow.
    private struct State {
        var threads: Int
        var descriptors: Int
        var kilobytes: Int
    }

    private static func state(_ child: ChildProcess) throws -> State {
        let files = FileManager.default
        let status = try String(contentsOfFile: "/proc/\(child.identifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return State(
            threads: try files.contentsOfDirectory(atPath: "/proc/\(child.identifier)/task").count,
            descriptors: try files.contentsOfDirectory(atPath: "/proc/\(child.identifier)/fd").count,
            kilobytes: try #require(line.split(separator: " ").compactMap { Int($0) }.first))
    }

    /// The state once nothing changes for a while: what was replaced goes a moment after a reload.
    private static func stateAtRest(_ child: ChildProcess) throws -> State {
        var last = try state(child)
        var same = 0
        _ = try holdsInTime {
            let now = try state(child)
            same = now.threads == last.threads && now.descriptors == last.descriptors ? same + 1 : 0
            last = now
            return same >= 200
        }
        return last
    }

    /// Asks `ready` again and again.
    private final class ReadyPoller: Sendable {
        private let statuses = Mutex<[Int]>([])
        private let isEnding = Atomic(false)
        private let thread = Mutex<LinuxIO.Thread?>(nil)

        init(_ address: SocketAddress) throws {
            let spawned = try LinuxIO.Thread.spawn(name: "poller") { [self] in
                while !isEnding.load(ordering: .sequentiallyConsistent) {
                    let status = (try? fetchHTTP(address, "/ready").status) ?? 0
                    statuses.withLock { $0.append(status) }
                    usleep(5000)
                }
            }
            thread.withLock { $0 = spawned }
        }

        func finish() -> [Int] {
            isEnding.store(true, ordering: .sequentiallyConsistent)
            thread.withLock { $0 }?.join()
            return statuses.withLock { $0 }
        }
    }

    /// The program's files.
    private final class Setting {
        /// The built program, next to the test bundle.
        static let program: String = {
            let bundle =
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
                ?? CommandLine.arguments[0]
            return URL(fileURLWithPath: bundle).deletingLastPathComponent().path + "/apodns"
        }()

        let folder: TemporaryFolder
        let ready: UInt16
        let metrics: UInt16
        private let health: UInt16
        private let api: String
        private let upstream: SocketAddress
        /// Somebody else's: a configuration that wants its address is no good.
        private let occupied: StreamListener
        private var version = 0

        init(api: String, upstream: SocketAddress) throws {
            folder = try TemporaryFolder()
            self.api = api
            self.upstream = upstream
            occupied = try StreamListener.listen(.loopback(port: 0))
            let free = try (0..<3).map { _ in try RunningServer(". {\n bind 127.0.0.1\n whoami\n}\n") }
            (ready, metrics, health) = (free[0].port, free[1].port, free[2].port)
            try folder.write("cluster.yaml", ClusterFiles.web("10.0.0.1"))
        }

        /// Writes a file that is good: each has another answer, and some other listeners and plugins.
        func write(version: Int) throws {
            let extra =
                switch version % 4 {
                case 1: "extra.test {\n bind 127.0.0.3\n whoami\n}"
                case 2: "extra.test {\n bind 127.0.0.3\n multisocket 3\n forward . \(upstream)\n cache\n}"
                default: ""
                }
            try folder.write(
                "Corefile",
                """
                . {
                    bind 127.0.0.1
                    errors
                    health 127.0.0.1:\(health) {
                        lameduck 1m
                    }
                    ready 127.0.0.1:\(ready)
                    prometheus 127.0.0.1:\(metrics)
                    kubernetes cluster.local in-addr.arpa {
                        endpoint \(api)
                        ttl \(5 + version % 7)
                    }
                    loadbalance
                    \(version % 3 == 0 ? "cancel" : "bufsize 1232")
                }
                snap.test {
                    bind 127.0.0.1
                    ready 127.0.0.1:\(ready)
                    kubernetes snap.test {
                        snapshot cluster.yaml
                    }
                }
                change.test {
                    bind 127.0.0.1
                    hosts {
                        10.0.\((version + 1) / 256).\((version + 1) % 256) name.change.test
                    }
                }
                forwarded.test {
                    bind 127.0.0.1
                    forward . \(upstream)
                }
                cached.test {
                    bind 127.0.0.1
                    prometheus 127.0.0.1:\(metrics)
                    cache
                    forward . \(upstream)
                }
                \(extra)
                """)
        }

        private static let broken = [
            "syntax", "directive", "option", "address", "port", "admin port", "import", "snapshot", "empty", "missing",
        ]

        /// Writes a file that is no good: each in another way.
        func writeBroken(_ number: Int) throws {
            try write(version: version)
            let good = try String(contentsOfFile: folder.file("Corefile"), encoding: .utf8)
            let more =
                switch Self.broken[number % Self.broken.count] {
                case "syntax": "more.test {\n"
                case "directive": "more.test {\n nosuch\n}"
                case "option": "more.test {\n bind 127.0.0.4\n cache {\n nosuch\n }\n}"
                case "address": "more.test {\n bind 192.0.2.1\n whoami\n}"
                case "port": "more.test:\(occupied.boundAddress.port) {\n bind 127.0.0.1\n whoami\n}"
                case "admin port": "more.test {\n bind 127.0.0.4\n health \(occupied.boundAddress)\n}"
                case "import": "more.test {\n import nosuch/Corefile\n}"
                case "snapshot": "more.test {\n bind 127.0.0.4\n kubernetes more.test {\n snapshot nosuch.yaml\n }\n}"
                default: ""
                }
            switch Self.broken[number % Self.broken.count] {
            case "empty": try folder.write("Corefile", "")
            case "missing": try FileManager.default.removeItem(atPath: folder.file("Corefile"))
            default: try folder.write("Corefile", good + "\n" + more)
            }
        }

        /// Has the program read its file again, and waits until that is done. `count` is how many reloads there were.
        func reload(_ child: ChildProcess, _ count: inout Int, _ versions: Versions, isGood: Bool) throws {
            if isGood {
                version += 1
                try write(version: version)
                versions.offered.store(version, ordering: .sequentiallyConsistent)
            } else {
                try writeBroken(count / 2)
            }
            count += 1
            let wanted = count
            child.signal(SIGUSR1)
            let line = isGood ? "[INFO] Reloading complete" : "[ERROR] SIGUSR1: "
            let isDone = holdsInTime {
                let ends = child.output.split(separator: "\n").filter {
                    $0 == "[INFO] Reloading complete" || $0.hasPrefix("[ERROR] SIGUSR1: ")
                }
                return ends.count == wanted && ends.last?.hasPrefix(line) == true
            }
            try #require(isDone, "\(child.output.suffix(3000)) \(child.error)")
            if isGood { versions.taken.store(version, ordering: .sequentiallyConsistent) }
        }

        /// Reloads until the version has no block of its own.
        func reloadToPlain(_ child: ChildProcess, _ count: inout Int, _ versions: Versions) throws {
            repeat { try reload(child, &count, versions, isGood: true) } while version % 4 != 0
        }

        /// Waits for the banner and returns where the first zone is served.
        func started(_ child: ChildProcess) throws -> SocketAddress {
            try #require(holdsInTime { !child.isRunning || child.output.contains("compatible\n") })
            try #require(child.isRunning, "\(child.output) \(child.error)")
            let zone = child.output.split(separator: "\n").first { $0.hasPrefix(".:") }
            let port = zone?.dropFirst(2).prefix { $0 != " " }
            return .loopback(port: try #require(port.flatMap { UInt16($0) }))
        }
    }
}
