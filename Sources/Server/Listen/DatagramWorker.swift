import LinuxIO
import PluginKit
import Synchronization

/// A thread that owns one UDP socket and does nothing but receive a batch of queries, answer each, and send the batch.
///
/// `@unchecked Sendable`: the batch is the worker thread's alone; everything else is safe to share.
final class DatagramWorker: @unchecked Sendable {
    private let socket: DatagramSocket
    private let batch: DatagramBatch
    private let clock: Clock
    private let log: Log
    private let stopping = Atomic<Bool>(false)
    private let stopper = Stopper()
    private let thread = Mutex<Thread?>(nil)
    /// The number of answers not sent at which the next line is written. The worker's own.
    private var reportAt: UInt64 = 1

    /// A worker for `socket`, which does nothing before `start`.
    init(socket: DatagramSocket, clock: Clock, log: Log) throws(SystemError) {
        self.socket = socket
        batch = try DatagramBatch()
        self.clock = clock
        self.log = log
    }

    /// Starts the thread. `makeRouter` is called on it: nobody else touches the router.
    func start(name: String, makeRouter: @escaping @Sendable () -> Router) throws(SystemError) {
        let started = try Thread.spawn(name: name) { [self] in run(makeRouter()) }
        thread.withLock { $0 = started }
    }

    /// Lets the batch in hand be answered, and ends the thread.
    func stop() {
        stopping.store(true, ordering: .releasing)
        stopper.stop()
        socket.shutdown()
        thread.withLock { $0 }?.join()
    }

    /// How long a socket that fails is left alone, in milliseconds: long enough not to spin, short enough to recover.
    private static let failurePause: Int32 = 100

    private func run(_ router: Router) {
        var isFailing = false
        while !stopping.load(ordering: .acquiring) {
            switch batch.receive(from: socket) {
            case .count(let count):
                isFailing = false
                answer(count, router)
            case .timedOut, .interrupted:
                // A quiet second: snapshots that nobody reads any more are let go.
                let now = clock.monotonic()
                router.beginBatch(now)
                router.endBatch(now)
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
        if batch.sendErrors >= reportAt { reportSendErrors() }
    }

    /// Says that answers could not be sent: the first time, and whenever their number has doubled.
    @inline(never)
    private func reportSendErrors() {
        log.error("\(socket.boundAddress): \(batch.sendErrors) answers could not be sent so far")
        reportAt = batch.sendErrors &* 2
    }
}
