import DNSWire

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

    /// The bytes of `text` with ASCII letters in lower case.
    static func lowerCased(_ text: some Collection<UInt8>) -> [UInt8] {
        text.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    }

    /// The bytes of `text` with ASCII letters in lower case.
    static func lowerCased(_ text: String) -> [UInt8] { lowerCased(text.utf8) }
}
