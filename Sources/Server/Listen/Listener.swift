import LinuxIO
import PluginKit

/// An address that is listened at: its sockets, the workers of the UDP ones (none where TLS is spoken), and what serves the
/// TCP one. It outlives the configurations that name the address.
///
/// `@unchecked Sendable`: changed only by the thread that starts, reloads and stops the server.
final class Listener: @unchecked Sendable {
    /// As the configuration has it: with port 0 where the system chose one.
    let configured: ListenerPlan.Place
    let address: SocketAddress
    let streamListener: StreamListener
    /// Each has a worker, once that is made. None is closed before the listener is: the kernel would lose what stands in
    /// its buffer, and goes on handing queries to it until then.
    private(set) var sockets: [DatagramSocket]
    private(set) var workers: [DatagramWorker] = []
    private(set) var service: StreamService?

    /// How often another port is tried where the configuration leaves it to the system: the port of the TCP listener may be
    /// some other program's over UDP.
    private static let mostPorts = 8

    /// Opens the sockets of one address: TCP first, then so many UDP sockets at the same port.
    ///
    /// - Parameter others: the listeners there are, whose addresses may overlap with this one's.
    static func open(
        _ place: ListenerPlan.Place, socketCount: Int, beside others: [StreamListener]
    ) throws(SystemError) -> Listener {
        let address = place.address
        var tries = 0
        while true {
            tries += 1
            do throws(SystemError) {
                let stream = try listen(address, beside: others)
                let bound = address.withPort(stream.boundAddress.port)
                var sockets: [DatagramSocket] = []
                for _ in 0..<socketCount { sockets.append(try DatagramSocket.bind(bound)) }
                let listener = Listener(configured: place, address: bound, streamListener: stream, sockets: sockets)
                listener.spread()
                return listener
            } catch {
                if address.port == 0, tries < mostPorts { continue }
                throw error
            }
        }
    }

    /// Listens at an address that may be a part of, or have as its part, one that is still listened at; or be the same, where
    /// plain DNS changes to TLS.
    static func listen(
        _ address: SocketAddress, beside others: [StreamListener]
    ) throws(SystemError) -> StreamListener {
        let overlapping = others.filter {
            $0.boundAddress.port == address.port
                && ($0.boundAddress == address || $0.isWildcard || address.isWildcard)
        }
        guard address.port != 0, !overlapping.isEmpty else { return try StreamListener.listen(address) }
        for other in overlapping { other.letOthersOverlap(true) }
        defer { for other in overlapping { other.letOthersOverlap(false) } }
        return try StreamListener.listen(address, overlapping: true)
    }

    private init(
        configured: ListenerPlan.Place, address: SocketAddress, streamListener: StreamListener,
        sockets: [DatagramSocket]
    ) {
        self.configured = configured
        self.address = address
        self.streamListener = streamListener
        self.sockets = sockets
    }

    /// Makes and starts the workers of the sockets that are open.
    func startWorkers(_ process: ProcessContext, _ makeRouter: () -> Router) throws(SystemError) {
        for socket in sockets.dropFirst(workers.count) { try startWorker(socket, process, makeRouter()) }
    }

    /// Opens more UDP sockets, each with a worker, until there are so many. Where there are more already, they stay.
    func addWorkers(_ count: Int, _ process: ProcessContext, _ makeRouter: () -> Router) throws(SystemError) {
        while workers.count < count {
            let socket = try DatagramSocket.bind(address)
            // One that nobody reads must not stay: the kernel hands it queries as soon as it is bound.
            try startWorker(socket, process, makeRouter())
            sockets.append(socket)
        }
        spread()
    }

    /// Has the kernel choose among the UDP sockets by processor.
    private func spread() {
        if sockets.count > 1 { sockets[0].spreadByProcessor(count: sockets.count) }
    }

    private func startWorker(
        _ socket: DatagramSocket, _ process: ProcessContext, _ router: Router
    ) throws(SystemError) {
        let worker = try DatagramWorker(socket: socket, router: router, clock: process.clock, log: process.log)
        try worker.start(name: "udp-\(workers.count)")
        workers.append(worker)
    }

    /// Serves the TCP listener. On the loop's thread.
    func serve(
        loop: EventLoop, limits: LengthPrefixedLimits, tls: TLSContext?, clock: Clock, router: Router
    ) throws(SystemError) {
        let service = StreamService(loop: loop, limits: limits, tls: tls, clock: clock, router: router)
        try service.serve(streamListener)
        self.service = service
    }

    /// Answers what stands in the UDP sockets' buffers, ends their workers, and closes the sockets with them.
    func stopWorkers() {
        for worker in workers { worker.stop() }
    }
}
