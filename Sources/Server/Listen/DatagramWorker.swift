import LinuxIO
import PluginKit
import Synchronization

/// A thread that owns one UDP socket and does nothing but receive a batch of queries, answer each, and send the batch. The
/// router that it answers with may be another from batch to batch.
///
/// `@unchecked Sendable`: the batch is the worker thread's alone; everything else is safe to share.
final class DatagramWorker: @unchecked Sendable {
    private let socket: DatagramSocket
    private let batch: DatagramBatch
    private let clock: Clock
    private let log: Log
    /// What it answers with.
    let routers: RouterPlace
    private let stopping = Atomic<Bool>(false)
    private let stopper = Stopper()
    private let thread = Mutex<Thread?>(nil)
    /// The number of answers not sent at which the next line is written. The worker's own.
    private var reportAt: UInt64 = 1

    /// A worker for `socket`, which does nothing before `start`.
    ///
    /// - Parameter router: what it answers with at first; see `RouterPlace`.
    init(socket: DatagramSocket, router: Router, clock: Clock, log: Log) throws(SystemError) {
        self.socket = socket
        routers = RouterPlace(router)
        batch = try DatagramBatch()
        self.clock = clock
        self.log = log
    }

    /// Starts the thread.
    func start(name: String) throws(SystemError) {
        let started = try Thread.spawn(name: name) { [self] in
            run()
            drain()
        }
        thread.withLock { $0 = started }
    }

    /// Lets what has come be answered, and ends the thread.
    func stop() {
        stopping.store(true, ordering: .releasing)
        stopper.stop()
        socket.shutdown()
        thread.withLock { $0 }?.join()
    }

    /// How long a socket that fails is left alone, in milliseconds: long enough not to spin, short enough to recover.
    private static let failurePause: Int32 = 100

    /// Most batches that are answered after `stop`: as much as the socket's buffer holds, some times over. Whoever goes on
    /// sending does not keep the worker.
    private static let mostDrained = 1024

    /// Answers what stands in the socket's buffer once that receives no more: it would be lost with the socket.
    private func drain() {
        var left = Self.mostDrained
        while left > 0, case .count(let count) = batch.receive(from: socket) {
            takeTurn(count)
            left -= 1
        }
    }

    private func run() {
        var isFailing = false
        while !stopping.load(ordering: .acquiring) {
            switch batch.receive(from: socket) {
            case .count(let count):
                isFailing = false
                takeTurn(count)
            case .timedOut, .interrupted:
                // A quiet second: snapshots that nobody reads any more are let go.
                routers.begin()._withUnsafeGuaranteedRef { router in
                    let now = clock.monotonic()
                    router.beginBatch(now)
                    router.endBatch(now)
                }
                routers.end()
            case .closed(let code):
                if stopping.load(ordering: .acquiring) { return }
                // The kernel goes on handing queries to this socket, so the worker must not give up on it.
                if !isFailing {
                    let error = SystemError(call: "recvmmsg", code: code, subject: "\(socket.boundAddress)")
                    log.error("\(error): trying again")
                }
                isFailing = true
                _ = stopper.wait(milliseconds: Self.failurePause)
            }
        }
    }

    /// One batch. (A function of its own, as `answer`, so that Tests/Gates/hot-path.py finds it.)
    @inline(never)
    private func takeTurn(_ count: Int) {
        // SAFETY: the router stays until the turn's end (see `RouterPlace`).
        routers.begin()._withUnsafeGuaranteedRef { answer(count, $0) }
        routers.end()
        if batch.sendErrors >= reportAt { reportSendErrors() }
    }

    @inline(never)
    private func answer(_ count: Int, _ router: Router) {
        router.beginBatch(clock.monotonic())
        var place = 0
        while place < count {
            let slot = batch.slot(place)
            let length = router.answer(
                slot.buffer, length: slot.receivedLength, capacity: batch.capacity, isTruncated: slot.isTruncated,
                client: slot.client, local: slot.local(of: socket))
            slot.setResponseLength(length)
            place &+= 1
        }
        router.endBatch(clock.monotonic())
        batch.send(to: socket)
    }

    /// Says that answers could not be sent: the first time, and whenever their number has doubled.
    @inline(never)
    private func reportSendErrors() {
        log.error("\(socket.boundAddress): \(batch.sendErrors) answers could not be sent so far")
        reportAt = batch.sendErrors &* 2
    }
}
