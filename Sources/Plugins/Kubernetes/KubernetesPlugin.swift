import ClusterZone
import Corefile
import DNSWire
import LinuxIO
import PluginKit
import RecordIndex

/// `kubernetes`: answers for the cluster zone.
package final class KubernetesPlugin: Plugin {
    package static let directive = "kubernetes"

    let options: KubernetesOptions
    let index = RecordIndex()
    /// The zones; the order is that of `options.zones`.
    let zones: ZoneMatcher
    /// The zones that `multicluster` names.
    let multiclusterZones: ZoneMatcher
    /// The zones that `fallthrough` names.
    let fallthroughZones: ZoneMatcher
    let primaryZone: [UInt8]
    /// This server's addresses, for NS records.
    let localAddresses: [AddressKey]
    private let process: ProcessContext
    let follower: SnapshotFollower?

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.only(directives)
        options = try KubernetesOptions(directive, setup)
        process = setup.process
        guard case .snapshot(let paths) = options.source else {
            throw directive.error(
                "plugin/kubernetes: watching a live cluster is not in apodns yet; name a saved one with "
                    + "'snapshot PATH' (kubectl get namespaces,services,endpointslices,pods -A -o json)")
        }
        if !options.multiclusterZones.isEmpty {
            setup.warn(
                directive.name.location,
                "plugin/kubernetes: multicluster: a saved cluster has no ServiceImport objects, no service answers there"
            )
        }
        zones = try Self.matcher(options.zones, directive)
        multiclusterZones = try Self.matcher(options.multiclusterZones, directive)
        fallthroughZones = try Self.matcher(options.fallthroughZones ?? [], directive)
        primaryZone = try Self.wire(options.primaryZone, directive)
        localAddresses = Self.localAddresses(setup)
        follower = SnapshotFollower(paths: paths, options: options.zone, index: index, process: setup.process)
    }

    package func start() throws(StartError) { try follower?.start() }

    package func stop() { follower?.stop() }

    /// A snapshot is read before the first query, so nothing is ever waited for.
    package var isReady: Bool? { true }

    private static func wire(_ zone: String, _ directive: Directive) throws(CorefileError) -> [UInt8] {
        do {
            return try DomainName(parsing: zone).lowercased().wire
        } catch {
            throw directive.error("'\(zone)' is not a zone: \(error)")
        }
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
