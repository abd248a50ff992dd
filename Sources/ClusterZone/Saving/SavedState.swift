import KubernetesAPI

/// What `SnapshotWriter` wrote to a file: the objects and the annotations of the list.
package struct SavedState: Sendable {
    /// The objects.
    package let objects: ClusterObjects
    /// The annotations of the list's metadata.
    package let annotations: [String: String]

    /// Reads the file at `path`.
    ///
    /// Throws what is wrong with it, and that it is not there.
    package static func read(path: String) throws(SnapshotError) -> SavedState {
        let bytes = try SnapshotFile.bytes(path: path)
        let annotations: [String: String]
        do throws(NodeFault) {
            annotations = try Self.annotations(bytes)
        } catch {
            throw SnapshotError(path: path, fault: error)
        }
        return SavedState(
            objects: try SnapshotReader.read(bytes: bytes, path: path, detail: .everything), annotations: annotations)
    }

    /// The annotations that stand before the items.
    private static func annotations(_ bytes: [UInt8]) throws(NodeFault) -> [String: String] {
        var source = JSONSource(bytes)
        guard try source.nextDocument(), try source.shape() == .mapping else { return [:] }
        try source.enter()
        var isFirst = true
        while let key = try source.nextKey(isFirst: isFirst) {
            isFirst = false
            guard key == "metadata" else {
                if key == "items" { return [:] }
                try source.skip()
                continue
            }
            guard case .mapping(let fields)? = try source.node(.everything)["annotations"]?.value else { return [:] }
            var result: [String: String] = [:]
            for field in fields { result[field.name] = field.node.text }
            return result
        }
        return [:]
    }
}
