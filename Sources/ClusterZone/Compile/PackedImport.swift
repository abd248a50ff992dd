import KubernetesAPI

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
