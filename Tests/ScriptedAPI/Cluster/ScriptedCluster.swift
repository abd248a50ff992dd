import Synchronization

/// The objects of a made-up cluster, with the versions and the history that lists and watches are served from.
///
/// Any thread may use it. Every change takes the next resourceVersion, which all kinds of objects share, as in etcd.
package final class ScriptedCluster: Sendable {
    /// What happened to an object, or a bookmark.
    enum Change: Sendable {
        case set(StoredObject, previous: StoredObject?)
        case deleted(StoredObject, previous: StoredObject)
        case bookmark
    }

    /// One entry of a kind's log.
    struct Event: Sendable {
        let version: UInt64
        let change: Change
    }

    /// The objects of one kind.
    struct Table: Sendable {
        var objects: [String: StoredObject] = [:]
        /// The keys in the order of a list.
        var keys: [String] = []
        var log: [Event] = []
        /// How many events came before `log[0]`.
        var dropped = 0
        /// The version of the last event that was dropped: watches from before it have expired.
        var droppedVersion: UInt64 = 0
        /// The version of the last change.
        var changed: UInt64 = 0
    }

    struct State: Sendable {
        var version: UInt64
        var tables: [ScriptedResource: Table] = [:]
        /// Lists and watches from before this version have expired.
        var oldest: UInt64 = 0
        var listeners: [ObjectIdentifier: (resource: ScriptedResource, wakeup: Wakeup)] = [:]
    }

    let state: Mutex<State>
    let encodedItems = EncodedItems()
    private let window: Int

    /// An empty cluster.
    ///
    /// - Parameters:
    ///   - version: the resourceVersion it starts with.
    ///   - window: events of a kind that are kept at least; older ones are forgotten and watches from them expire.
    package init(version: UInt64 = 1000, window: Int = 100_000) {
        state = Mutex(State(version: version))
        self.window = window
    }

    /// The resourceVersion of the last change.
    package var version: UInt64 { state.withLock { $0.version } }

    /// Adds an object or replaces the one of the same name; its new version.
    @discardableResult
    package func apply(_ object: ScriptedObject) -> UInt64 {
        change(object.resource) { state in store(object, &state) }
    }

    @discardableResult
    package func apply(_ service: ScriptedService) -> UInt64 { apply(.service(service)) }

    @discardableResult
    package func apply(_ slice: ScriptedEndpointSlice) -> UInt64 { apply(.endpointSlice(slice)) }

    @discardableResult
    package func apply(_ pod: ScriptedPod) -> UInt64 { apply(.pod(pod)) }

    @discardableResult
    package func apply(_ namespace: ScriptedNamespace) -> UInt64 { apply(.namespace(namespace)) }

    @discardableResult
    package func apply(_ serviceImport: ScriptedServiceImport) -> UInt64 { apply(.serviceImport(serviceImport)) }

    /// Changes an object that is there; its new version, or nil when there is none of that name.
    @discardableResult
    package func modify(
        _ resource: ScriptedResource, namespace: String, name: String, _ body: (inout ScriptedObject) -> Void
    ) -> UInt64? {
        let key = ScriptedMetadata.key(namespace: namespace, name: name)
        return change(resource) { state in
            guard var object = state.tables[resource]?.objects[key]?.object else { return nil }
            body(&object)
            return store(object, &state)
        }
    }

    /// Removes an object; the version of its deletion, or nil when there is none of that name.
    @discardableResult
    package func delete(_ resource: ScriptedResource, namespace: String = "", name: String) -> UInt64? {
        let key = ScriptedMetadata.key(namespace: namespace, name: name)
        return change(resource) { state in
            guard let previous = state.tables[resource]?.objects.removeValue(forKey: key) else { return nil }
            state.version += 1
            // The object of a DELETED event has the version of its deletion.
            let gone = StoredObject(previous.object, version: state.version)
            if let index = state.tables[resource]?.position(of: key) { state.tables[resource]?.keys.remove(at: index) }
            append(.deleted(gone, previous: previous), resource, &state)
            return state.version
        }
    }

    /// An object, with its version; nil when there is none of that name.
    package func object(_ resource: ScriptedResource, namespace: String = "", name: String) -> ScriptedObject? {
        let key = ScriptedMetadata.key(namespace: namespace, name: name)
        return state.withLock { $0.tables[resource]?.objects[key]?.object }
    }

    /// All objects of a kind, in the order of a list.
    package func objects(_ resource: ScriptedResource) -> [ScriptedObject] {
        state.withLock { state in
            (state.tables[resource] ?? Table()).ordered.map(\.object)
        }
    }

    /// How many objects of a kind there are.
    package func count(_ resource: ScriptedResource) -> Int {
        state.withLock { $0.tables[resource]?.objects.count ?? 0 }
    }

    /// Changes of objects that nobody here watches: the version grows.
    package func advanceVersion(by count: UInt64 = 1) {
        state.withLock { $0.version += count }
    }

    /// Sends a bookmark to the watches of a kind that allow them. It has a version that no object has.
    package func bookmark(_ resource: ScriptedResource) {
        change(resource) { state in
            state.version += 1
            append(.bookmark, resource, &state)
        }
    }

    /// Forgets the past: lists and watches from any version that was given out until now answer 410 from now on, and so do
    /// continue tokens. Watches that are open go on.
    package func compact() {
        state.withLock { state in
            state.version += 1
            state.oldest = state.version
        }
    }

    // MARK: - Changes

    private func change<Result: Sendable>(
        _ resource: ScriptedResource, _ body: (inout State) -> sending Result
    ) -> Result {
        let (result, wakeups) = state.withLock { state in
            let before = state.version
            let result = body(&state)
            guard state.version != before else { return (result, [Wakeup]()) }
            return (result, state.listeners.values.compactMap { $0.resource == resource ? $0.wakeup : nil })
        }
        for wakeup in wakeups { wakeup.signal() }
        return result
    }

    private func store(_ object: ScriptedObject, _ state: inout State) -> UInt64 {
        let resource = object.resource
        state.version += 1
        let stored = StoredObject(object, version: state.version)
        let key = object.metadata.key
        let previous = state.tables[resource, default: Table()].objects.updateValue(stored, forKey: key)
        if previous == nil { state.tables[resource]?.insert(key) }
        append(.set(stored, previous: previous), resource, &state)
        return state.version
    }

    private func append(_ change: Change, _ resource: ScriptedResource, _ state: inout State) {
        let version = state.version
        state.tables[resource, default: Table()].append(Event(version: version, change: change), window: window)
    }
}

extension ScriptedCluster.Table {
    var ordered: [StoredObject] { keys.compactMap { objects[$0] } }

    /// The index of the first key that is not before `key`.
    func lowerBound(_ key: String) -> Int {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func position(of key: String) -> Int? {
        let index = lowerBound(key)
        return index < keys.count && keys[index] == key ? index : nil
    }

    mutating func insert(_ key: String) {
        keys.insert(key, at: lowerBound(key))
    }

    mutating func append(_ event: ScriptedCluster.Event, window: Int) {
        log.append(event)
        if case .bookmark = event.change {} else { changed = event.version }
        // Trimmed by halves, so that it costs little for each event.
        guard log.count > 2 * window else { return }
        droppedVersion = log[log.count - window - 1].version
        dropped += log.count - window
        log.removeFirst(log.count - window)
    }
}
