import Glibc
import Synchronization
import Testing

@testable import LinuxIO

/// Two ends of a pipe, closed with the object.
final class Pipe {
    let reading: Int32
    let writing: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError(call: "pipe", code: errno) }
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    func put() { _ = write(writing, [1], 1) }

    func take() {
        var byte: UInt8 = 0
        _ = read(reading, &byte, 1)
    }
}

@Suite struct EventLoopTests {
    @Test func handlersAreCalledForWhatTheyAsk() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        var seen: [EventLoop.Events] = []
        try loop.register(pipe.reading, .readable) { seen.append($0) }
        loop.turn()
        #expect(seen.isEmpty)
        pipe.put()
        loop.turn()
        loop.turn()
        #expect(seen == [.readable, .readable])
        try loop.modify(pipe.reading, [])
        loop.turn()
        #expect(seen.count == 2)
        try loop.modify(pipe.reading, .readable)
        loop.turn()
        #expect(seen.count == 3)
        loop.unregister(pipe.reading)
        loop.unregister(pipe.reading)
        loop.turn()
        #expect(seen.count == 3)
    }

    /// Of two descriptors that are ready in the same turn, the first handler takes away the second.
    @Test(arguments: [false, true]) func unregisteringDuringDispatch(again: Bool) throws {
        let loop = try EventLoop()
        let pipes = [try Pipe(), try Pipe()]
        var calls = 0
        var later = 0
        for (index, pipe) in pipes.enumerated() {
            pipe.put()
            let other = pipes[1 - index]
            try loop.register(pipe.reading, .readable) { _ in
                calls += 1
                loop.unregister(other.reading)
                guard again else { return }
                // The number is registered anew: the event that has been fetched is not for it.
                try? loop.register(other.reading, .readable) { _ in later += 1 }
            }
        }
        loop.turn()
        #expect(calls == 1)
        #expect(later == 0)
        pipes[0].take()
        pipes[1].take()
        loop.forgetAll()
    }

    @Test func registrationErrorsAreThrown() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        try loop.register(pipe.reading, .readable) { _ in }
        #expect(throws: SystemError(call: "epoll_ctl", code: EEXIST, subject: "descriptor \(pipe.reading)")) {
            try loop.register(pipe.reading, .readable) { _ in }
        }
        #expect(throws: SystemError(call: "epoll_ctl", code: EBADF, subject: "descriptor -1")) {
            try loop.register(-1, .readable) { _ in }
        }
        #expect(throws: SystemError(call: "epoll_ctl", code: ENOENT, subject: "descriptor 5000")) {
            try loop.modify(5000, .readable)
        }
        loop.unregister(-1)
        loop.unregister(5000)
    }

    @Test func timersFollowTheClock() throws {
        let clock = ManualClock()
        let loop = try EventLoop(clock: clock.clock)
        var fired: [String] = []
        loop.schedule(after: 2 * Clock.second) { fired.append("two") }
        let cancelled = loop.schedule(after: Clock.second) { fired.append("never") }
        loop.schedule(after: Clock.second) {
            fired.append("one")
            loop.schedule(after: 0) { fired.append("at once") }
        }
        loop.schedule(after: .max) { fired.append("end of time") }
        #expect(loop.cancel(cancelled))
        #expect(!loop.cancel(cancelled))
        loop.turn()
        #expect(fired == [])
        clock.advance(nanoseconds: Clock.second)
        loop.turn()
        #expect(fired == ["one"])
        loop.turn()
        #expect(fired == ["one", "at once"])
        clock.advance(nanoseconds: Clock.second - 1)
        loop.turn()
        #expect(fired.count == 2)
        clock.advance(nanoseconds: 1)
        loop.turn()
        #expect(fired == ["one", "at once", "two"])
    }

    @Test func realTimersWakeTheLoop() throws {
        let loop = try EventLoop()
        let start = Clock.system.monotonic()
        var fired: UInt64 = 0
        loop.schedule(after: 5 * Clock.millisecond) {
            fired = Clock.system.monotonic()
            loop.stop()
        }
        loop.run()
        #expect(fired >= start + 5 * Clock.millisecond)
    }

    /// Work from several threads is done on the loop's thread, each thread's in its order.
    @Test func executesWorkOfOtherThreads() throws {
        let loop = try EventLoop()
        let results = Mutex<[Int: [Int]]>([:])
        let elsewhere = Atomic(0)
        let runner = try Thread.spawn(name: "loop") { loop.run() }
        let threads = try (0..<4).map { number in
            try Thread.spawn(name: "worker \(number)") {
                for step in 0..<1000 {
                    loop.execute {
                        if !loop.isOnLoopThread { elsewhere.add(1, ordering: .relaxed) }
                        results.withLock { $0[number, default: []].append(step) }
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        loop.stop()
        runner.join()
        #expect(results.withLock { $0 } == Dictionary(uniqueKeysWithValues: (0..<4).map { ($0, Array(0..<1000)) }))
        let strays = elsewhere.load(ordering: .relaxed)
        #expect(strays == 0)
        #expect(!loop.isOnLoopThread)
    }

    /// Forgetting everything takes apart what holds each other.
    @Test func forgottenHandlersAreReleased() throws {
        final class Owner {
            var loop: EventLoop?
        }
        weak var seen: Owner?
        let pipe = try Pipe()
        do {
            let loop = try EventLoop()
            let owner = Owner()
            owner.loop = loop
            seen = owner
            pipe.put()
            try loop.register(pipe.reading, .readable) { _ in _ = owner.loop }
            loop.schedule(after: 0) { _ = owner.loop }
            loop.forgetAll()
            loop.turn()
            // The descriptor can be registered anew.
            var calls = 0
            try loop.register(pipe.reading, .readable) { _ in calls += 1 }
            loop.turn()
            #expect(calls == 1)
        }
        #expect(seen == nil)
    }

    @Test func loopsCanRunAgain() throws {
        let loop = try EventLoop()
        let runs = Atomic(0)
        for _ in 0..<3 {
            loop.execute {
                runs.add(1, ordering: .relaxed)
                loop.execute {
                    runs.add(1, ordering: .relaxed)
                    loop.stop()
                }
            }
            loop.run()
        }
        let total = runs.load(ordering: .relaxed)
        #expect(total == 6)
    }
}
