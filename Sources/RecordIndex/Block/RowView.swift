/// One endpoint of a service within a block: an address (or name), the label it answers to, and its ports.
public struct RowView {
    @usableFromInline let block: ServiceBlock
    @usableFromInline let number: Int
    /// Number of the row's address or name among all of the service's, IPv4 addresses first, then IPv6, then names: rows
    /// have the same address where these are equal.
    public let place: Int
    @usableFromInline let attributes: Int

    @inlinable public static var ipv4: Int { 0 }
    @inlinable public static var ipv6: Int { 1 }
    /// A row of a slice of address type FQDN.
    @inlinable public static var name: Int { 2 }

    @inlinable init(block: ServiceBlock, number: Int, place: Int, attributes: Int) {
        self.block = block
        self.number = number
        self.place = place
        self.attributes = attributes
    }

    @inlinable public var kind: Int {
        if place < block.poolIPv4Count { return RowView.ipv4 }
        return place < block.poolIPv4Count &+ block.poolIPv6Count ? RowView.ipv6 : RowView.name
    }

    /// Index into the pool of its kind.
    @inlinable public var index: Int {
        switch kind {
        case RowView.ipv4: place
        case RowView.ipv6: place &- block.poolIPv4Count
        default: place &- block.poolIPv4Count &- block.poolIPv6Count
        }
    }

    @inlinable public var label: Int { block.hasOneRowEach ? number : block.number(block.rowLabelOffset, number) }

    /// What the row shares with others.
    @inlinable var shared: AttributesView { block.attributes(attributes) }

    @inlinable public var portGroup: Int { shared.portGroup }
    /// 0 where the endpoint has no topology zone.
    @inlinable public var zone: Int { shared.zone }
    /// How many equal endpoints the row stands for: CoreDNS counts each of them in the SRV weight.
    @inlinable public var multiplicity: Int { shared.multiplicity }
    /// Whether the label is the pod's own hostname.
    @inlinable public var isHostname: Bool { shared.isHostname }
}
