import Foundation
import LinuxIO
import ScriptedAPI
import ServerHarness
import Testing

/// Listing everything anew costs hardly any memory, and no answer.
@Suite struct RelistMemoryTests {
    /// How often everything is listed anew once it is measured.
    private static let relists = 1
    /// The most that memory may be during that, over what it was before.
    private static let mostGrowth = 1.1

    @Test(.timeLimit(.minutes(3)), arguments: [ScriptedSettings.StreamingLists.served, .refused(400)])
    func memoryStaysAsItIs(_ streamingLists: ScriptedSettings.StreamingLists) throws {
        let cluster = ScriptedCluster.generate(services: 2000, endpoints: 20_000, pods: 0, seed: 1)
        let services = cluster.objects(.services).compactMap { object -> (name: String, address: String)? in
            guard case .service(let service) = object, service.clusterIP != "None" else { return nil }
            return ("\(service.metadata.name).\(service.metadata.namespace).svc.cluster.local.", service.clusterIP)
        }
        var settings = ScriptedSettings()
        settings.streamingLists = streamingLists
        let api = try ScriptedAPIServer(cluster, settings: settings)
        defer { api.stop() }
        let folder = try TemporaryFolder()
        try folder.write(
            "Corefile",
            """
            .:0 {
                bind 127.0.0.1
                kubernetes cluster.local in-addr.arpa {
                    endpoint \(api.url)
                    startup_timeout 60s
                }
            }
            """)
        let child = try ChildProcess(Self.program, [], directory: folder.path)
        try #require(Self.holds(60) { !child.isRunning || child.output.contains("compatible\n") })
        // The banner: `.:PORT on 127.0.0.1`.
        let banner = try #require(child.output.split(separator: "\n").first { $0.hasPrefix(".:") })
        let port = try #require(banner.dropFirst(2).split(separator: " ").first.flatMap { UInt16($0) })
        let client = try DatagramClient(.loopback(port: port))
        #expect(try LiveServer.answer(client, services[0].name) == [services[0].address])

        var before = 0
        for relist in 0...Self.relists {
            // The first relist brings back pages of the program's code, which it let go of at the end of its start. The peak
            // starts anew from what there is behind that (proc(5), clear_refs).
            if relist == 1 {
                before = try Self.kilobytes("VmRSS", child)
                try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/\(child.identifier)/clear_refs"))
            }
            cluster.compact()
            // It comes with the next list or not at all: the watches have expired.
            let new = ScriptedService(namespace: "team-00", name: "new-\(relist)", clusterIPs: ["10.95.0.\(relist)"])
            cluster.apply(new)
            cluster.compact()
            api.disconnectAll()
            var number = 0
            let isListed = try Self.holds(30) {
                for _ in 0..<20 {
                    number = (number + 97) % services.count
                    #expect(try LiveServer.answer(client, services[number].name) == [services[number].address])
                }
                return try LiveServer.answer(client, "new-\(relist).team-00.svc.cluster.local.") == [
                    "10.95.0.\(relist)"
                ]
            }
            #expect(isListed, "\(child.output) \(child.error)")
            // The other kinds, too.
            #expect(api.waitForWatches(3, milliseconds: 30_000), "\(api.watchCount) watches")
        }
        let peak = try Self.kilobytes("VmHWM", child)
        print("\(streamingLists): \(before) kB before a relist, at most \(peak) kB in it")
        #expect(Double(peak) <= Double(before) * Self.mostGrowth)
    }

    /// The built program, next to the test bundle.
    private static let program: String = {
        let bundle =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().path + "/apodns"
    }()

    /// A size from the child's status (proc(5)).
    private static func kilobytes(_ field: String, _ child: ChildProcess) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(child.identifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(field + ":") })
        return try #require(line.split(separator: " ").compactMap { Int($0) }.first, "\(line)")
    }

    /// Like `holdsInTime`, for what takes longer.
    private static func holds(_ seconds: UInt64, _ condition: () throws -> Bool) rethrows -> Bool {
        let deadline = Clock.system.monotonic() + seconds * Clock.second
        while Clock.system.monotonic() < deadline {
            if try holdsInTime(condition) { return true }
        }
        return false
    }
}
