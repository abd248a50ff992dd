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

/// A ServiceImport in packed form.
enum PackedImport {
    static func pack(_ service: ServiceImportObject, into writer: inout PackedWriter) {
        writer.put(text: service.name)
        writer.put(service.isHeadless ? 1 : 0 as UInt8)
        let addresses = service.addresses.prefix(PackedWriter.longestText)
        writer.put(count: addresses.count)
        for address in addresses { writer.put(address) }
        writer.put(ports: service.ports)
        writer.put(labels: service.labels)
    }

    /// The imported service.
    static func unpack(_ bytes: [UInt8], namespace: String) -> ServiceImportObject {
        // SAFETY: the bytes are read while the closure runs.
        bytes.withUnsafeBytes { bytes in
            var reader = PackedReader(bytes)
            let name = reader.text()
            let isHeadless = reader.byte() != 0
            let addresses = (0..<reader.count()).map { _ in reader.address() }
            let ports = reader.ports()
            return ServiceImportObject(
                namespace: namespace, name: name, isHeadless: isHeadless, addresses: addresses, ports: ports,
                labels: reader.labels())
        }
    }
}
