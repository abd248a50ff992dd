extension EndpointList {
    /// One endpoint as ranges of the list's bytes.
    package struct View: Sendable {
        /// Ready, serving, terminating.
        package var conditions = EndpointConditions()
        /// Where the addresses are; read them with `Reader.address(at:)`.
        package var addresses = 0..<0
        /// The host name; nil where there is none.
        package var hostname: Range<Int>?
        /// The kind of the object behind the endpoint.
        package var targetKind = 0..<0
        /// Its name; nil where there is no such object.
        package var targetName: Range<Int>?
        /// The topology zone; nil where there is none.
        package var zone: Range<Int>?
    }

    /// An address of an endpoint.
    package enum Address: Sendable, Hashable {
        /// An IP address that was given in its canonical text.
        case ip(IPAddress)
        /// Any other text: the name of a host, or an address spelt in another way.
        case text(Range<Int>)
    }

    /// Walks over a list without making objects of its endpoints. Bytes that `EndpointListBuilder` did not make end the
    /// walk.
    package struct Reader: Sendable {
        private let bytes: [UInt8]
        /// Where the next endpoint begins.
        package private(set) var offset: Int

        /// A walk from the endpoint at `position`.
        package init(_ list: EndpointList, at position: Int = 0) {
            bytes = list.bytes
            offset = position
        }

        /// The next endpoint; nil behind the last one.
        package mutating func next() -> View? {
            guard bytes.count - offset >= 2 else {
                offset = bytes.count
                return nil
            }
            let first = bytes[offset]
            let second = bytes[offset + 1]
            offset += 2
            var view = View()
            view.conditions = EndpointConditions(
                ready: Self.condition(first), serving: Self.condition(first >> 2),
                terminating: Self.condition(first >> 4))
            let start = offset
            for _ in 0..<(second & ~Flag.zone) { skipAddress() }
            view.addresses = start..<offset
            if first & Flag.hostname != 0 { view.hostname = text() }
            if first & Flag.target != 0 {
                view.targetKind = text()
                view.targetName = text()
            }
            if second & Flag.zone != 0 { view.zone = text() }
            return view
        }

        /// The address at `offset`, one of `View.addresses`; moves `offset` behind it.
        package func address(at offset: inout Int) -> Address {
            guard offset < bytes.count else { return .text(bytes.count..<bytes.count) }
            let kind = bytes[offset]
            offset += 1
            switch kind {
            case AddressKind.v4:
                return .ip(IPAddress(v4: UInt32(truncatingIfNeeded: number(at: &offset, 4))))
            case AddressKind.v6:
                let high = number(at: &offset, 8)
                return .ip(IPAddress(high: high, low: number(at: &offset, 8)))
            default:
                return .text(text(at: &offset))
            }
        }

        /// The bytes in `range`.
        package subscript(range: Range<Int>) -> ArraySlice<UInt8> { bytes[range] }

        private mutating func skipAddress() {
            guard offset < bytes.count else { return }
            let kind = bytes[offset]
            offset += 1
            switch kind {
            case AddressKind.v4: offset = Swift.min(bytes.count, offset + 4)
            case AddressKind.v6: offset = Swift.min(bytes.count, offset + 16)
            default: _ = text()
            }
        }

        private mutating func text() -> Range<Int> { text(at: &offset) }

        /// A text behind its length of two bytes.
        private func text(at offset: inout Int) -> Range<Int> {
            let length = Int(number(at: &offset, 2))
            let end = Swift.min(bytes.count, offset + length)
            defer { offset = end }
            return offset..<end
        }

        private func number(at offset: inout Int, _ count: Int) -> UInt64 {
            let end = Swift.min(bytes.count, offset + count)
            var value: UInt64 = 0
            while offset < end {
                value = value << 8 | UInt64(bytes[offset])
                offset += 1
            }
            return value
        }

        private static func condition(_ bits: UInt8) -> Bool? {
            switch bits & 3 {
            case 1: false
            case 2: true
            default: nil
            }
        }
    }
}
