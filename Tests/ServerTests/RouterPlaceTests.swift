import LinuxIO
import PluginKit
import Plugins
import ServerHarness
import Synchronization
import Testing

@testable import Server

/// When a worker has done with a router that was taken from it.
@Suite struct RouterPlaceTests {
    private static func routers(_ count: Int) throws -> [Router] {
        let configuration = try RunningServer.configure(". {\n whoami\n}\n")
        let plan = try #require(configuration.listeners.first)
        let metrics = QueryMetrics.of(configuration.process)
        return (0..<count).map { number in
            Router(
                plan, transport: .udp, random: FastRandom(seed: UInt64(number)),
                dropped: DroppedQueries(metrics, server: plan.server, transport: .udp), clock: .system)
        }
    }

    private static func isAt(_ place: RouterPlace, _ router: Router) -> Bool {
        place.begin()._withUnsafeGuaranteedRef { $0 === router }
    }

    @Test func aTurnKeepsItsRouter() throws {
        let routers = try Self.routers(3)
        let place = RouterPlace(routers[0])
        // Between two turns nobody uses it.
        #expect(place.hasLeft(place.replace(with: routers[1])))
        #expect(Self.isAt(place, routers[1]))
        let seen = place.replace(with: routers[2])
        #expect(!place.hasLeft(seen))
        #expect(!place.hasLeft(seen))
        place.end()
        #expect(place.hasLeft(seen))
        // The next turn has the new one, and says nothing about the old.
        #expect(Self.isAt(place, routers[2]))
        #expect(place.hasLeft(seen))
        place.end()
    }

    /// A worker that never rests leaves the old one all the same, and never has one that is gone.
    @Test func aBusyWorkerChangesOver() throws {
        let routers = try Self.routers(8)
        let place = RouterPlace(routers[0])
        let seen = Seen()
        let worker = try Thread.spawn(name: "worker") {
            while !seen.isEnding {
                let router = place.begin().toOpaque()
                seen.note(UInt(bitPattern: router))
                place.end()
            }
        }
        for round in 1...400 {
            let (old, new) = (routers[(round - 1) % 8], routers[round % 8])
            let token = place.replace(with: new)
            #expect(holdsInTime { place.hasLeft(token) })
            seen.forbid(UInt(bitPattern: Unmanaged.passUnretained(old).toOpaque()))
        }
        seen.end()
        worker.join()
        #expect(seen.wrong == 0)
        withExtendedLifetime(routers) {}
    }
}

/// What a worker has had, and must not have any more.
private final class Seen: Sendable {
    private let forbidden = Atomic<UInt>(0)
    private let ending = Atomic(false)
    private let failures = Atomic(0)

    var isEnding: Bool { ending.load(ordering: .sequentiallyConsistent) }
    var wrong: Int { failures.load(ordering: .sequentiallyConsistent) }

    func note(_ router: UInt) {
        if forbidden.load(ordering: .sequentiallyConsistent) == router {
            failures.wrappingAdd(1, ordering: .sequentiallyConsistent)
        }
    }

    func forbid(_ router: UInt) { forbidden.store(router, ordering: .sequentiallyConsistent) }

    func end() { ending.store(true, ordering: .sequentiallyConsistent) }
}
