import KubernetesAPI

/// Reads saved clusters: what `kubectl get namespaces,services,endpointslices,pods -A -o json` (or `-o yaml`) prints,
/// lists and single objects, one document or several.
package enum SnapshotReader {
    /// Reads the file at `path`. What `detail` does not ask for is left out.
    package static func read(path: String, detail: ObjectDetail) throws(SnapshotError) -> ClusterObjects {
        try read(bytes: SnapshotFile.bytes(path: path), path: path, detail: detail)
    }

    /// Reads several files; an object of a later file takes the place of the same one of an earlier file.
    package static func read(paths: [String], detail: ObjectDetail) throws(SnapshotError) -> ClusterObjects {
        var result = ClusterObjects()
        for path in paths {
            result.merge(try read(path: path, detail: detail))
        }
        return result
    }

    /// Reads a snapshot's text, UTF-8; `path` is only for errors. A text that begins with `{` or `[` is JSON, else
    /// YAML.
    package static func read(
        bytes: [UInt8], path: String, detail: ObjectDetail
    ) throws(SnapshotError) -> ClusterObjects {
        do throws(NodeFault) {
            // Windows PowerShell writes UTF-16 where one redirects to a file.
            if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
                throw NodeFault(nil, "the text is UTF-16, expected UTF-8")
            }
            let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
            let start = bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0
            if beginsAsJSON(bytes[start...]) {
                var walk = SnapshotWalk(JSONSource(bytes, from: start), detail: detail)
                return try walk.run()
            }
            // SAFETY: the source reads the buffer only while this closure runs; nothing of what it returns points into
            // it.
            return try bytes.withUnsafeBufferPointer { buffer throws(NodeFault) in
                let text = UnsafeBufferPointer(rebasing: buffer[start...])
                var walk = SnapshotWalk(try YAMLSource(text), detail: detail)
                return try walk.run()
            }
        } catch {
            throw SnapshotError(path: path, fault: error)
        }
    }

    private static func beginsAsJSON(_ text: ArraySlice<UInt8>) -> Bool {
        let first = text.first { byte in
            byte != UInt8(ascii: " ") && byte != UInt8(ascii: "\t") && byte != UInt8(ascii: "\r")
                && byte != UInt8(ascii: "\n")
        }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }
}
