import Corefile
import DNSWire
import Foundation
import LinuxIO
import PluginKit
import Plugins
import ServerHarness
import Synchronization
import Testing

@testable import Server

/// When the Corefile is read again, and what is said about it. The clock is the test's.
@Suite struct ReloaderTests {
    /// A server of a file, whose reloads are done by hand.
    private final class Bench {
        let folder: TemporaryFolder
        let clock = ManualClock()
        let lines = LogLines()
        let server: Server
        let reloader: Reloader

        init(_ text: String) throws {
            let folder = try TemporaryFolder()
            self.folder = folder
            let path = try folder.write("Corefile", text)
            let read: @Sendable () -> CorefileVersion = {
                CorefileVersion { files throws(CorefileError) in
                    .init(
                        corefile: try Corefile.load(
                            path: path, defaultPort: 0, files: files, knownDirectives: PluginTable.implementedNames,
                            knownElsewhere: PluginTable.missingNames), directory: folder.path)
                }
            }
            let process = ProcessContext(log: lines.log, clock: clock.clock)
            let version = read()
            server = Server(
                try Configuration(version.outcome.get().corefile, directory: folder.path, process: process),
                workerCount: 1)
            try server.start()
            reloader = Reloader(server, version: version.hash, random: FastRandom(seed: 1), read: read)
        }

        deinit { server.stop() }

        var metrics: ReloadMetrics { ReloadMetrics.of(server.configuration.process) }

        /// What is logged while so many seconds go by, second by second.
        func pass(_ seconds: Int) -> [String] {
            let before = lines.all.count
            for _ in 0..<seconds {
                clock.advance(nanoseconds: Clock.second)
                _ = reloader.look(clock.clock.monotonic())
            }
            return lines.all.dropFirst(before).map { line in
                line.replacingOccurrences(of: folder.path + "/", with: "")
            }
        }

        func write(_ text: String) throws { try folder.write("Corefile", text) }
    }

    private static func file(_ more: String = "", reload: String = "reload 10s 0s") -> String {
        ". {\n bind 127.0.0.1\n whoami\n \(reload)\n \(more)\n}\n"
    }

    private static func running(_ hash: String?) -> String {
        "[INFO] plugin/reload: Running configuration SHA512 = \(hash ?? "")"
    }

    @Test func aChangedFileIsTakenAtTheInterval() throws {
        let bench = try Bench(Self.file())
        let first = try #require(bench.metrics.running)
        #expect(first.count == 128)
        #expect(bench.lines.all == [Self.running(first)])
        #expect(bench.pass(30) == [])
        try bench.write(Self.file("any"))
        #expect(bench.pass(9) == [])
        let lines = bench.pass(1)
        let second = try #require(bench.metrics.running)
        #expect(second != first)
        #expect(lines == ["[INFO] Reloading", Self.running(second), "[INFO] Reloading complete"])
        #expect(bench.pass(30) == [])
        // The interval is the new file's from then on.
        try bench.write(Self.file(reload: "reload 2s 0s"))
        #expect(bench.pass(10).count == 3)
        try bench.write(Self.file("any", reload: "reload 20s 0s"))
        #expect(bench.pass(1) == [])
        #expect(bench.pass(1).count == 3)
        #expect(bench.metrics.failures == 0)
    }

    @Test func filesThatAreNoGood() throws {
        let bench = try Bench(Self.file("import more/*.conf"))
        let first = bench.metrics.running
        let failure = "[ERROR] plugin/reload: Corefile changed but reload failed: "
        let rows: [(text: String?, message: String)] = [
            (Self.file("whoam"), "Corefile:5:2: "), (Self.file("bufsize many"), "Corefile:5:10: "),
            (". {\n whoami\n", "Corefile:"), (nil, "Corefile:0:0: Could not read the Corefile"),
            ("# nothing\n", "no server block found, expected at least one"),
            (Self.file("kubernetes c. {\n snapshot no.yaml\n}"), "Corefile:5:2: plugin/kubernetes: no.yaml: "),
        ]
        for (number, row) in rows.enumerated() {
            if let text = row.text {
                try bench.write(text)
            } else {
                try FileManager.default.removeItem(atPath: bench.folder.file("Corefile"))
            }
            let lines = bench.pass(10)
            #expect(lines.count == 2 && lines.first == "[INFO] Reloading", "\(lines)")
            let message = lines.last?.replacingOccurrences(of: "Corefile: Could", with: "Corefile:0:0: Could") ?? ""
            #expect(message.hasPrefix(failure + row.message), "\(lines)")
            #expect(bench.metrics.failures == UInt64(number + 1))
            #expect(bench.metrics.running == first)
        }
        // What is wrong is said once; what is as it was is not taken anew.
        try bench.write(Self.file("whoam"))
        #expect(bench.pass(10).count == 2)
        #expect(bench.pass(200) == [])
        try bench.write(Self.file("import more/*.conf"))
        #expect(bench.pass(30) == [])
        #expect(bench.metrics.running == first)
        try bench.write(Self.file("whoam"))
        #expect(bench.pass(10).count == 2)
    }

    /// Imported files are part of the version, also those that come to be.
    @Test func importedFiles() throws {
        let bench = try Bench(Self.file("import *.conf"))
        #expect(bench.pass(20) == [])
        try bench.folder.write("a.conf", "any\n")
        #expect(bench.pass(10).last == "[INFO] Reloading complete")
        try bench.folder.write("a.conf", "any\nbufsize 1000\n")
        #expect(bench.pass(10).last == "[INFO] Reloading complete")
        try bench.folder.write("a.conf", "nosuch\n")
        #expect(bench.pass(10).last?.contains("reload failed: a.conf:1:1: ") == true)
        try FileManager.default.removeItem(atPath: bench.folder.file("a.conf"))
        #expect(bench.pass(10).last == "[INFO] Reloading complete")
    }

    /// What is in the way of a good file may go: it is tried again, less and less often.
    @Test func whatCannotBeOpenedIsTriedAgain() throws {
        let bench = try Bench(Self.file())
        var occupied: StreamListener? = try StreamListener.listen(.loopback(port: 0))
        let address = try #require(occupied?.boundAddress)
        try bench.write(Self.file("health \(address)"))
        // After one interval, then after 1, 2, 4, 8, 16 and 16 more.
        let counts = (0..<48).map { _ in bench.pass(10).filter { $0.contains("(EADDRINUSE)") }.count }
        #expect(counts.indices.filter { counts[$0] == 1 } == [0, 1, 3, 7, 15, 31, 47])
        #expect(bench.metrics.failures == 7)
        #expect(occupied != nil)
        occupied = nil
        #expect(bench.pass(160).last == "[INFO] Reloading complete")
        #expect(bench.pass(100) == [])
    }

    /// So is a file with an upstream whose name has no address yet.
    @Test func whatCannotBeResolvedIsTriedAgain() throws {
        let isThere = Atomic(false)
        let resolver = try TestUpstream { query in
            guard isThere.load(ordering: .relaxed) else { return .answer(query.response(code: .nameError)) }
            return .answer(query.response(query.type == .a ? ["\(query.name) 60 IN A 127.0.0.1"] : []))
        }
        let bench = try Bench(Self.file())
        try bench.write(Self.file("forward . dns.example {\n  resolver \(resolver.address)\n }"))
        let counts = (0..<8).map { _ in bench.pass(10).filter { $0.contains("failed to resolve") }.count }
        #expect(counts.indices.filter { counts[$0] == 1 } == [0, 1, 3, 7])
        isThere.store(true, ordering: .relaxed)
        #expect(bench.pass(160).last == "[INFO] Reloading complete")
        #expect(bench.pass(100) == [])
    }

    @Test func withoutTheDirectiveOnlyASignalCounts() throws {
        for reload in ["", "reload off"] {
            let bench = try Bench(Self.file(reload: reload))
            #expect(bench.lines.all == [])
            try bench.write(Self.file("any", reload: reload))
            #expect(bench.pass(300) == [])
            bench.reloader.reloadNow()
            #expect(
                bench.pass(1) == ["[INFO] SIGUSR1: Reloading", "[INFO] Reloading", "[INFO] Reloading complete"])
            // A signal reloads what has not changed, too.
            bench.reloader.reloadNow()
            #expect(bench.pass(1).count == 3)
            try bench.write(Self.file("whoam"))
            bench.reloader.reloadNow()
            #expect(bench.pass(1).last?.hasPrefix("[ERROR] SIGUSR1: Corefile:5:2: ") == true)
            #expect(bench.metrics.failures == 1)
            // A file that brings the directive is looked at from then on.
            try bench.write(Self.file())
            bench.reloader.reloadNow()
            #expect(bench.pass(1).count == 4)
            try bench.write(Self.file("any"))
            #expect(bench.pass(10).last == "[INFO] Reloading complete")
        }
    }

    /// `debug` goes with the configuration that has it.
    @Test func debugging() throws {
        let bench = try Bench(Self.file("debug"))
        let log = bench.server.configuration.process.log
        #expect(log.isDebugging)
        try bench.write(Self.file("whoam"))
        _ = bench.pass(10)
        #expect(log.isDebugging)
        try bench.write(Self.file())
        _ = bench.pass(10)
        #expect(!log.isDebugging)
        try bench.write(Self.file("debug\n nosuch"))
        _ = bench.pass(10)
        #expect(!log.isDebugging)
    }

    @Test func nothingIsReadOnceTheEndHasCome() throws {
        let bench = try Bench(Self.file())
        try bench.write(Self.file("any"))
        bench.reloader.forbid()
        bench.reloader.reloadNow()
        #expect(bench.pass(100) == [])
        #expect(bench.reloader.look(bench.clock.clock.monotonic()) == nil)
    }

    /// The thread does the same by itself.
    @Test func theThreadReloads() throws {
        let bench = try Bench(Self.file(reload: ""))
        try bench.reloader.start()
        try bench.write(Self.file("any", reload: ""))
        bench.reloader.reloadNow()
        #expect(holdsInTime { bench.lines.all.last == "[INFO] Reloading complete" })
        #expect(holdsInTime { bench.server.retiredCount == 0 })
        bench.reloader.stop()
        bench.reloader.stop()
    }

    static let digests = [
        (
            "",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd4741"
                + "7a81a538327af927da3e"
        ),
        (
            "abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce"
                + "80e2a9ac94fa54ca49f"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqr"
                + "stu",
            "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd2"
                + "6545e96e55b874be909"
        ),
    ]

    /// FIPS 180-4's examples, and every length around a block's.
    @Test func digestsAreRight() {
        for (text, digest) in Self.digests {
            var sum = SHA512()
            sum.add(text.utf8)
            #expect(sum.hexadecimal() == digest)
        }
        var seen: Set<String> = []
        for length in 100...260 {
            var whole = SHA512()
            whole.add(repeatElement(UInt8(7), count: length))
            var parts = SHA512()
            for _ in 0..<length { parts.add(CollectionOfOne(7)) }
            let digest = whole.hexadecimal()
            #expect(digest == parts.hexadecimal())
            #expect(seen.insert(digest).inserted)
        }
    }
}
