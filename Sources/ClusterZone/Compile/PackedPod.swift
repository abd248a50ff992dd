import KubernetesAPI

/// A Pod that has an address, in packed form: its name, the address, and labels where they are asked for.
enum PackedPod {
    static func pack(_ pod: PodObject, _ address: IPAddress, keepsLabels: Bool, into writer: inout PackedWriter) {
        writer.put(text: pod.name)
        writer.put(address)
        if keepsLabels { writer.put(labels: pod.labels) }
    }

    /// The pod, with what was kept of it.
    static func unpack(_ bytes: [UInt8], namespace: String) -> PodObject {
        // SAFETY: the bytes are read while the closure runs.
        bytes.withUnsafeBytes { bytes in
            var reader = PackedReader(bytes)
            let name = reader.text()
            let address = reader.address()
            return PodObject(namespace: namespace, name: name, addresses: [address], labels: reader.labels())
        }
    }

    /// The address.
    static func address(_ bytes: [UInt8]) -> IPAddress {
        // SAFETY: the bytes are read while the closure runs.
        bytes.withUnsafeBytes { bytes in
            var reader = PackedReader(bytes)
            _ = reader.bytesOfText()
            return reader.address()
        }
    }
}
