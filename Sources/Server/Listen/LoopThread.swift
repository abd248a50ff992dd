import LinuxIO
import Synchronization

/// An event loop and the thread that turns it.
final class LoopThread: Sendable {
    let loop: EventLoop
    private let thread = Mutex<Thread?>(nil)

    /// Starts the thread.
    init(name: String, clock: Clock) throws(SystemError) {
        let loop = try EventLoop(clock: clock)
        self.loop = loop
        let started = try Thread.spawn(name: name) { loop.run() }
        thread.withLock { $0 = started }
    }

    /// What a call on the loop's thread came to.
    ///
    /// `@unchecked Sendable`: written by the loop's thread before `done` is set, read by the caller afterwards.
    private final class Outcome<Value>: @unchecked Sendable {
        var value: Result<Value, SystemError>?
        let body: () throws(SystemError) -> Value
        let isDone = Atomic(false)
        let stopper = Stopper()

        init(_ body: @escaping () throws(SystemError) -> Value) { self.body = body }

        func run() {
            do throws(SystemError) {
                value = .success(try body())
            } catch {
                value = .failure(error)
            }
            isDone.store(true, ordering: .releasing)
            stopper.stop()
        }
    }

    /// Does something on the loop's thread, and waits for it. Not to be called by that thread, nor after `stop`.
    func perform<Value>(_ body: @escaping () throws(SystemError) -> Value) throws(SystemError) -> Value {
        let outcome = Outcome(body)
        loop.execute { outcome.run() }
        // Without a descriptor for the stopper its wait only waits.
        while !outcome.isDone.load(ordering: .acquiring) { _ = outcome.stopper.wait(milliseconds: 100) }
        guard let value = outcome.value else { throw SystemError(call: "event loop", code: 0) }
        return try value.get()
    }

    /// Waits for the end of the loop, which somebody has to bring about by `EventLoop.stop`, and takes apart what it holds.
    func join() {
        thread.withLock { $0 }?.join()
        // Handlers hold servers, which hold the loop: only this takes them apart.
        loop.forgetAll()
    }
}
