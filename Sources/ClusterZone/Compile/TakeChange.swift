import KubernetesAPI
import RecordIndex

extension ClusterState {
    /// What differs from the index since the last call, compiled; nil where nothing does. Every change is to be applied to
    /// the same index.
    package mutating func takeChange() -> IndexChange? {
        guard
            hasDirtyNamespaces || !services.dirty.isEmpty || !imports.dirty.isEmpty || !dirtyPods.isEmpty
                || !dirtyPodNames.isEmpty
        else { return nil }
        var change = IndexChange()
        if hasDirtyNamespaces { change.namespaces = exposeNamespaces() }
        for kind in SliceOwner.allCases {
            var held: [Int] = []
            for place in self[kind].dirty {
                if self[kind][place].link.isHeld {
                    held.append(place)
                } else if isPartial(kind, place) {
                    compile(kind, place, isPartial: true, into: &change)
                    // Compiled once more when all slices are listed.
                    self[kind][place].link.isDirty = true
                    self[kind][place].link.isAmongSlices = true
                    held.append(place)
                } else {
                    compile(kind, place, isPartial: false, into: &change)
                }
            }
            // Not emptied in place: a cluster that has just been listed leaves a long list behind.
            self[kind].dirty = held
        }
        change.pods = dirtyPods.filter { $0.value != 0 }
        dirtyPods = [:]
        // No service has the key of a pod.
        change.services.merge(dirtyPodNames) { _, pod in pod }
        dirtyPodNames = [:]
        if hasDirtyNamespaces {
            namespaces.releaseUnused()
            hasDirtyNamespaces = false
        }
        return change.isEmpty ? nil : change
    }

    /// Works out which namespaces answer, and marks the services of those that begin or end to.
    ///
    /// - Returns: all of them; nil where they are the same as before.
    private mutating func exposeNamespaces() -> Set<[UInt8]>? {
        var changed: Set<UInt32> = []
        for index in namespaces.entries.indices {
            let number = UInt32(truncatingIfNeeded: index)
            let isExposed = isExposed(namespaces[number])
            guard isExposed != namespaces[number].isExposed else { continue }
            namespaces[number].isExposed = isExposed
            changed.insert(number)
        }
        guard !changed.isEmpty else { return nil }
        for kind in SliceOwner.allCases {
            for place in self[kind].objects.places(in: changed) {
                self[kind][place].link.isAmongSlices = false
                self[kind].markDirty(place)
            }
        }
        return Set(namespaces.entries.lazy.filter(\.isExposed).map(\.name))
    }

    /// Whether a namespace's names answer: it exists, by the two options.
    private func isExposed(_ namespace: NamespaceTable.Entry) -> Bool {
        guard !namespace.name.isEmpty else { return false }
        if !options.namespaces.isEmpty,
            !options.namespaces.contains(namespace.object?.name ?? String(decoding: namespace.name, as: UTF8.self))
        {
            return false
        }
        if let object = namespace.object { return options.namespaceLabels?.matches(object.labels) ?? true }
        guard options.namespaceLabels == nil else { return false }
        // Not listed yet, or by somebody who may not list them: those that have services exist.
        return namespace.isAssumed || namespace.isSaved
            || (!hasAllNamespaces && !namespace.isListed && namespace.witnesses > 0)
    }

    /// Whether only a part of a headless service's slices is known, as the first list of slices is going on. A part of the
    /// addresses would be taken for all of them: whoever makes a cluster of the answer leaves the other nodes out.
    private func isPartial(_ kind: SliceOwner, _ place: Int) -> Bool {
        let entry = self[kind][place]
        guard entry.link.hasObject, entry.link.firstSlice >= 0, !listedSlices.contains([]) else { return false }
        let namespace = namespaces[entry.namespace].name
        guard slices.isInPass(namespace), !listedSlices.contains(namespace) else { return false }
        switch kind {
        case .service: return PackedService.traits(entry.bytes).isHeadless
        case .imported: return PackedImport.unpack(entry.bytes, namespace: "").isHeadless
        }
    }

    /// - Parameter isPartial: whether the service does not answer yet, which `IndexGaps.endpoints` makes a SERVFAIL.
    private mutating func compile(
        _ kind: SliceOwner, _ place: Int, isPartial: Bool, into change: inout IndexChange
    ) {
        self[kind][place].link.isDirty = false
        self[kind][place].link.isAmongSlices = false
        let entry = self[kind][place]
        let namespace = namespaces[entry.namespace]
        let key = ServiceRecords.key(
            namespace: namespace.name, service: self[kind].name(place), isImported: kind == .imported)
        if keepsExternal, kind == .service { noteExternal(key, entry, namespace) }
        let isKnown = entry.link.hasObject || entry.link.firstSlice >= 0
        // Slices alone make reverse names of a service, but say nothing of an imported one.
        guard entry.link.hasObject || (kind == .service && isKnown) else {
            if entry.link.isIndexed { change.services[key] = .some(nil) }
            self[kind][place].link.isIndexed = false
            guard !isKnown else { return }
            release(entry.namespace)
            self[kind].objects.remove(place)
            return
        }
        self[kind][place].link.isIndexed = true
        self[kind][place].link.isIndexedWithObject = entry.link.hasObject
        let compiler = ServiceCompiler(options: options)
        var records =
            switch kind {
            case .service:
                compiler.compile(
                    entry.bytes, hasObject: entry.link.hasObject, slices: slices, first: entry.link.firstSlice,
                    namespace: namespace)
            case .imported:
                compiler.compileImport(entry.bytes, slices: slices, first: entry.link.firstSlice, namespace: namespace)
            }
        if isPartial { records.answersForward = false }
        change.services[key] = ServiceBlockMemory(compiling: records)
    }

    /// Keeps the external addresses of a service that differs from what the index holds.
    private mutating func noteExternal(
        _ key: [UInt8], _ entry: ObjectTable<ServiceTable.Link>.Entry, _ namespace: NamespaceTable.Entry
    ) {
        var found: ExternalServices.Service?
        if entry.link.hasObject, namespace.isExposed {
            let service = PackedService.unpack(entry.bytes, namespace: "")
            if !service.externalAddresses.isEmpty {
                found = ExternalServices.Service(addresses: service.externalAddresses, ports: service.ports)
            }
        }
        guard external[key] != found else { return }
        external[key] = found
        hasDirtyExternal = true
    }

    /// The services with external addresses, where they are others than at the last call.
    package mutating func takeExternal() -> ExternalServices? {
        guard hasDirtyExternal else { return nil }
        hasDirtyExternal = false
        return ExternalServices(external)
    }

    /// Takes `objects` for the whole cluster.
    ///
    /// - Returns: the change that makes an index say just this.
    package mutating func replace(with objects: ClusterObjects) -> IndexChange {
        let resources: [WatchedResource] = [.namespaces, .services, .endpointSlices, .pods, .serviceImports]
        for resource in resources { beginReplace(resource, namespace: nil) }
        for namespace in objects.namespaces { apply(.listed, .namespace(namespace)) }
        for service in objects.services { apply(.listed, .service(service)) }
        for (number, slice) in objects.slicesWithEndpoints.enumerated() {
            // What was made of v1 Endpoints must not take the place of a slice that happens to have the same name.
            let isSlice = number < objects.endpointSlices.count
            apply(.listed, .endpointSlice(isSlice ? slice : slice.named("endpoints/" + slice.name)))
        }
        for pod in objects.pods { apply(.listed, .pod(pod)) }
        for imported in objects.serviceImports { apply(.listed, .serviceImport(imported)) }
        for resource in resources { endReplace(resource, namespace: nil) }
        // Saved without namespaces, or by somebody who may not list them: those that have services exist.
        hasAllNamespaces = !objects.namespaces.isEmpty
        let imports = options.servesImports ? objects.serviceImports.map(\.namespace) : []
        saveNamespaces(
            hasAllNamespaces ? [] : objects.services.map(\.namespace) + objects.pods.map(\.namespace) + imports)
        return takeChange() ?? IndexChange()
    }
}

extension IndexChange {
    fileprivate var isEmpty: Bool { services.isEmpty && pods.isEmpty && namespaces == nil && gaps == nil }
}

extension EndpointSliceObject {
    fileprivate func named(_ name: String) -> EndpointSliceObject {
        EndpointSliceObject(
            namespace: namespace, name: name, serviceName: serviceName, importName: importName,
            sourceCluster: sourceCluster, addressType: addressType, ports: ports, endpoints: endpoints, labels: labels)
    }
}
