import LinuxIO
import PluginKit

/// Serves the HTTP endpoints of `health`, `ready` and `prometheus` on a thread of its own, so that a slow scrape delays no
/// query.
///
/// `@unchecked Sendable`: what is not thread-safe is touched by the loop's thread only, and by `init` before that runs.
final class AdminService: @unchecked Sendable {
    private let loop: EventLoop
    private var servers: [HTTPServer] = []
    private let thread: Thread

    /// Listens at all addresses that plugins have asked for.
    init(_ endpoints: AdminEndpoints, clock: Clock) throws(SystemError) {
        let loop = try EventLoop(clock: clock)
        self.loop = loop
        for address in endpoints.addresses {
            let listener = try StreamListener.listen(address)
            let server = HTTPServer(loop: loop, clock: clock) { path, _ in endpoints.respond(address, path: path) }
            try server.serve(listener)
            servers.append(server)
        }
        thread = try Thread.spawn(name: "http") { loop.run() }
    }

    /// Closes the connections and ends the thread.
    func stop() {
        for server in servers { server.close() }
        loop.execute { [loop] in loop.stop() }
        thread.join()
    }
}
