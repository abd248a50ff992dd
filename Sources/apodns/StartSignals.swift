import Glibc
import LinuxIO
import Synchronization

/// Ends the program where a signal says so while the server starts, which may take as long as `startup_timeout`, or stops,
/// which may take as long as an upstream.
///
/// Leaving these signals to the kernel is not enough: the first process of a container gets only those that it asks for
/// (pid_namespaces(7)), so that a pod which is deleted while it starts would go on until it is killed.
final class StartSignals: Sendable {
    private enum Stage {
        static let starting = 0
        static let started = 1
        static let ending = 2
    }

    /// The signals that end a start; the others wait for its end.
    private static let signals = [SIGINT, SIGTERM, SIGQUIT]
    /// How long after the start the thread may still be there, in nanoseconds: nothing waits for it.
    private static let interval = 50 * Clock.millisecond

    private let stage = Atomic(Stage.starting)
    private let thread = Mutex<Thread?>(nil)

    /// Begins to wait for signals, which must be blocked in the calling thread.
    ///
    /// - Parameter stop: what to do before the process ends; it runs on a thread of its own.
    init(_ stop: @escaping @Sendable (_ signal: Int32) -> Void) throws(SystemError) {
        let spawned = try Thread.spawn(name: "start-signals") { [self] in wait(stop) }
        thread.withLock { $0 = spawned }
    }

    /// Says that the server has started: signals are the main thread's from now on. Does not return where one has come before.
    func end() {
        let (isStarted, _) = stage.compareExchange(
            expected: Stage.starting, desired: Stage.started, ordering: .sequentiallyConsistent)
        if !isStarted { thread.withLock { $0 }?.join() }
    }

    private func wait(_ stop: (_ signal: Int32) -> Void) {
        while stage.load(ordering: .sequentiallyConsistent) == Stage.starting {
            guard let signal = Signals.wait(Self.signals, nanoseconds: Self.interval) else { continue }
            let (isEnding, _) = stage.compareExchange(
                expected: Stage.starting, desired: Stage.ending, ordering: .sequentiallyConsistent)
            guard isEnding else {
                // It came for the main thread.
                kill(getpid(), signal)
                return
            }
            stop(signal)
            // What the main thread is at, such as reading a pipe, may never end.
            _exit(0)
        }
    }
}
