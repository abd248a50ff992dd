import LinuxIO
import PluginKit

/// One `forward` directive at work: its upstreams and how many queries they have in hand.
final class EngineStage {
    /// As the Corefile has them.
    let options: ForwardOptions
    /// Where to, as the files say now.
    private var destinations: [ForwardDestination]
    private(set) var upstreams: [Upstream] = []
    /// Those in use and those that a file does not name any more.
    private(set) var allUpstreams: [Upstream] = []
    /// Queries in hand.
    var concurrent = 0
    private var robin = 0
    /// What was said last about a file; nil where all was well.
    private var reported: String?

    init(_ options: ForwardOptions, _ metrics: ForwardMetrics) {
        self.options = options
        destinations = options.destinations
        setUpstreams(metrics)
    }

    private func setUpstreams(_ metrics: ForwardMetrics) {
        let known = allUpstreams
        upstreams = ForwardOptions.targets(destinations).prefix(ForwardOptions.mostUpstreams).map { target in
            known.first {
                $0.address == target.address && $0.peer == target.peer && ($0.https != nil) == target.isHTTPS
            }
                ?? Upstream(
                    address: target.address, tls: makeTLS(target), https: makeHTTPS(target), stage: self,
                    metrics: metrics.upstream(target.address.description))
        }
        for upstream in known { upstream.isInUse = upstreams.contains { $0 === upstream } }
        for upstream in upstreams { upstream.isInUse = true }
        allUpstreams = upstreams + known.filter { !$0.isInUse && $0.openSockets > 0 }
    }

    private func makeTLS(_ target: UpstreamTarget) -> UpstreamTLS? {
        // Parsing has made a context wherever a destination has a peer.
        guard !target.isHTTPS, let peer = target.peer, let context = options.tls else { return nil }
        return UpstreamTLS(context: context, peer: peer)
    }

    private func makeHTTPS(_ target: UpstreamTarget) -> UpstreamHTTPS? {
        guard target.isHTTPS, let peer = target.peer, let context = options.tls else { return nil }
        return UpstreamHTTPS(target.address, peer: peer, context: context, options: options)
    }

    /// The place of the upstream that a query begins with.
    func chooseFirst(_ numbers: inout UnguessableNumbers) -> Int {
        guard upstreams.count > 1 else { return 0 }
        switch options.policy {
        case .random: return numbers.below(upstreams.count)
        case .roundRobin:
            robin = (robin + 1) % upstreams.count
            return robin
        case .sequential: return 0
        }
    }

    /// Looks at the files again that name upstreams, and reads those that have changed.
    func look(_ log: Log, _ metrics: ForwardMetrics) {
        var hasChanged = false
        for place in destinations.indices {
            guard let path = destinations[place].path else { continue }
            do throws(SystemError) {
                let stamp = try FileStamp.current(path)
                if stamp == destinations[place].stamp { continue }
                let read = try ResolverFile.read(path)
                destinations[place].stamp = read.stamp
                guard !read.addresses.isEmpty else {
                    report("no nameservers found in \(path), the ones before are kept", log)
                    continue
                }
                reported = nil
                if read.addresses == destinations[place].addresses { continue }
                destinations[place].addresses = read.addresses
                hasChanged = true
            } catch {
                destinations[place].stamp = nil
                report("\(error), the nameservers before are kept", log)
            }
        }
        guard hasChanged else { return }
        setUpstreams(metrics)
        log.info("plugin/forward: upstreams are now \(upstreams.map(\.name).joined(separator: " "))")
    }

    private func report(_ problem: String, _ log: Log) {
        if reported == problem { return }
        reported = problem
        log.warning("plugin/forward: \(problem)")
    }
}
