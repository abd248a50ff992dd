import LinuxIO
import PluginKit
import Synchronization

/// Serves the HTTP endpoints of `health`, `ready` and `prometheus` on a thread of its own, so that a slow scrape delays no
/// query.
///
/// `@unchecked Sendable`: what is not thread-safe is touched by the loop's thread only, and before that runs by the thread
/// that makes the service.
final class AdminService: @unchecked Sendable {
    private let loop: EventLoop
    private let servers: [HTTPServer]
    private let thread = Mutex<Thread?>(nil)

    /// Opens listeners at all addresses that plugins have asked for. Nothing is served before `start`.
    init(_ endpoints: AdminEndpoints, clock: Clock) throws(StartError) {
        var servers: [HTTPServer] = []
        var place = ""
        do throws(SystemError) {
            loop = try EventLoop(clock: clock)
            for address in endpoints.addresses {
                place = endpoints.location(of: address).map { "\($0): " } ?? ""
                let listener = try StreamListener.listen(address)
                let server = HTTPServer(loop: loop, clock: clock) { path, _ in endpoints.respond(address, path: path) }
                try server.serve(listener)
                servers.append(server)
            }
        } catch {
            throw StartError("\(place)\(error)")
        }
        self.servers = servers
    }

    /// Starts the thread.
    func start() throws(SystemError) {
        let loop = loop
        let started = try Thread.spawn(name: "http") { loop.run() }
        thread.withLock { $0 = started }
    }

    /// Closes the connections and ends the thread.
    func stop() {
        guard let running = thread.withLock({ $0 }) else { return loop.forgetAll() }
        for server in servers { server.close() }
        let loop = loop
        loop.execute { loop.stop() }
        running.join()
        // Handlers hold servers, which hold the loop: only this takes them apart.
        loop.forgetAll()
    }
}
