import KubernetesAPI

/// A Pod that has an address, in packed form: its name, whether it terminates, the addresses, and labels where they are asked
/// for.
enum PackedPod {
    /// Most addresses that are kept: one of each family is what Kubernetes gives a pod.
    static let mostAddresses = 16
    /// Marks, beside the number of addresses, a pod that terminates.
    private static let terminating: UInt8 = 0x80

    static func pack(
        _ pod: PodObject, _ addresses: some Collection<IPAddress>, keepsLabels: Bool, into writer: inout PackedWriter
    ) {
        let addresses = addresses.prefix(mostAddresses)
        writer.put(text: pod.name)
        writer.put(UInt8(truncatingIfNeeded: addresses.count) | (pod.isTerminating ? terminating : 0))
        for address in addresses { writer.put(address) }
        if keepsLabels { writer.put(labels: pod.labels) }
    }

    /// The pod, with what was kept of it.
    static func unpack(_ bytes: [UInt8], namespace: String) -> PodObject {
        // SAFETY: the bytes are read while the closure runs.
        bytes.withUnsafeBytes { bytes in
            var reader = PackedReader(bytes)
            let name = reader.text()
            let head = reader.byte()
            let addresses = (0..<Int(head & ~terminating)).map { _ in reader.address() }
            return PodObject(
                namespace: namespace, name: name, addresses: addresses, isTerminating: head & terminating != 0,
                labels: reader.labels())
        }
    }

    /// The first address; nil of a pod that terminates.
    static func firstAddress(_ bytes: [UInt8]) -> IPAddress? {
        // SAFETY: the bytes are read while the closure runs.
        bytes.withUnsafeBytes { bytes in
            var reader = PackedReader(bytes)
            _ = reader.bytesOfText()
            return reader.byte() & terminating == 0 ? reader.address() : nil
        }
    }
}
