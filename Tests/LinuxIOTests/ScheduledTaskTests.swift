import Synchronization
import Testing

@testable import LinuxIO

struct ScheduledTaskTests {
    /// Counts runs and lets a test wait for one; nothing here depends on how long something takes.
    private final class Runs: Sendable {
        private let count = Atomic<Int>(0)

        var value: Int { count.load(ordering: .sequentiallyConsistent) }

        func add() { count.wrappingAdd(1, ordering: .sequentiallyConsistent) }

        func wait(for wanted: Int) async { while value < wanted { await Task.yield() } }
    }

    @Test(.timeLimit(.minutes(10))) func runsAtOnceAndWhenWoken() async throws {
        let runs = Runs()
        let task = ScheduledTask(name: "test", niceness: 1) { _ in
            runs.add()
            return nil
        }
        #expect(runs.value == 0)
        try task.start()
        try task.start()
        await runs.wait(for: 1)
        for wanted in 2...5 {
            task.wake()
            await runs.wait(for: wanted)
        }
        task.stop()
        #expect(runs.value == 5)
        task.wake()
        task.stop()
        #expect(runs.value == 5)
    }

    @Test(.timeLimit(.minutes(10))) func runsAtItsDeadline() async throws {
        let runs = Runs()
        let task = ScheduledTask(name: "test") { now in
            runs.add()
            return now + 1000
        }
        try task.start()
        await runs.wait(for: 20)
        task.stop()
    }

    @Test(.timeLimit(.minutes(10))) func waitsByItsOwnClock() async throws {
        let system = Clock.system
        let fast = Clock(
            monotonic: { system.monotonic() &* 1_000_000 }, wall: system.wall, wait: { $0 / 1_000_000 })
        let runs = Runs()
        let task = ScheduledTask(name: "test", clock: fast) { now in
            runs.add()
            return now &+ 600 * Clock.second
        }
        try task.start()
        await runs.wait(for: 5)
        task.stop()
    }

    /// A deadline that is far away, or for ever, does not hold up the end.
    @Test(.timeLimit(.minutes(10)), arguments: [UInt64.max, 3600 * Clock.second, nil])
    func stopsWhileItWaits(_ wait: UInt64?) async throws {
        let runs = Runs()
        let task = ScheduledTask(name: "test") { now in
            runs.add()
            return wait.map { $0 == .max ? .max : now + $0 }
        }
        try task.start()
        await runs.wait(for: 1)
        task.stop()
        #expect(runs.value == 1)
    }
}
