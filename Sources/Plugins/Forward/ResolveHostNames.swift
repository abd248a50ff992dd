import LinuxIO
import PluginKit

/// Finds the addresses of the hosts that a `forward` directive names, by the servers of `resolver` or else by the system. Blocks.
struct ResolveHostNames {
    /// How long all names of a directive may take together, in nanoseconds: a start or a reload does not wait for ever for a
    /// name server.
    static let longest = 10 * Clock.second

    /// Those of `resolver`; none for the system.
    let resolvers: [SocketAddress]
    let clock: Clock
    /// Ends all waits where the process stops.
    let stopper: Stopper
    /// See `Self.longest`.
    var longest = Self.longest
    /// What asks the system; a test has something else here.
    var look: @Sendable (String) throws(HostLookupError) -> [SocketAddress] = { name throws(HostLookupError) in
        try HostLookup.addresses(of: name)
    }

    /// Gives each destination with a name its addresses.
    ///
    /// - Throws: a located error with the name, who was asked, and what was the matter.
    func resolve(_ destinations: [ForwardDestination]) throws(StartError) -> [ForwardDestination] {
        let deadline = clock.monotonic() &+ longest
        var known: [String: [SocketAddress]] = [:]
        var resolved = destinations
        for place in resolved.indices {
            guard let host = resolved[place].host else { continue }
            do throws(HostNameFailure) {
                let addresses: [SocketAddress]
                if let found = known[host.text] {
                    addresses = found
                } else {
                    addresses = try self.addresses(of: host, deadline)
                    known[host.text] = addresses
                }
                resolved[place].addresses = addresses.map { $0.withPort(host.port) }
            } catch {
                switch error {
                case .unknown(let reason):
                    let text = "plugin/forward: failed to resolve \"\(host.text)\": \(reason)"
                    throw resolved[place].location.map { StartError(text, at: $0) } ?? StartError(text)
                case .stopped: throw StartError("plugin/forward: the server is about to stop")
                }
            }
        }
        return resolved
    }

    private func addresses(
        of host: ForwardHostName, _ deadline: UInt64
    ) throws(HostNameFailure) -> [SocketAddress] {
        let found =
            try resolvers.isEmpty
            ? askSystem(host.text, deadline)
            : AskResolvers(servers: resolvers, clock: clock, stopper: stopper).addresses(
                of: host.wire, deadline: deadline)
        // Filters answer so for what they do not let through; asking there would be asking oneself.
        let usable = found.filter { !$0.isWildcard }
        guard !usable.isEmpty else { throw .unknown("its address is \(found.map(\.host).joined(separator: ", "))") }
        return usable
    }

    private func askSystem(_ name: String, _ deadline: UInt64) throws(HostNameFailure) -> [SocketAddress] {
        let system = "the system's resolver (/etc/hosts and /etc/resolv.conf)"
        do throws(HostLookupError) {
            let lookup = try HostLookup(name, look: look)
            let now = clock.monotonic()
            let milliseconds = clock.wait(deadline - min(now, deadline)) / Clock.millisecond
            if let found = try lookup.wait(milliseconds: Int32(clamping: milliseconds), unless: stopper) {
                return found
            }
        } catch {
            throw .unknown("\(system): \(error)")
        }
        if stopper.isStopped { throw .stopped }
        throw .unknown("\(system): timed out")
    }
}
