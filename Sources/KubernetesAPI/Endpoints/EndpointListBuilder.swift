/// Packs endpoints one after the other, field by field in any order, without an allocation for each: between `begin()` and
/// `end()` the fields of one endpoint, and `finish()` for the whole list, after which the builder begins a new one.
package struct EndpointListBuilder: Sendable {
    /// The endpoints that are complete.
    private var bytes: [UInt8] = []
    private var count = 0

    // The endpoint at hand.
    private var addresses: [UInt8] = []
    private var addressCount = 0
    private var hostname: [UInt8] = []
    private var hasHostname = false
    private var targetKind: [UInt8] = []
    private var targetName: [UInt8] = []
    private var hasTarget = false
    private var zone: [UInt8] = []
    private var hasZone = false
    private var conditions = EndpointConditions()

    /// Longest text that is kept: a name has at most 253 bytes, and nothing longer could be used.
    private static let longestText = 1024

    /// An empty list.
    package init() {}

    /// Begins an endpoint; whatever was not ended is dropped.
    package mutating func begin() {
        addresses.removeAll(keepingCapacity: true)
        addressCount = 0
        hasHostname = false
        hasTarget = false
        targetKind.removeAll(keepingCapacity: true)
        targetName.removeAll(keepingCapacity: true)
        hasZone = false
        conditions = EndpointConditions()
    }

    /// Adds an address, as text. Those beyond `EndpointList.mostAddresses` are left out. Says whether it is an IP address.
    @discardableResult
    package mutating func addAddress(_ text: some Collection<UInt8>) -> Bool {
        let parsed = IPAddress(utf8: text)
        guard addressCount < EndpointList.mostAddresses else { return parsed != nil }
        addressCount += 1
        // Whether the text can be had back from the address: names of endpoints are made of the text.
        guard let address = parsed, address.isSpelt(text) else {
            addresses.append(EndpointList.AddressKind.text)
            Self.append(text, to: &addresses)
            return parsed != nil
        }
        addresses.append(address.family == .v4 ? EndpointList.AddressKind.v4 : EndpointList.AddressKind.v6)
        address.appendOctets(to: &addresses)
        return true
    }

    /// The endpoint's host name.
    package mutating func setHostname(_ text: some Sequence<UInt8>) {
        hasHostname = Self.set(&hostname, text)
    }

    /// The kind of the object behind the endpoint.
    package mutating func setTargetKind(_ text: some Sequence<UInt8>) {
        hasTarget = Self.set(&targetKind, text)
    }

    /// The name of the object behind the endpoint.
    package mutating func setTargetName(_ text: some Sequence<UInt8>) {
        hasTarget = Self.set(&targetName, text)
    }

    /// Says that there is an object behind the endpoint, whose kind and name may be empty.
    package mutating func setTarget() { hasTarget = true }

    /// The topology zone.
    package mutating func setZone(_ text: some Sequence<UInt8>) { hasZone = Self.set(&zone, text) }

    /// Ready, serving, terminating.
    package mutating func setConditions(_ conditions: EndpointConditions) { self.conditions = conditions }

    /// Ends the endpoint and adds it to the list.
    package mutating func end() {
        var first = Self.bits(conditions.ready) | Self.bits(conditions.serving) << 2
        first |= Self.bits(conditions.terminating) << 4
        if hasHostname { first |= EndpointList.Flag.hostname }
        if hasTarget { first |= EndpointList.Flag.target }
        bytes.append(first)
        bytes.append(UInt8(truncatingIfNeeded: addressCount) | (hasZone ? EndpointList.Flag.zone : 0))
        bytes += addresses
        if hasHostname { Self.append(hostname, to: &bytes) }
        if hasTarget {
            Self.append(targetKind, to: &bytes)
            Self.append(targetName, to: &bytes)
        }
        if hasZone { Self.append(zone, to: &bytes) }
        count += 1
        begin()
    }

    /// Adds a whole endpoint.
    package mutating func append(_ endpoint: EndpointObject) {
        begin()
        for address in endpoint.addresses { addAddress(address.text.utf8) }
        if let hostname = endpoint.hostname { setHostname(hostname.utf8) }
        if let target = endpoint.target {
            setTargetKind(target.kind.utf8)
            setTargetName(target.name.utf8)
        }
        if let zone = endpoint.zone { setZone(zone.utf8) }
        conditions = endpoint.conditions
        end()
    }

    /// The list, in memory of just its size.
    package mutating func finish() -> EndpointList {
        // The builder keeps its grown buffer for the next list.
        var packed: [UInt8] = []
        packed.reserveCapacity(bytes.count)
        packed += bytes
        let list = EndpointList(bytes: packed, count: count)
        bytes.removeAll(keepingCapacity: true)
        count = 0
        begin()
        return list
    }

    private static func set(_ field: inout [UInt8], _ text: some Sequence<UInt8>) -> Bool {
        field.removeAll(keepingCapacity: true)
        field.append(contentsOf: text)
        return true
    }

    private static func append(_ text: some Collection<UInt8>, to bytes: inout [UInt8]) {
        let length = min(text.count, longestText)
        bytes.append(UInt8(truncatingIfNeeded: length >> 8))
        bytes.append(UInt8(truncatingIfNeeded: length))
        bytes.append(contentsOf: text.prefix(length))
    }

    private static func bits(_ condition: Bool?) -> UInt8 {
        switch condition {
        case nil: 0
        case false?: 1
        case true?: 2
        }
    }
}

extension IPAddress {
    /// Whether `text` is the address's canonical text.
    fileprivate func isSpelt(_ text: some Collection<UInt8>) -> Bool {
        switch family {
        // The parser takes decimal fields without leading zeros only, which leaves one spelling; but mapped IPv6 addresses
        // are read as IPv4 too.
        case .v4: !text.contains(UInt8(ascii: ":"))
        case .v6: description.utf8.elementsEqual(text)
        }
    }

    fileprivate func appendOctets(to bytes: inout [UInt8]) {
        if family == .v6 {
            // SAFETY: the bytes of a number are copied while the closure runs.
            withUnsafeBytes(of: high.bigEndian) { bytes += $0 }
            withUnsafeBytes(of: low.bigEndian) { bytes += $0 }
        } else {
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: low).bigEndian) { bytes += $0 }
        }
    }
}
