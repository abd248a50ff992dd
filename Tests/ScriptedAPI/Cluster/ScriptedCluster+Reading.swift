import Synchronization

extension ScriptedCluster {
    /// What a list asks for.
    struct ListQuery: Sendable {
        let resource: ScriptedResource
        let namespace: String?
        let selector: ScriptedSelector
        /// The version it has to be at exactly; nil: now.
        var exactVersion: UInt64?
        /// Where it starts, a key; empty: at the beginning.
        var start: String = ""
        /// The most objects; 0: all.
        var limit: Int = 0
    }

    /// A list, or one page of it.
    struct ListResult: Sendable {
        let objects: [StoredObject]
        let version: UInt64
        /// The last change of these objects: as long as it is the same, so are the objects.
        let changed: UInt64
        /// Where the next page starts; nil: this is the last one.
        let next: String?
        let remaining: Int
    }

    /// Nil when the version that is asked for has expired.
    func list(_ query: ListQuery) -> ListResult? {
        state.withLock { state in
            let table = state.tables[query.resource] ?? Table()
            var keys = table.keys
            var objects = table.objects
            var version = state.version
            if let exact = query.exactVersion, exact != state.version {
                guard exact >= state.oldest, exact >= table.droppedVersion, exact <= state.version else { return nil }
                version = exact
                if exact < table.changed { Self.undo(table.log, until: exact, &objects, &keys) }
            }
            var first = 0
            var last = keys.count
            if let namespace = query.namespace {
                first = Self.lowerBound(keys, namespace + "/")
                // "0" comes after "/".
                last = Self.lowerBound(keys, namespace + "0")
            }
            if !query.start.isEmpty { first = max(first, Self.lowerBound(keys, query.start)) }
            var found: [StoredObject] = []
            var next: String?
            var index = first
            while index < last {
                if let object = objects[keys[index]], query.selector.matches(object.object) {
                    if query.limit > 0, found.count == query.limit {
                        next = keys[index]
                        break
                    }
                    found.append(object)
                }
                index += 1
            }
            return ListResult(
                objects: found, version: version, changed: table.changed, next: next,
                remaining: next == nil ? 0 : last - index)
        }
    }

    private static func lowerBound(_ keys: [String], _ key: String) -> Int {
        var table = Table()
        table.keys = keys
        return table.lowerBound(key)
    }

    /// Takes changes back until the objects are those of an older version.
    private static func undo(
        _ log: [Event], until version: UInt64, _ objects: inout [String: StoredObject], _ keys: inout [String]
    ) {
        for event in log.reversed() {
            guard event.version > version else { break }
            switch event.change {
            case .set(let object, let previous): objects[object.object.metadata.key] = previous
            case .deleted(let object, let previous): objects[object.object.metadata.key] = previous
            case .bookmark: break
            }
        }
        keys = objects.keys.sorted()
    }

    /// Where a watch begins.
    enum WatchStart: Sendable {
        /// The version is too old; the oldest one that is not.
        case expired(oldest: UInt64)
        /// The number of the first event to send.
        case at(Int)
    }

    /// A watch of what happens after a version.
    func watchStart(_ resource: ScriptedResource, after version: UInt64) -> WatchStart {
        state.withLock { state in
            let table = state.tables[resource] ?? Table()
            let oldest = max(state.oldest, table.droppedVersion)
            guard version >= oldest else { return .expired(oldest: oldest) }
            var low = 0
            var high = table.log.count
            while low < high {
                let middle = (low + high) / 2
                if table.log[middle].version <= version { low = middle + 1 } else { high = middle }
            }
            return .at(table.dropped + low)
        }
    }

    /// The objects of now, and the number of the first event after them.
    func watchStart(_ resource: ScriptedResource) -> (objects: [StoredObject], version: UInt64, next: Int) {
        state.withLock { state in
            let table = state.tables[resource] ?? Table()
            return (table.ordered, state.version, table.dropped + table.log.count)
        }
    }

    /// At most `limit` events from a number on; nil when they are forgotten.
    func events(_ resource: ScriptedResource, from number: Int, limit: Int) -> [Event]? {
        state.withLock { state in
            guard let table = state.tables[resource] else { return [] }
            guard number >= table.dropped else { return nil }
            let start = number - table.dropped
            guard start < table.log.count else { return [] }
            return Array(table.log[start..<min(table.log.count, start + limit)])
        }
    }

    /// Signals `wakeup` at each change of a kind's objects, until `unlisten`.
    func listen(_ resource: ScriptedResource, _ wakeup: Wakeup) {
        state.withLock { $0.listeners[ObjectIdentifier(wakeup)] = (resource, wakeup) }
    }

    func unlisten(_ wakeup: Wakeup) {
        state.withLock { $0.listeners[ObjectIdentifier(wakeup)] = nil }
    }
}

/// The encoded items of whole lists, kept as long as nothing changes in them: a benchmark's second list costs nothing.
final class EncodedItems: Sendable {
    struct Key: Hashable {
        let resource: ScriptedResource
        let format: ScriptedFormat
        let namespace: String?
        let fields: String
        let labels: String
    }

    /// Lists kept: more than one benchmark or test asks for.
    private static let limit = 32

    private let kept = Mutex<[Key: (changed: UInt64, bytes: [UInt8])]>([:])

    func bytes(_ key: Key, changed: UInt64, _ make: () -> [UInt8]) -> [UInt8] {
        let found = kept.withLock { $0[key] }
        if let found, found.changed == changed { return found.bytes }
        let bytes = make()
        kept.withLock {
            if $0.count >= Self.limit { $0.removeAll() }
            $0[key] = (changed, bytes)
        }
        return bytes
    }
}
