import KubernetesAPI
import ScriptedAPI

/// Bodies read as apodns reads them.
enum ObjectReading {
    /// Reads a body to its end.
    ///
    /// - Returns: how many objects were in it.
    @discardableResult
    static func read(
        _ body: [UInt8], _ format: ScriptedFormat, _ resource: WatchedResource, isWatch: Bool = false,
        detail: ObjectDetail = [], pieceBytes: Int = 16 << 10, _ handler: (WatchedObject) -> Void
    ) throws(BenchFailure) -> Int {
        var count = 0
        var unusable: String?
        do throws(BodyFault) {
            var reader = try BodyReader(
                resource: resource, contentType: format.contentType(isWatch: isWatch), isWatch: isWatch, detail: detail)
            var fault: BodyFault?
            // SAFETY: the pieces are parts of the array, read while the closure runs.
            body.withUnsafeBytes { bytes in
                var start = 0
                while start < bytes.count, fault == nil {
                    let end = min(bytes.count, start + pieceBytes)
                    do throws(BodyFault) {
                        try reader.read(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) { event in
                            switch event {
                            case .object(_, let object, _, _):
                                count += 1
                                handler(object)
                            case .unusable(_, let key, _, let problem): unusable = "\(key): \(problem)"
                            case .bookmark, .status, .listEnd: break
                            }
                        }
                    } catch {
                        fault = error
                    }
                    start = end
                }
            }
            if let fault { throw fault }
            if !isWatch { try reader.end { _ in } }
        } catch {
            throw BenchFailure("a made-up body of \(resource.plural) cannot be read: \(error)")
        }
        if let unusable { throw BenchFailure("a made-up object cannot be used: \(unusable)") }
        return count
    }
}
