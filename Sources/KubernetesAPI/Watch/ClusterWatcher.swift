import LinuxIO
import Synchronization

/// Lists and watches the streams of one cluster on a thread of its own, from `start()` to `stop()`.
///
/// It never gives up: whatever fails is tried again with pauses of up to a minute (a Namespace object that may not be read:
/// ten), and what the sink was told stays as it is meanwhile.
package final class ClusterWatcher: Sendable {
    private let isStopping = Atomic<Bool>(false)
    private let thread = Mutex<Thread?>(nil)
    private let watch: @Sendable (_ isStopping: () -> Bool) -> Void
    private let wakeUp: @Sendable () -> Void

    /// A watcher over any transport and reader of bodies.
    ///
    /// - Parameters:
    ///   - seed: what jitter follows from.
    ///   - notice: takes what a person wants to know, on the watcher's thread.
    package init<Transport: WatchTransport, Body: WatchBody>(
        _ settings: WatchSettings, transport: Transport, body: Body.Type, sink: any WatchSink, clock: Clock,
        seed: UInt64,
        notice: @escaping @Sendable (WatchNotice) -> Void
    ) {
        wakeUp = { transport.wakeUp() }
        watch = { isStopping in
            let loop = WatchLoop(
                settings, transport: transport, body: body, sink: sink, clock: clock, seed: seed, notice: notice)
            while !isStopping() { loop.turn() }
            loop.end()
        }
    }

    /// Starts the thread; a second call does nothing, and so does one after `stop()`. Throws when there can be no thread.
    package func start() throws(SystemError) {
        try thread.withLock { (running) throws(SystemError) in
            guard running == nil, !isStopping.load(ordering: .sequentiallyConsistent) else { return }
            running = try Thread.spawn(name: "cluster-watch") { [self] in
                watch { isStopping.load(ordering: .sequentiallyConsistent) }
            }
        }
    }

    /// Ends the requests and waits for the thread; the sink is not called afterwards. Not to be called on the thread itself.
    package func stop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        wakeUp()
        thread.withLock { $0 }?.join()
    }
}
