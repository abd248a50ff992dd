import ClusterZone
import Corefile
import DNSWire
import LinuxIO
import PluginKit
import RecordIndex
import Synchronization

/// `kubernetes`: answers for the cluster zone.
package final class KubernetesPlugin: Plugin {
    package static let directive = "kubernetes"

    let options: KubernetesOptions
    /// What the block's names are answered from.
    var index: RecordIndex { source.index }
    /// The zones; the order is that of `options.zones`.
    let zones: ZoneMatcher
    /// Those of the zones, by index, that are one of `multicluster` or lie below one.
    let multiclusterZones: Set<Int>
    /// The zones that `fallthrough` names.
    let fallthroughZones: ZoneMatcher
    let primaryZone: [UInt8]
    /// This server's addresses, for NS records.
    let localAddresses: [AddressKey]
    let source: any ClusterSource
    /// Whether this block is one of the source's users: others go on with it when this one stops.
    private let usesSource = Atomic(false)

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.only(directives)
        var options = try KubernetesOptions(directive, setup)
        // k8s_external stands before kubernetes in the order of plugins, and has been set up.
        options.keepsExternalServices = setup.wantsExternalServices
        options.keepsPodAddresses =
            options.zone.servesPods && !setup.block.directives(named: MetadataPlugin.directive).isEmpty
        if let paths = ExplainedClusters.of(setup.process).snapshot { options.source = .snapshot(paths) }
        self.options = options
        if !options.isLive, options.lastStatePath != nil {
            setup.warn(
                directive.name.location,
                "plugin/kubernetes: last_state has no effect with snapshot: that is a file already")
        }
        zones = try Self.matcher(options.zones, directive)
        multiclusterZones = try Self.multiclusterZones(options, directive)
        fallthroughZones = try Self.matcher(options.fallthroughZones ?? [], directive)
        primaryZone = try Self.wire(options.primaryZone, directive)
        localAddresses = Self.localAddresses(setup)
        let sources = ClusterSources.of(setup.process)
        if sources.sharesLastState(options) {
            throw directive.error(
                "last_state \(options.lastStatePath ?? "") is that of another kubernetes block with other options, "
                    + "expected a file for each")
        }
        source = sources.source(options, setup.process)
        if options.keepsExternalServices { source.keepExternalServices() }
        if options.keepsPodAddresses { source.keepPodAddresses() }
    }

    package func checkStart() throws(StartError) { try source.checkStart() }

    package func start() throws(StartError) {
        usesSource.store(true, ordering: .sequentiallyConsistent)
        try source.start()
    }

    package func stop() {
        if usesSource.exchange(false, ordering: .sequentiallyConsistent) { source.stop() }
    }

    package var reloadObstacle: String? {
        if source.isReady { return nil }
        let patience = describeDuration(options.startupTimeout)
        return "plugin/kubernetes: the Kubernetes API was not synced within \(patience)"
    }

    package var isReady: Bool? { source.isReady }

    private static func wire(_ zone: String, _ directive: Directive) throws(CorefileError) -> [UInt8] {
        try name(zone, directive).wire
    }

    private static func name(_ zone: String, _ directive: Directive) throws(CorefileError) -> DomainName {
        do {
            return try DomainName(parsing: zone).lowercased()
        } catch {
            throw directive.error("'\(zone)' is not a zone: \(error)")
        }
    }

    private static func multiclusterZones(
        _ options: KubernetesOptions, _ directive: Directive
    ) throws(CorefileError) -> Set<Int> {
        var names: [DomainName] = []
        for zone in options.multiclusterZones { names.append(try name(zone, directive)) }
        var places: Set<Int> = []
        for (place, zone) in options.zones.enumerated() {
            let zone = try name(zone, directive)
            // CoreDNS: what lies below a multicluster zone is one too.
            if names.contains(where: { zone.isSubdomain(of: $0) }) { places.insert(place) }
        }
        return places
    }

    private static func matcher(_ zones: [String], _ directive: Directive) throws(CorefileError) -> ZoneMatcher {
        var names: [[UInt8]] = []
        for zone in zones { names.append(try wire(zone, directive)) }
        return ZoneMatcher(names)
    }

    /// The addresses that the block is bound to, loopback ones left out (CoreDNS: boundIPs).
    private static func localAddresses(_ setup: BlockSetup) -> [AddressKey] {
        let bound = setup.bindAddresses ?? ((try? NetworkInterfaces.addresses()) ?? [:]).values.flatMap { $0 }
        var seen = Set<AddressKey>()
        return bound.filter { !$0.isLoopback && !$0.isWildcard }
            .map { AddressKey(high: $0.high, low: $0.low) }
            .filter { seen.insert($0).inserted }
            .sorted()
    }
}
