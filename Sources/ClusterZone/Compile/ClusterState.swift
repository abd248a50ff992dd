import DNSWire
import KubernetesAPI
import RecordIndex

/// The objects of a cluster as they stand, in packed form, and how they differ from what the index holds. Every change of
/// an object costs what that object's service costs; nothing here grows with the cluster.
package struct ClusterState: Sendable {
    let options: ZoneOptions
    var namespaces = NamespaceTable()
    /// Services, and the services that only slices name.
    var services: ServiceTable
    var slices: ObjectTable<SliceLink>
    var pods: ObjectTable<NoLink>
    /// ServiceImports, and those that only slices name.
    var imports: ServiceTable

    /// How many Namespace objects there are.
    var namespaceCount = 0
    /// Which pass over the Namespace objects is going on.
    var namespacePass: UInt32 = 1
    /// By name ([] for all): the pass with which listing it began.
    var namespacePasses: [[UInt8]: UInt32] = [:]
    /// Whether all Namespace objects are known. Until then, those of the services and pods count as existing.
    var hasAllNamespaces = false

    /// The namespaces ([] for all) whose slices have been listed whole.
    var listedSlices: Set<[UInt8]> = []

    // What differs from the index since the last change was taken.
    var hasDirtyNamespaces = false
    var dirtyPods: [PodPlace: Int] = [:]
    /// By key: what pods say by their names, nil where they are gone.
    var dirtyPodNames: [[UInt8]: ServiceBlockMemory?] = [:]

    /// Whether the services with external addresses are kept apart, for `k8s_external`. To be set before the first object.
    package var keepsExternal = false
    /// By key, those whose namespaces answer.
    var external: [[UInt8]: ExternalServices.Service] = [:]
    var hasDirtyExternal = false
    /// Whether pods can be found by their addresses. To be set before the first object.
    package var keepsPodAddresses = false
    /// Places of pods; of those that share an address (their node's) the last one.
    private var podPlaces: [AddressKey: Int] = [:]

    /// Where objects are packed, to be compared with what is stored.
    private var writer = PackedWriter()

    struct NoLink: Sendable {}

    /// - Parameters:
    ///   - options: what decides which objects count, and what is kept of them.
    ///   - hash: the keyed hash of the tables of objects: tenants choose names.
    package init(options: ZoneOptions, hash: SeededHash = SeededHash()) {
        self.options = options
        services = ServiceTable(hash: hash)
        slices = ObjectTable(hash: hash)
        pods = ObjectTable(hash: hash)
        imports = ServiceTable(hash: hash)
    }

    // MARK: Objects

    /// Takes an object as it is now, or its deletion. One that the options leave out counts as deleted.
    package mutating func apply(_ change: BodyEvent.Change, _ object: WatchedObject) {
        let isThere = change != .deleted
        switch object {
        case .namespace(let namespace): isThere ? store(namespace) : remove(.namespaces, object.key)
        case .service(let service): isThere ? store(service) : remove(.services, object.key)
        case .endpointSlice(let slice): isThere ? store(slice) : remove(.endpointSlices, object.key)
        case .pod(let pod): isThere ? store(pod) : remove(.pods, object.key)
        case .serviceImport(let service): isThere ? store(service) : remove(.serviceImports, object.key)
        }
    }

    private mutating func store(_ namespace: NamespaceObject) {
        let name = EndpointLabel.lowerCased(namespace.name)
        guard Self.isLabel(name) else { return }
        let number = namespaces.number(of: name)
        namespaces[number].generation = namespacePass
        // Labels are only asked for by namespace_labels.
        let kept = NamespaceObject(
            name: namespace.name, labels: options.namespaceLabels == nil ? [:] : namespace.labels)
        guard namespaces[number].object != kept else { return }
        if namespaces[number].object == nil { namespaceCount += 1 }
        namespaces[number].object = kept
        hasDirtyNamespaces = true
    }

    private mutating func store(_ service: ServiceObject) {
        let name = EndpointLabel.lowerCased(service.name)
        guard isSelected(service.labels), Self.isLabel(name), let namespace = number(service.namespace) else {
            return remove(.services, service.key)
        }
        writer.clear()
        PackedService.pack(service, name: name, into: &writer)
        storePacked(.service, namespace, name)
    }

    private mutating func store(_ service: ServiceImportObject) {
        let name = EndpointLabel.lowerCased(service.name)
        guard options.servesImports, isSelected(service.labels), Self.isLabel(name),
            let namespace = number(service.namespace)
        else { return remove(.serviceImports, service.key) }
        writer.clear()
        PackedImport.pack(service, name: name, into: &writer)
        storePacked(.imported, namespace, name)
    }

    /// Takes what `writer` holds for the object of a service or an imported service.
    private mutating func storePacked(_ kind: SliceOwner, _ namespace: UInt32, _ name: [UInt8]) {
        let place = owner(kind, namespace, name)
        self[kind].objects.see(place)
        let hasObject = self[kind][place].link.hasObject
        guard !hasObject || self[kind][place].bytes != writer.bytes else { return }
        self[kind][place].bytes = exactCopy(writer.bytes)
        if !hasObject {
            self[kind][place].link.hasObject = true
            self[kind].objectCount += 1
            addWitness(namespace)
        }
        self[kind].markDirty(place)
    }

    private mutating func store(_ slice: EndpointSliceObject) {
        // A slice without a service's name belongs to none; CoreDNS cannot answer for it either.
        let service = EndpointLabel.lowerCased(slice.serviceName ?? "")
        let imported = options.servesImports ? EndpointLabel.lowerCased(slice.importName ?? "") : []
        guard options.servesEndpoints, isSelected(slice.labels), Self.isLabel(service) || Self.isLabel(imported),
            let namespace = number(slice.namespace), slice.name.utf8.count <= PackedWriter.longestText
        else { return remove(.endpointSlices, slice.key) }
        writer.clear()
        PackedSlice.pack(slice, options, into: &writer)
        let place: Int
        if let found = find(slices, namespace, slice.name) {
            place = found
            slices.see(place)
            if slices[place].bytes != writer.bytes {
                slices[place].bytes = exactCopy(writer.bytes)
                for kind in SliceOwner.allCases { markSlicesDirty(kind, slices[place].link[kind].owner) }
            }
        } else {
            place = slices.insert(namespace, exactCopy(writer.bytes), SliceLink())
            namespaces[namespace].uses += 1
        }
        setOwner(.service, of: place, Self.isLabel(service) ? owner(.service, namespace, service) : -1)
        setOwner(.imported, of: place, Self.isLabel(imported) ? owner(.imported, namespace, imported) : -1)
    }

    private mutating func store(_ pod: PodObject) {
        guard options.servesPods, isSelected(pod.labels), options.podNames ? pod.isAlive : pod.hasAddress,
            !pod.addresses.isEmpty, let namespace = number(pod.namespace),
            pod.name.utf8.count <= PackedWriter.longestText
        else { return remove(.pods, pod.key) }
        writer.clear()
        // CoreDNS: `pods verified` knows the first address alone.
        PackedPod.pack(
            pod, pod.addresses.prefix(options.podNames ? PackedPod.mostAddresses : 1),
            keepsLabels: options.labels != nil || options.keepsPodLabels, into: &writer)
        guard let place = find(pods, namespace, pod.name) else {
            let place = pods.insert(namespace, exactCopy(writer.bytes), NoLink())
            namespaces[namespace].uses += 1
            addWitness(namespace)
            show(pod: place)
            return
        }
        pods.see(place)
        guard pods[place].bytes != writer.bytes else { return }
        hide(pod: place)
        pods[place].bytes = exactCopy(writer.bytes)
        show(pod: place)
    }

    /// Notes that the pod at `place` can be found from now on.
    private mutating func show(pod place: Int) {
        noteName(ofPod: place, isGone: false)
        guard let podPlace = podPlace(place) else { return }
        dirtyPods[podPlace, default: 0] += 1
        if keepsPodAddresses { podPlaces[podPlace.address] = place }
    }

    /// Notes that the pod at `place` can no longer be found.
    private mutating func hide(pod place: Int) {
        noteName(ofPod: place, isGone: true)
        guard let podPlace = podPlace(place) else { return }
        dirtyPods[podPlace, default: 0] -= 1
        if podPlaces[podPlace.address] == place { podPlaces[podPlace.address] = nil }
    }

    private mutating func remove(_ resource: WatchedResource, _ key: ObjectKey) {
        switch resource {
        case .namespaces:
            if let number = namespaces.find(EndpointLabel.lowerCased(key.name)) { removeNamespace(number) }
        case .services:
            if let place = place(of: key, in: services.objects) { removeObject(.service, place) }
        case .endpointSlices:
            if let place = place(of: key, in: slices) { removeSlice(place) }
        case .pods:
            if let place = place(of: key, in: pods) { removePod(place) }
        case .serviceImports:
            if let place = place(of: key, in: imports.objects) { removeObject(.imported, place) }
        }
    }

    mutating func removeNamespace(_ number: UInt32) {
        guard namespaces[number].object != nil else { return }
        namespaces[number].object = nil
        namespaceCount -= 1
        hasDirtyNamespaces = true
    }

    /// Takes the object of a service or an imported service away.
    mutating func removeObject(_ kind: SliceOwner, _ place: Int) {
        guard self[kind][place].link.hasObject else { return }
        self[kind][place].link.hasObject = false
        self[kind].objectCount -= 1
        // The name stays for as long as slices may have it.
        var writer = PackedWriter()
        writer.put(text: self[kind].name(place))
        self[kind][place].bytes = exactCopy(writer.bytes)
        removeWitness(self[kind][place].namespace)
        self[kind].markDirty(place)
    }

    mutating func removeSlice(_ place: Int) {
        for kind in SliceOwner.allCases { unlink(place, kind) }
        release(slices[place].namespace)
        slices.remove(place)
    }

    mutating func removePod(_ place: Int) {
        hide(pod: place)
        removeWitness(pods[place].namespace)
        release(pods[place].namespace)
        pods.remove(place)
    }

    /// The pod at an address, with what is kept of it; nil unless `keepsPodAddresses`.
    package func pod(at address: AddressKey) -> PodObject? {
        guard let place = podPlaces[address] else { return nil }
        let entry = pods[place]
        let namespace = String(decoding: namespaces[entry.namespace].name, as: UTF8.self)
        return PackedPod.unpack(entry.bytes, namespace: namespace)
    }

    // MARK: Namespaces

    /// Whether a namespace counts as existing although its object may not be read: with `namespaces`, a Role gives access
    /// to what is in a namespace, but not to the Namespace itself. `namespace_labels` still asks for its labels.
    package mutating func assumeNamespace(_ name: String, exists: Bool) {
        let name = EndpointLabel.lowerCased(name)
        guard Self.isLabel(name) else { return }
        let number = namespaces.number(of: name)
        guard namespaces[number].isAssumed != exists else { return }
        namespaces[number].isAssumed = exists
        hasDirtyNamespaces = true
    }

    /// Takes it that the namespaces of `names`, and no others, exist until the namespaces are listed.
    mutating func saveNamespaces(_ names: [String]) {
        for index in namespaces.entries.indices { namespaces[UInt32(truncatingIfNeeded: index)].isSaved = false }
        for name in names {
            let name = EndpointLabel.lowerCased(name)
            if Self.isLabel(name) { namespaces[namespaces.number(of: name)].isSaved = true }
        }
        hasDirtyNamespaces = true
    }

    private mutating func addWitness(_ namespace: UInt32) {
        namespaces[namespace].witnesses += 1
        if namespaces[namespace].witnesses == 1 { hasDirtyNamespaces = true }
    }

    private mutating func removeWitness(_ namespace: UInt32) {
        namespaces[namespace].witnesses -= 1
        if namespaces[namespace].witnesses == 0 { hasDirtyNamespaces = true }
    }

    /// Notes that an object with the namespace's number is gone.
    mutating func release(_ namespace: UInt32) {
        namespaces[namespace].uses -= 1
        if namespaces[namespace].uses == 0 { hasDirtyNamespaces = true }
    }

    private mutating func number(_ namespace: String) -> UInt32? {
        let name = EndpointLabel.lowerCased(namespace)
        return Self.isLabel(name) ? namespaces.number(of: name) : nil
    }

    // MARK: Places

    /// The place of a service or an imported service, which is there from now on.
    private mutating func owner(_ kind: SliceOwner, _ namespace: UInt32, _ name: [UInt8]) -> Int {
        // SAFETY: the bytes are read while the closure runs.
        if let place = name.withUnsafeBytes({ self[kind].objects.find(namespace, $0) }) { return place }
        var packed = PackedWriter()
        packed.put(text: name)
        namespaces[namespace].uses += 1
        return self[kind].objects.insert(namespace, packed.bytes, ServiceTable.Link())
    }

    /// Where a pod is by its address; nil while it terminates.
    private func podPlace(_ place: Int) -> PodPlace? {
        guard let address = PackedPod.firstAddress(pods[place].bytes) else { return nil }
        return PodPlace(address: address.key, namespace: namespaces[pods[place].namespace].name)
    }

    func place<Link>(of key: ObjectKey, in table: ObjectTable<Link>) -> Int? {
        guard let namespace = namespaces.find(EndpointLabel.lowerCased(key.namespace)) else { return nil }
        return find(table, namespace, key.name)
    }

    private func find<Link>(_ table: ObjectTable<Link>, _ namespace: UInt32, _ name: String) -> Int? {
        var name = name
        // SAFETY: the bytes are read while the closure runs.
        return name.withUTF8 { table.find(namespace, UnsafeRawBufferPointer($0)) }
    }

    /// A copy that takes no more memory than it needs.
    private func exactCopy(_ bytes: [UInt8]) -> [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        copy += bytes
        return copy
    }

    private func isSelected(_ labels: [String: String]) -> Bool { options.labels?.matches(labels) ?? true }

    static func isLabel(_ name: [UInt8]) -> Bool { 1...QuestionName.longestLabel ~= name.count }
}

extension PodObject {
    /// Whether the pod has not finished: once it has, its address may be given to another pod.
    var isAlive: Bool { phase != .succeeded && phase != .failed && phase != .unknown }

    /// Whether the pod's address is its own, to CoreDNS: not while it terminates either (CoreDNS's field selector, and its
    /// rule for deletionTimestamp).
    var hasAddress: Bool { !isTerminating && isAlive }
}
