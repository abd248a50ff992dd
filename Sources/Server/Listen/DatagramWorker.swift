import LinuxIO
import Synchronization

/// A thread that owns one UDP socket and does nothing but receive a batch of queries, answer each, and send the batch.
///
/// `@unchecked Sendable`: the batch is the worker thread's alone; everything else is safe to share.
final class DatagramWorker: @unchecked Sendable {
    private let socket: DatagramSocket
    private let batch: DatagramBatch
    private let clock: Clock
    private let stopping = Atomic<Bool>(false)
    private let thread = Mutex<Thread?>(nil)

    private init(socket: DatagramSocket, batch: consuming DatagramBatch, clock: Clock) {
        self.socket = socket
        self.batch = batch
        self.clock = clock
    }

    /// Starts a worker on `socket`. `makeRouter` is called on the worker's own thread: nobody else touches the router.
    static func start(
        socket: DatagramSocket, name: String, clock: Clock, makeRouter: @escaping @Sendable () -> Router
    ) throws(SystemError) -> DatagramWorker {
        let worker = DatagramWorker(socket: socket, batch: try DatagramBatch(), clock: clock)
        let thread = try Thread.spawn(name: name) { worker.run(makeRouter()) }
        worker.thread.withLock { $0 = thread }
        return worker
    }

    /// Lets the batch in hand be answered, and ends the thread.
    func stop() {
        stopping.store(true, ordering: .releasing)
        socket.shutdown()
        thread.withLock { $0 }?.join()
    }

    private func run(_ router: Router) {
        while !stopping.load(ordering: .acquiring) {
            switch batch.receive(from: socket) {
            case .count(let count):
                answer(count, router)
            case .timedOut, .interrupted:
                // A quiet second: snapshots that nobody reads any more are let go.
                let now = clock.monotonic()
                router.beginBatch(now)
                router.endBatch(now)
            case .closed:
                return
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
    }
}
