/// The endpoints of one slice, packed into bytes: a cluster has tens of thousands of endpoints, and as structs of strings
/// and arrays each would take a quarter of a kilobyte.
///
/// As a collection it makes an `EndpointObject` of each element; what has to be fast reads it with `EndpointList.Reader`.
/// An index is a position in the bytes.
///
/// Of each endpoint the bytes are: a byte of conditions (two bits for each of ready, serving, terminating: 0 is unknown, 1
/// false, 2 true) and of flags for a hostname and a target; a byte with the number of addresses and a flag for a zone; the
/// addresses, each a byte that says what follows (4 or 6: the octets; 0: text); the texts that the flags promise.
package struct EndpointList: Sendable, Hashable {
    /// The packed endpoints.
    package let bytes: [UInt8]
    /// How many endpoints there are.
    package let count: Int

    /// Most addresses of one endpoint that are kept; the API allows 100.
    package static let mostAddresses = 0x7f

    init(bytes: [UInt8], count: Int) {
        self.bytes = bytes
        self.count = count
    }

    /// Packs `endpoints`.
    package init(_ endpoints: some Sequence<EndpointObject>) {
        var builder = EndpointListBuilder()
        for endpoint in endpoints { builder.append(endpoint) }
        self = builder.finish()
    }

    enum Flag {
        static let hostname: UInt8 = 0x40
        static let target: UInt8 = 0x80
        /// In the second byte.
        static let zone: UInt8 = 0x80
    }

    enum AddressKind {
        static let text: UInt8 = 0
        static let v4: UInt8 = 4
        static let v6: UInt8 = 6
    }
}

extension EndpointList: Collection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { bytes.count }

    package func index(after position: Int) -> Int {
        var reader = Reader(self, at: position)
        _ = reader.next()
        return reader.offset
    }

    package subscript(position: Int) -> EndpointObject {
        var reader = Reader(self, at: position)
        guard let view = reader.next() else { return EndpointObject(addresses: []) }
        var addresses: [HostAddress] = []
        var offset = view.addresses.lowerBound
        while offset < view.addresses.upperBound {
            switch reader.address(at: &offset) {
            case .ip(let address): addresses.append(HostAddress(address))
            case .text(let range): addresses.append(HostAddress(text(range)))
            }
        }
        return EndpointObject(
            addresses: addresses, hostname: view.hostname.map(text),
            target: view.targetName.map { TargetReference(kind: text(view.targetKind), name: text($0)) },
            zone: view.zone.map(text), conditions: view.conditions)
    }

    /// The text that a range of the bytes holds.
    package func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}

extension EndpointList: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: EndpointObject...) { self.init(elements) }
}
