extension ScriptedCluster {
    /// The body of a list of all objects of a kind, for those who read bodies without a server.
    package func listBody(_ resource: ScriptedResource, _ format: ScriptedFormat) -> [UInt8] {
        let (objects, version, _) = watchStart(resource)
        let items = format.items(objects, resource)
        let (head, tail) = format.listFrame(
            resource, version: version, continueToken: "", remaining: nil, itemBytes: items.count)
        return head + items + tail
    }

    /// The frame of a watch that says an object has changed; the cluster stays as it is.
    package func modifiedFrame(_ object: ScriptedObject, _ format: ScriptedFormat) -> [UInt8] {
        let stored = StoredObject(object, version: version + 1)
        return format.event(
            "MODIFIED", apiVersion: object.resource.apiVersion, kind: object.resource.kind,
            content: format.content(stored))
    }
}
