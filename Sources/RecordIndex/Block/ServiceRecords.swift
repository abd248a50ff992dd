/// What a service block is compiled from: one service with everything that DNS says of it, by the rules of the cluster
/// zone already applied. Names are labels in lower case, without length bytes.
package struct ServiceRecords: Sendable {
    /// What kind of answer the service's own name has.
    package enum Kind: UInt8, Sendable {
        /// The name answers with the cluster addresses.
        case clusterAddress
        /// The name answers with the endpoints.
        case headless
        /// The name is an alias of `externalName`.
        case externalName
    }

    /// A port as SRV queries see it.
    package struct Port: Hashable, Sendable {
        package var name: [UInt8]
        /// In lower case: "tcp", "udp", "sctp".
        package var transport: [UInt8]
        /// -1 stands for a service or slice without ports: it has addresses but no SRV records (CoreDNS's rule).
        package var number: Int32

        package init(name: [UInt8], transport: [UInt8], number: Int32) {
            self.name = name
            self.transport = transport
            self.number = number
        }
    }

    /// Where an endpoint is: at an address, or (slices of address type FQDN) at another name.
    package enum Location: Hashable, Sendable {
        case address(AddressKey)
        /// A name in wire form.
        case name([UInt8])
    }

    /// An endpoint as a value of its own; a service keeps its endpoints in flat rows.
    package struct Endpoint: Hashable, Sendable {
        package var location: Location
        /// The one label it answers to.
        package var label: [UInt8]
        /// Whether the label is the pod's own hostname.
        package var isHostname: Bool
        /// Index into `portGroups`.
        package var portGroup: Int
        /// Topology zone in lower case; empty where the slice has none.
        package var zone: [UInt8]

        package init(location: Location, label: [UInt8], isHostname: Bool, portGroup: Int, zone: [UInt8] = []) {
            self.location = location
            self.label = label
            self.isHostname = isHostname
            self.portGroup = portGroup
            self.zone = zone
        }
    }

    /// A label, once `label(_:)` has taken what its key does not hold.
    package struct Label: Sendable {
        var key: EndpointLabelKey
        /// Where the whole label begins in `labelBytes`, if it is longer than the key.
        var offset: UInt32 = 0

        /// An IPv4 address with dashes.
        package init(dashed ipv4: UInt32) { key = EndpointLabelKey(dashed: ipv4) }

        init(key: EndpointLabelKey, offset: UInt32) {
            self.key = key
            self.offset = offset
        }
    }

    /// An endpoint without memory of its own: a service may have thousands.
    struct Row: Sendable {
        var label: Label
        /// The address; of a name, `low` is its index in `targets`.
        var address: AddressKey
        /// Index into `portGroups`.
        var portGroup: UInt16
        /// One more than the index into `zones`, 0 for none.
        var zone: UInt16
        var isName: Bool
        var isHostname: Bool
    }

    /// A further name of an endpoint.
    struct Alias: Sendable {
        /// Index into `rows`.
        var row: UInt32
        var label: Label
    }

    package var namespace: [UInt8]
    package var name: [UInt8]
    package var kind: Kind
    /// Whether the service is imported from other clusters: it answers in multicluster zones only and has no reverse names,
    /// and its labels are those of `ImportedLabel`.
    package var isImported = false
    /// Whether this is no service but a pod by its name: it answers below `pod` with its cluster addresses, and has nothing
    /// else, no reverse names either.
    package var isPod = false
    /// False where the names below `svc` do not answer (no Service object, or a namespace that is not exposed), though
    /// reverse look-ups may.
    package var answersForward: Bool
    /// False where reverse look-ups do not answer.
    package var answersReverse: Bool
    package var clusterAddresses: [AddressKey]
    package var ports: [Port]
    /// The alias's target in wire form, as written in the object.
    package var externalName: [UInt8]
    /// The port lists of the slices; set before endpoints that have them are appended.
    package var portGroups: [[Port]]
    private(set) var rows: [Row] = []
    private(set) var aliases: [Alias] = []
    private(set) var labelBytes: [UInt8] = []
    private(set) var targets: [[UInt8]] = []
    private(set) var zones: [[UInt8]] = []
    private var zoneNumbers: [[UInt8]: Int] = [:]

    package init(namespace: [UInt8], name: [UInt8], kind: Kind) {
        self.namespace = namespace
        self.name = name
        self.kind = kind
        answersForward = true
        answersReverse = true
        clusterAddresses = []
        ports = []
        externalName = []
        portGroups = []
    }

    /// Whether there are any endpoints.
    package var hasEndpoints: Bool { !rows.isEmpty }

    /// Makes room for `count` endpoints.
    package mutating func reserveEndpoints(_ count: Int) { rows.reserveCapacity(count) }

    /// Takes a label of at most 63 bytes, or one of `ImportedLabel`.
    package mutating func label(_ bytes: UnsafeRawBufferPointer) -> Label {
        let key = EndpointLabelKey(bytes)
        guard bytes.count > EndpointLabelKey.wholeLength else { return Label(key: key, offset: 0) }
        let offset = UInt32(clamping: labelBytes.count)
        labelBytes.append(contentsOf: bytes)
        return Label(key: key, offset: offset)
    }

    /// The order of labels in a block: shorter ones first, then by bytes.
    ///
    /// - Returns: below 0 where `left` comes first, 0 where the two are equal.
    func compare(_ left: Label, _ right: Label) -> Int {
        if left.key != right.key { return left.key < right.key ? -1 : 1 }
        guard left.key.length > EndpointLabelKey.wholeLength, left.offset != right.offset else { return 0 }
        return labelBytes.withUnsafeBytes { bytes in
            let (one, two) = (Int(left.offset), Int(right.offset))
            for place in EndpointLabelKey.wholeLength..<left.key.length where bytes[one + place] != bytes[two + place] {
                return bytes[one + place] < bytes[two + place] ? -1 : 1
            }
            return 0
        }
    }

    /// How many bytes all labels that are longer than their keys begin with together.
    var commonPrefix: Int {
        labelBytes.withUnsafeBytes { bytes in
            var first: Label?
            var count = 0
            for row in rows where row.label.key.length > EndpointLabelKey.wholeLength {
                guard let first else {
                    first = row.label
                    count = row.label.key.length
                    continue
                }
                count = min(count, row.label.key.length)
                var place = 0
                while place < count, bytes[Int(first.offset) + place] == bytes[Int(row.label.offset) + place] {
                    place += 1
                }
                count = place
                if count == 0 { break }
            }
            return count
        }
    }

    /// A key that orders the labels of this service, whose `commonPrefix` it leaves out: labels that begin alike are the
    /// rule, as those of the pods of one set do.
    func sortKey(of label: Label, commonPrefix: Int) -> EndpointLabelKey {
        guard label.key.length > EndpointLabelKey.wholeLength, commonPrefix > 0 else { return label.key }
        return labelBytes.withUnsafeBytes { bytes in
            let start = Int(label.offset) + commonPrefix
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start..<Int(label.offset) + label.key.length])
            return EndpointLabelKey(rest, length: label.key.length)
        }
    }

    /// The bytes of a label.
    func bytes(of label: Label) -> [UInt8] {
        let length = label.key.length
        if length > EndpointLabelKey.wholeLength {
            return Array(labelBytes[Int(label.offset)..<Int(label.offset) + length])
        }
        // The key has its length in the first byte, and zeros behind the label.
        return withUnsafeBytes(of: label.key.value.bigEndian) { Array($0[1...length]) }
    }

    /// Copies a label that is longer than its key.
    func copyWholeLabel(_ label: Label, to memory: UnsafeMutableRawPointer) {
        labelBytes.withUnsafeBytes { bytes in
            let source = UnsafeRawBufferPointer(
                rebasing: bytes[Int(label.offset)..<Int(label.offset) + label.key.length])
            // SAFETY: the caller has room for the label.
            if let start = source.baseAddress { memory.copyMemory(from: start, byteCount: source.count) }
        }
    }

    /// The number of a topology zone, for `append`; 0 for the empty one, and for those beyond what a block can hold.
    package mutating func zone(_ name: [UInt8]) -> Int {
        if name.isEmpty { return 0 }
        if let number = zoneNumbers[name] { return number }
        guard zones.count < ServiceBlockMemory.mostZones else { return 0 }
        zones.append(name)
        zoneNumbers[name] = zones.count
        return zones.count
    }

    /// Adds an endpoint, which answers to `aliases` as well; one whose port group does not exist is left out.
    package mutating func append(
        _ address: AddressKey, label: Label, aliases: [Label] = [], isHostname: Bool = false, portGroup: Int,
        zone: Int = 0
    ) {
        append(address, label, aliases, isName: false, isHostname, portGroup, zone)
    }

    /// Adds an endpoint, which answers to `aliases` as well.
    package mutating func append(_ endpoint: Endpoint, aliases: [Label] = []) {
        // SAFETY: the bytes are copied while the closure runs.
        let label = endpoint.label.withUnsafeBytes { self.label($0) }
        let zone = zone(endpoint.zone)
        switch endpoint.location {
        case .address(let address):
            append(address, label, aliases, isName: false, endpoint.isHostname, endpoint.portGroup, zone)
        case .name(let name):
            let address = AddressKey(high: 0, low: UInt64(truncatingIfNeeded: targets.count))
            targets.append(name)
            append(address, label, aliases, isName: true, endpoint.isHostname, endpoint.portGroup, zone)
        }
    }

    private mutating func append(
        _ address: AddressKey, _ label: Label, _ aliases: [Label], isName: Bool, _ isHostname: Bool, _ portGroup: Int,
        _ zone: Int
    ) {
        guard portGroups.indices.contains(portGroup), portGroup < ServiceBlockMemory.mostGroups else { return }
        let row = UInt32(clamping: rows.count)
        for alias in aliases { self.aliases.append(Alias(row: row, label: alias)) }
        rows.append(
            Row(
                label: label, address: address, portGroup: UInt16(truncatingIfNeeded: portGroup),
                zone: UInt16(truncatingIfNeeded: zone), isName: isName, isHostname: isHostname))
    }
}

extension ServiceRecords {
    /// The key of a service: the labels of its name and namespace with their length bytes, as they stand in a query; the
    /// key of an imported one has the label `svc` behind them, which keeps the two apart.
    package static func key(namespace: [UInt8], service: [UInt8], isImported: Bool = false) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(service.count + namespace.count + 6)
        key.append(UInt8(truncatingIfNeeded: service.count))
        key += service
        key.append(UInt8(truncatingIfNeeded: namespace.count))
        key += namespace
        if isImported { key += serviceLabel }
        return key
    }

    /// The key of a pod: the labels of its name and namespace and the label `pod`, as they stand in a query.
    package static func key(namespace: [UInt8], pod: [UInt8]) -> [UInt8] {
        key(namespace: namespace, service: pod) + podLabel
    }

    /// The label `svc`.
    static let serviceLabel: [UInt8] = [3, UInt8(ascii: "s"), UInt8(ascii: "v"), UInt8(ascii: "c")]
    /// The label `pod`.
    static let podLabel: [UInt8] = [3, UInt8(ascii: "p"), UInt8(ascii: "o"), UInt8(ascii: "d")]
}
