import DNSWire
import RecordIndex

/// What one worker answers cluster names with: a view of the index and memory of its own. Nothing here is shared, so
/// answering takes no lock, allocates nothing and counts no references.
package struct ClusterReader {
    /// Longest chain of aliases that is followed (CoreDNS: maxCnameChainLength).
    static var longestChain: Int { 10 }
    /// Most aliases followed for one query. A slice of names can branch, and tenants write slices: without a budget a few
    /// objects that point at each other could keep a worker busy for ever.
    static var aliasBudget: Int { 32 }
    /// Most SRV targets whose offsets are remembered for the owners of their addresses.
    static var mostTargets: Int { 4096 }

    /// The index as of the current batch.
    package var index: IndexView
    package let options: ClusterOptions
    /// The zones that the plugin serves; `zones.index` is an index into the plugin's list.
    package let zones: ZoneMatcherView
    /// By zone: whether it is a multicluster one.
    private let multiclusterZones: UnsafeMutablePointer<Bool>
    /// The first zone that is not a reverse one, in wire form: where PTR records point.
    let primaryZone: UnsafeRawPointer
    let primaryZoneLength: Int
    /// Addresses of this server, for NS and `ns.dns`.
    let localAddresses: UnsafePointer<AddressKey>
    let localAddressCount: Int
    /// Whether `ns.dns` answers with the local addresses themselves where no endpoint has one of them.
    let answersLocalAddresses: Bool
    /// Names of aliases being followed, one for each depth.
    let aliasNames: UnsafePointer<QuestionName>
    /// Offsets of the SRV targets written.
    let targetOffsets: UnsafeMutablePointer<UInt16>

    /// Memory that lives as long as the worker does. Deallocate with `deallocate()`.
    ///
    /// - Parameter multicluster: which of the zones, by index, are multicluster ones.
    package init(
        index: IndexView, options: ClusterOptions, zones: ZoneMatcherView, primaryZone: [UInt8],
        multicluster: Set<Int> = [], localAddresses: [AddressKey], answersLocalAddresses: Bool
    ) {
        self.index = index
        self.options = options
        self.zones = zones
        multiclusterZones = .allocate(capacity: max(1, zones.count))
        multiclusterZones.initialize(repeating: false, count: max(1, zones.count))
        for zone in multicluster where zone >= 0 && zone < zones.count { multiclusterZones[zone] = true }
        let zone = UnsafeMutableRawPointer.allocate(byteCount: max(1, primaryZone.count), alignment: 1)
        // SAFETY: each allocation below has room for exactly what is copied into it.
        primaryZone.withUnsafeBytes { source in
            if let start = source.baseAddress { zone.copyMemory(from: start, byteCount: source.count) }
        }
        self.primaryZone = UnsafeRawPointer(zone)
        primaryZoneLength = primaryZone.count
        let addresses = UnsafeMutablePointer<AddressKey>.allocate(capacity: max(1, localAddresses.count))
        for (place, address) in localAddresses.enumerated() { (addresses + place).initialize(to: address) }
        self.localAddresses = UnsafePointer(addresses)
        localAddressCount = localAddresses.count
        self.answersLocalAddresses = answersLocalAddresses
        let names = UnsafeMutablePointer<QuestionName>.allocate(capacity: ClusterReader.longestChain + 2)
        for place in 0..<ClusterReader.longestChain + 2 { (names + place).initialize(to: QuestionName()) }
        aliasNames = UnsafePointer(names)
        targetOffsets = .allocate(capacity: ClusterReader.mostTargets)
        targetOffsets.initialize(repeating: 0, count: ClusterReader.mostTargets)
    }

    /// Whether the zone of index `zone` is a multicluster one.
    @inline(__always)
    package func isMulticluster(zone: Int) -> Bool { multiclusterZones[zone] }

    /// Gives the memory back; the value must not be used afterwards.
    package func deallocate() {
        primaryZone.deallocate()
        multiclusterZones.deallocate()
        localAddresses.deallocate()
        for place in 0..<ClusterReader.longestChain + 2 { aliasNames[place].deallocate() }
        aliasNames.deallocate()
        targetOffsets.deallocate()
    }
}

/// A question below a cluster zone.
package struct ClusterQuestion {
    package let name: QuestionName
    /// Length of the name in bytes.
    package let nameLength: Int
    package let labelCount: Int
    package let type: RecordType
    /// Labels to the left of the zone.
    package let labelsLeft: Int
    /// A number that turns the order of addresses; 0 leaves it.
    package var rotation: UInt32 = 0
    /// Whether the zone is a multicluster one: there only imported services answer.
    package let isMulticluster: Bool

    package init(name: QuestionName, request: borrowing Request, labelsLeft: Int, isMulticluster: Bool) {
        self.name = name
        nameLength = request.nameLength
        labelCount = request.labelCount
        type = request.type
        self.labelsLeft = labelsLeft
        self.isMulticluster = isMulticluster
    }

    /// Offset of the zone's name within the message.
    var zoneOffset: Int { Header.length &+ name.offset(ofLabel: labelsLeft) }
    /// Length of the zone's name in bytes.
    var zoneLength: Int { nameLength &- name.offset(ofLabel: labelsLeft) }
}

/// What a cluster zone says to a question. The records, if any, have been written; a negative answer's SOA has not.
package enum ClusterOutcome: UInt8 {
    /// Records were written.
    case answered
    /// The name exists, without records of the type (RFC 2308, section 2.2).
    case noData
    /// No such name (RFC 2308, section 2.1).
    case nameError
    /// Not answered as a matter of policy: zone transfers.
    case refused
}
