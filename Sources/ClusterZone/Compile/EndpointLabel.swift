import DNSWire
import KubernetesAPI

/// The one name that an endpoint has. Kubernetes DNS specification, 2.4.1: the endpoint's hostname, else a name of the
/// server's choosing. CoreDNS's is the pod's name with `endpoint_pod_names`, else the address with dashes.
enum EndpointLabel {
    /// `text` in lower case where it is a label: 1 to 63 bytes without a dot. CoreDNS: a pod's name of 64 bytes or more is
    /// not used. Nor is one with a dot here: it would be several labels, which nobody could ask for.
    static func oneLabel(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard !text.isEmpty, text.count <= QuestionName.longestLabel, !text.contains(UInt8(ascii: ".")) else {
            return nil
        }
        return lowerCased(text)
    }

    /// The address with dashes for dots or colons. A label must not end in a dash, so CoreDNS puts a zero behind
    /// `2001:db8::`, which becomes `2001-db8--0`.
    static func dashed(_ text: some Collection<UInt8>) -> [UInt8] {
        var bytes = lowerCased(text)
        let separator = bytes.contains(UInt8(ascii: ".")) ? UInt8(ascii: ".") : UInt8(ascii: ":")
        guard bytes.contains(separator) else { return [] }
        for index in bytes.indices where bytes[index] == separator { bytes[index] = UInt8(ascii: "-") }
        if separator == UInt8(ascii: ":"), bytes.last == UInt8(ascii: "-") { bytes.append(UInt8(ascii: "0")) }
        // Only names (slices of type FQDN) can be longer than a label; such an endpoint has no name of its own.
        return bytes.count <= QuestionName.longestLabel ? bytes : []
    }

    /// Puts what `dashed` makes of an IPv6 address's canonical text (RFC 5952) in place of `bytes`.
    static func setDashed(_ address: IPAddress, _ bytes: inout [UInt8]) {
        bytes.removeAll(keepingCapacity: true)
        // RFC 5952, section 4.2: the longest run of zero groups is left out, the first of equals, never a single one.
        var gap = 0..<0
        var start = 0
        for place in 0..<8 {
            if group(place, of: address) != 0 { start = place + 1 }
            if place + 1 - start > max(gap.count, 1) { gap = start..<place + 1 }
        }
        let dash = UInt8(ascii: "-")
        var place = 0
        while place < 8 {
            if place == gap.lowerBound, !gap.isEmpty {
                bytes.append(dash)
                bytes.append(dash)
                place = gap.upperBound
                continue
            }
            if place > 0, place != gap.upperBound || gap.isEmpty { bytes.append(dash) }
            let value = group(place, of: address)
            if value > 0xFFF { bytes.append(digit(value >> 12)) }
            if value > 0xFF { bytes.append(digit(value >> 8)) }
            if value > 0xF { bytes.append(digit(value >> 4)) }
            bytes.append(digit(value))
            place += 1
        }
        if bytes.last == dash { bytes.append(UInt8(ascii: "0")) }
    }

    private static func group(_ place: Int, of address: IPAddress) -> UInt64 {
        (place < 4 ? address.high : address.low) >> UInt64(truncatingIfNeeded: (3 - place & 3) * 16) & 0xFFFF
    }

    private static func digit(_ value: UInt64) -> UInt8 {
        let digit = UInt8(truncatingIfNeeded: value & 0xF)
        return digit < 10 ? digit + UInt8(ascii: "0") : digit - 10 + UInt8(ascii: "a")
    }

    /// The bytes of `text` with ASCII letters in lower case.
    static func lowerCased(_ text: some Collection<UInt8>) -> [UInt8] {
        text.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    }

    /// The bytes of `text` with ASCII letters in lower case.
    static func lowerCased(_ text: String) -> [UInt8] { lowerCased(text.utf8) }
}
