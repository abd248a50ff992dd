import Corefile
import DNSWire
import LinuxIO
import PluginKit

/// `cache [TTL] [ZONES...] { ... }`: keeps answers and gives them out again until they expire.
package final class CachePlugin: Plugin {
    package static let directive = "cache"

    let options: CacheOptions
    let store: CacheStore
    let clock: Clock
    let zones: ZoneMatcher
    /// Zones that a `kubernetes` of the block serves: its answers are at hand and always fresh, so neither are they kept nor
    /// is anything given out in their place.
    let clusterZones: ZoneMatcher
    let successExceptions: ZoneMatcher
    let denialExceptions: ZoneMatcher
    private let metrics: CacheMetrics

    package convenience init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        try self.init(directives, setup, budget: CacheBudget.of(setup.process))
    }

    init(_ directives: [Directive], _ setup: BlockSetup, budget: CacheBudget) throws(CorefileError) {
        let directive = try Self.only(directives)
        options = try CacheOptions(directive, setup)
        zones = try Self.matcher(options.zones, directive)
        clusterZones = try Self.matcher(Self.clusterZones(setup), directive)
        successExceptions = try Self.matcher(options.successExceptions, directive)
        denialExceptions = try Self.matcher(options.denialExceptions, directive)
        store = CacheStore(options, budget: budget)
        clock = setup.process.clock
        metrics = CacheMetrics.of(setup.process)
    }

    /// The zones that the block's `kubernetes` names. What is wrong with them is said by that plugin.
    private static func clusterZones(_ setup: BlockSetup) -> [String] {
        setup.block.directives(named: KubernetesPlugin.directive).flatMap { directive in
            directive.arguments.isEmpty
                ? setup.zones : directive.arguments.flatMap { (try? $0.zones()) ?? [] }
        }
    }

    private static func matcher(_ zones: [String], _ directive: Directive) throws(CorefileError) -> ZoneMatcher {
        var names: [[UInt8]] = []
        for zone in zones {
            do {
                names.append(try DomainName(parsing: zone).lowercased().wire)
            } catch {
                throw directive.error("plugin/cache: '\(zone)' is not a zone: \(error)")
            }
        }
        return ZoneMatcher(names)
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let labels = CacheCounters.Labels(
            server: worker.server, zones: options.zones.joined(separator: ","), view: worker.view)
        let chain = CacheChain(plugin: self, worker: worker, counters: metrics.makeCounters(labels, store))
        let metrics = metrics
        return chain.makeStep { metrics.remove($0) }
    }
}
