import DNSWire

/// The label of an endpoint of an imported service as its block has it. In DNS it is two labels, ENDPOINT.CLUSTER, or the
/// first alone where the slice does not say which cluster it came from.
///
/// Layout: a byte for the length of all that follows, a byte for the length of the cluster's label (0 for none), that label,
/// and the endpoint's. Without any byte behind its length it is the label of an endpoint that has no name.
public struct ImportedLabel {
    @usableFromInline let base: UnsafeRawPointer

    /// Bytes that the longest one takes, length byte included.
    @inlinable public static var longest: Int { 2 + 2 * QuestionName.longestLabel }

    // SAFETY of the loads below: `make` or `write` laid the bytes out.

    /// - Parameter base: the byte of the length.
    @inlinable public init(_ base: UnsafeRawPointer) { self.base = base }

    @inlinable var count: Int { Int(base.load(as: UInt8.self)) }

    /// Length of the cluster's label, 0 where there is none.
    @inlinable var clusterLength: Int { count == 0 ? 0 : Int(base.load(fromByteOffset: 1, as: UInt8.self)) }
    /// The cluster's label with its length byte in front.
    @inlinable var cluster: UnsafeRawPointer { base + 1 }
    /// Length of the endpoint's own label, 0 where it has none.
    @inlinable var endpointLength: Int { max(0, count &- 1 &- clusterLength) }
    /// The endpoint's own label without its length byte.
    @inlinable var endpoint: UnsafeRawPointer { base + (2 &+ clusterLength) }

    /// Bytes that the labels take in a name, length bytes included; 0 where the endpoint has no name.
    @inlinable public var nameLength: Int {
        if endpointLength == 0 { return 0 }
        return 1 &+ endpointLength &+ (clusterLength == 0 ? 0 : 1 &+ clusterLength)
    }

    /// Writes the labels as they stand in a name, `nameLength` bytes.
    @inlinable public func write(into writer: inout ResponseWriter) {
        guard endpointLength > 0 else { return }
        writer.put8(UInt8(truncatingIfNeeded: endpointLength))
        writer.put(endpoint, endpointLength)
        if clusterLength > 0 { writer.put(cluster, 1 &+ clusterLength) }
    }

    /// Whether the `nameLength` bytes at `name` are the labels.
    @inlinable public func isName(_ name: UnsafeRawPointer) -> Bool {
        guard endpointLength > 0, Int(name.load(as: UInt8.self)) == endpointLength,
            equalBytes(name + 1, endpoint, endpointLength)
        else { return false }
        return clusterLength == 0 || equalBytes(name + (1 &+ endpointLength), cluster, 1 &+ clusterLength)
    }

    /// What `ServiceRecords.label` takes for an endpoint, whose own label is `endpoint`, in `cluster`; both are at most 63
    /// bytes and in lower case, and no bytes stand for none.
    package static func make(
        endpoint: some Collection<UInt8>, cluster: some Collection<UInt8>, into bytes: inout [UInt8]
    ) {
        bytes.removeAll(keepingCapacity: true)
        guard !endpoint.isEmpty else { return }
        bytes.append(UInt8(truncatingIfNeeded: cluster.count))
        bytes += cluster
        bytes += endpoint
    }
}

extension ServiceBlock {
    /// Index of the label of an imported service that stands for the labels `endpoint` and `cluster` of a name (length bytes
    /// in front, lower case; no cluster for nil), -1 where there is none.
    public func findLabel(endpoint: UnsafeRawPointer, cluster: UnsafeRawPointer?) -> Int {
        // SAFETY: labels of names have at most 63 bytes, which `ImportedLabel.longest` has room for.
        withUnsafeTemporaryAllocation(byteCount: ImportedLabel.longest, alignment: 1) { scratch in
            guard let wanted = scratch.baseAddress else { return -1 }
            let endpointLength = Int(endpoint.load(as: UInt8.self))
            let clusterLength = cluster.map { Int($0.load(as: UInt8.self)) } ?? 0
            wanted.storeBytes(of: UInt8(truncatingIfNeeded: 1 &+ clusterLength &+ endpointLength), as: UInt8.self)
            wanted.storeBytes(of: UInt8(truncatingIfNeeded: clusterLength), toByteOffset: 1, as: UInt8.self)
            if let cluster { (wanted + 2).copyMemory(from: cluster + 1, byteCount: clusterLength) }
            (wanted + (2 &+ clusterLength)).copyMemory(from: endpoint + 1, byteCount: endpointLength)
            return findLabel(wanted)
        }
    }
}
