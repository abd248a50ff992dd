import LinuxIO
import PluginKit
import Synchronization

/// Serves the HTTP endpoints of `health`, `ready` and `prometheus` on a thread of its own, so that a slow scrape delays no
/// query. What is served may be replaced while it goes on.
///
/// `@unchecked Sendable`: changed only by the thread that starts, reloads and stops the server.
final class AdminService: @unchecked Sendable {
    /// An address that is listened at.
    private struct Open {
        let listener: StreamListener
        let server: HTTPServer
    }

    /// The endpoints that answer now, at whatever address.
    private final class Current: Sendable {
        let endpoints: Mutex<AdminEndpoints>

        init(_ endpoints: AdminEndpoints) { self.endpoints = Mutex(endpoints) }
    }

    private let thread: LoopThread
    private let clock: Clock
    private let current = Current(AdminEndpoints())
    private var open: [SocketAddress: Open] = [:]

    /// Starts the thread; nothing is open.
    init(clock: Clock) throws(SystemError) {
        self.clock = clock
        thread = try LoopThread(name: "http", clock: clock)
    }

    /// Opens listeners at the addresses of `endpoints` where there are none yet: until `use` they answer that there is
    /// nothing.
    ///
    /// - Returns: the addresses that are new.
    func prepare(_ endpoints: AdminEndpoints) throws(StartError) -> [SocketAddress] {
        var added: [SocketAddress] = []
        for address in endpoints.addresses where open[address] == nil {
            do throws(SystemError) {
                let listener = try Listener.listen(address, beside: open.values.map(\.listener))
                let (current, loop) = (current, thread.loop)
                let server = HTTPServer(loop: loop, clock: clock) { path, _ in
                    current.endpoints.withLock { $0 }.respond(address, path: path)
                }
                try thread.perform { () throws(SystemError) in try server.serve(listener) }
                open[address] = Open(listener: listener, server: server)
                added.append(address)
            } catch {
                close(added)
                let place = endpoints.location(of: address).map { "\($0): " } ?? ""
                throw StartError("\(place)\(error)")
            }
        }
        return added
    }

    /// Answers by `endpoints` from now on, and closes what they do not name. They have been prepared.
    func use(_ endpoints: AdminEndpoints) {
        current.endpoints.withLock { $0 = endpoints }
        close(open.keys.filter { endpoints.location(of: $0) == nil })
    }

    /// Closes listeners: whoever is told of it finds none of them open, and may listen at their addresses.
    func close(_ addresses: [SocketAddress]) {
        for address in addresses { open.removeValue(forKey: address)?.server.close() }
        if !addresses.isEmpty { _ = try? thread.perform { () throws(SystemError) in } }
    }

    /// Closes everything and ends the thread.
    func stop() {
        close(Array(open.keys))
        let loop = thread.loop
        loop.execute { loop.stop() }
        thread.join()
    }
}
