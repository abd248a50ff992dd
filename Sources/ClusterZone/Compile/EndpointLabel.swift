import DNSWire
import KubernetesAPI

/// The one name that an endpoint has.
enum EndpointLabel {
    /// The label of `endpoint` at `address`, in lower case, and whether it is the pod's own hostname.
    ///
    /// Kubernetes DNS specification, 2.4.1: the endpoint's hostname, else a name of the server's choosing. CoreDNS's is the
    /// pod's name with `endpoint_pod_names`, else the address with dashes.
    static func label(
        of endpoint: EndpointObject, at address: HostAddress, usesPodNames: Bool
    ) -> (bytes: [UInt8], isHostname: Bool) {
        if let hostname = endpoint.hostname, let label = oneLabel(hostname) { return (label, true) }
        // CoreDNS: a pod's name of 64 bytes or more is not used. Nor is one with a dot: it would be several labels, which
        // nobody could ask for.
        if usesPodNames, let name = endpoint.target?.name, let label = oneLabel(name) { return (label, false) }
        return (dashed(address.text), false)
    }

    /// `text` in lower case where it is a label: 1 to 63 bytes without a dot.
    static func oneLabel(_ text: String) -> [UInt8]? {
        let bytes = lowerCased(text)
        guard !bytes.isEmpty, bytes.count <= QuestionName.longestLabel, !bytes.contains(UInt8(ascii: ".")) else {
            return nil
        }
        return bytes
    }

    /// The address with dashes for dots or colons. A label must not end in a dash, so CoreDNS puts a zero behind
    /// `2001:db8::`, which becomes `2001-db8--0`.
    static func dashed(_ text: String) -> [UInt8] {
        var bytes = lowerCased(text)
        let separator = bytes.contains(UInt8(ascii: ".")) ? UInt8(ascii: ".") : UInt8(ascii: ":")
        guard bytes.contains(separator) else { return [] }
        for index in bytes.indices where bytes[index] == separator { bytes[index] = UInt8(ascii: "-") }
        if separator == UInt8(ascii: ":"), bytes.last == UInt8(ascii: "-") { bytes.append(UInt8(ascii: "0")) }
        // Only names (slices of type FQDN) can be longer than a label; such an endpoint has no name of its own.
        return bytes.count <= QuestionName.longestLabel ? bytes : []
    }

    /// The bytes of `text` with ASCII letters in lower case.
    static func lowerCased(_ text: String) -> [UInt8] {
        text.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    }
}
