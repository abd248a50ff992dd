import KubernetesAPI

/// Lists of a resource: what a list does not show is gone when it ends. Objects are marked in place, so that a list takes no
/// memory beside what it changes, and nothing disappears while it goes on.
extension ClusterState {
    /// Begins a list of a resource, of one namespace or (nil) of all: what is neither applied nor kept until `endReplace`
    /// is gone then, and stays in use until then. Begun again, everything is to be seen again.
    package mutating func beginReplace(_ resource: WatchedResource, namespace: String?) {
        let key = namespace.map { EndpointLabel.lowerCased($0) } ?? []
        switch resource {
        case .namespaces:
            namespacePass &+= 1
            namespacePasses[key] = namespacePass
        case .services: services.objects.beginPass(key)
        case .endpointSlices: slices.beginPass(key)
        case .pods: pods.beginPass(key)
        case .serviceImports: imports.objects.beginPass(key)
        }
    }

    /// Counts an object as seen, unchanged.
    package mutating func keep(_ resource: WatchedResource, _ key: ObjectKey) {
        switch resource {
        case .namespaces:
            if let number = namespaces.find(EndpointLabel.lowerCased(key.name)) {
                namespaces[number].generation = namespacePass
            }
        case .services: if let place = place(of: key, in: services.objects) { services.objects.see(place) }
        case .endpointSlices: if let place = place(of: key, in: slices) { slices.see(place) }
        case .pods: if let place = place(of: key, in: pods) { pods.see(place) }
        case .serviceImports: if let place = place(of: key, in: imports.objects) { imports.objects.see(place) }
        }
    }

    /// Ends a list: what was not seen since `beginReplace` is gone, of that namespace only if one is given.
    package mutating func endReplace(_ resource: WatchedResource, namespace: String?) {
        let key = namespace.map { EndpointLabel.lowerCased($0) } ?? []
        switch resource {
        case .namespaces: endNamespaces(key)
        case .services: for place in endPass(over: \.services.objects, key) { removeObject(.service, place) }
        case .endpointSlices:
            for place in endPass(over: \.slices, key) { removeSlice(place) }
            listedSlices.insert(key)
            releaseHeld()
        case .pods: for place in endPass(over: \.pods, key) { removePod(place) }
        case .serviceImports: for place in endPass(over: \.imports.objects, key) { removeObject(.imported, place) }
        }
    }

    /// Ends a pass over a table.
    ///
    /// - Returns: the places of what was not seen in it.
    private mutating func endPass<Link>(
        over table: WritableKeyPath<ClusterState, ObjectTable<Link>>, _ namespace: [UInt8]
    ) -> [Int] {
        guard let pass = self[keyPath: table].endPass(namespace) else { return [] }
        if namespace.isEmpty { return self[keyPath: table].unseen(since: pass, namespace: nil) }
        guard let number = namespaces.find(namespace) else { return [] }
        return self[keyPath: table].unseen(since: pass, namespace: number)
    }

    private mutating func endNamespaces(_ name: [UInt8]) {
        guard let pass = namespacePasses.removeValue(forKey: name) else { return }
        if !name.isEmpty {
            guard Self.isLabel(name) else { return }
            let number = namespaces.number(of: name)
            namespaces[number].isListed = true
            namespaces[number].isSaved = false
            if namespaces[number].generation < pass { removeNamespace(number) }
        } else {
            hasAllNamespaces = true
            for index in namespaces.entries.indices {
                let number = UInt32(truncatingIfNeeded: index)
                namespaces[number].isSaved = false
                if namespaces[number].generation < pass { removeNamespace(number) }
            }
        }
        hasDirtyNamespaces = true
    }
}
