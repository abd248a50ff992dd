import Synchronization

/// The index's writing side: takes changes, rebuilds what they touch (one block, and one shard where a name or an address
/// comes or goes), and publishes a new snapshot. Beyond what a change touches, publishing copies one pointer for each table
/// and for each 256 services.
package final class RecordIndex: Sendable {
    private let state: Mutex<State>
    private let current: Mutex<IndexSnapshot>
    private let versionNumber = Atomic<UInt64>(1)

    /// - Parameter hash: the keyed hash of the tables.
    package init(hash: SeededHash = SeededHash()) {
        let state = State(hash: hash)
        current = Mutex(state.snapshot(serial: 0))
        self.state = Mutex(state)
    }

    /// Grows with each published snapshot. Workers compare it once per batch, which is all that they share.
    package var version: UInt64 { versionNumber.load(ordering: .acquiring) }

    /// The newest snapshot. Takes a lock: ask only when `version` has changed.
    package var snapshot: IndexSnapshot { current.withLock { $0 } }

    /// Applies `change` and publishes the outcome, unless it changes no answer.
    ///
    /// - Parameter serial: seconds since 1970, the SOA serial of the new snapshot.
    /// - Returns: whether a new snapshot was published.
    @discardableResult
    package func apply(_ change: IndexChange, serial: UInt32) -> Bool {
        state.withLock { state in
            guard state.apply(change) else { return false }
            let snapshot = state.snapshot(serial: serial)
            // The old snapshot is released outside of the lock that readers take.
            let old = current.withLock { current in
                let old = current
                current = snapshot
                return old
            }
            versionNumber.wrappingAdd(1, ordering: .releasing)
            withExtendedLifetime(old) {}
            return true
        }
    }
}

extension RecordIndex {
    /// What the writing side knows beyond the snapshot: which keys live in which shard, and which places are free.
    private struct State {
        private struct Entry {
            var place: Int
            var block: ServiceBlockMemory
            var clusterAddresses: Set<AddressKey>
            var endpointAddresses: Set<AddressKey>
        }

        private let hash: SeededHash
        private let empty: ServiceBlockMemory
        private var entries: [ServiceKey: Entry] = [:]
        private var freePlaces: [Int] = []
        private var places: [ServiceBlockMemory?] = []
        private var serviceKeys: [[ServiceKey: Int]]
        private var reverseValues: [[AddressKey: [UInt32]]]
        private var podNamespaces: [[AddressKey: [UInt32]]]
        private var namespaceNumbers: [[UInt8]: UInt32] = [:]
        private var exposed: Set<[UInt8]> = []

        private var services: [NameTable]
        private var reverse: [AddressTable]
        private var pods: [AddressTable]
        private var namespaces: NameTable
        private var chunks: [IndexSnapshot.Chunk] = []

        init(hash: SeededHash) {
            self.hash = hash
            empty = ServiceBlockMemory(copying: [UInt8](repeating: 0, count: ServiceBlock.Field.size))
            let shards = IndexView.shardCount
            serviceKeys = Array(repeating: [:], count: shards)
            reverseValues = Array(repeating: [:], count: shards)
            podNamespaces = Array(repeating: [:], count: shards)
            let noNames = NameTable([])
            let noAddresses = AddressTable([])
            services = Array(repeating: noNames, count: shards)
            reverse = Array(repeating: noAddresses, count: shards)
            pods = Array(repeating: noAddresses, count: shards)
            namespaces = noNames
        }

        func snapshot(serial: UInt32) -> IndexSnapshot {
            IndexSnapshot(
                services: services, reverse: reverse, pods: pods, namespaces: namespaces, chunks: chunks, empty: empty,
                hash: hash, serial: serial)
        }

        /// Applies a change; false where nothing of what readers see is different.
        mutating func apply(_ change: IndexChange) -> Bool {
            var touched = Touched()
            for (key, records) in change.services {
                if let records { set(key, records, &touched) } else { remove(key, &touched) }
            }
            if let namespaces = change.namespaces, namespaces != exposed {
                exposed = namespaces
                touched.namespaces = true
            }
            for (address, names) in change.pods { setPods(address, names, &touched) }
            guard touched.isAnything else { return false }
            rebuild(touched)
            return true
        }

        private struct Touched {
            var services: Set<Int> = []
            var reverse: Set<Int> = []
            var pods: Set<Int> = []
            var chunks: Set<Int> = []
            var namespaces = false

            var isAnything: Bool {
                namespaces || !services.isEmpty || !reverse.isEmpty || !pods.isEmpty || !chunks.isEmpty
            }
        }

        // MARK: Services

        private mutating func set(_ key: ServiceKey, _ records: ServiceRecords, _ touched: inout Touched) {
            let block = ServiceBlockMemory(compiling: records)
            // Whether reverse look-ups answer is the reader's to see: the server looks itself up here too.
            let cluster = Set(records.clusterAddresses)
            var endpoints: Set<AddressKey> = []
            for endpoint in records.endpoints {
                if case .address(let address) = endpoint.location { endpoints.insert(address) }
            }
            var entry: Entry
            if let old = entries[key] {
                if old.block.isEqual(to: block) { return }
                entry = old
            } else {
                let place = freePlaces.popLast() ?? places.count
                if place == places.count { places.append(nil) }
                entry = Entry(place: place, block: block, clusterAddresses: [], endpointAddresses: [])
                let shard = shard(of: key)
                serviceKeys[shard][key] = place
                touched.services.insert(shard)
            }
            updateReverse(entry.clusterAddresses, cluster, entry.place, isClusterAddress: true, &touched)
            updateReverse(entry.endpointAddresses, endpoints, entry.place, isClusterAddress: false, &touched)
            entry.block = block
            entry.clusterAddresses = cluster
            entry.endpointAddresses = endpoints
            entries[key] = entry
            places[entry.place] = block
            touched.chunks.insert(entry.place / IndexView.chunkSize)
        }

        private mutating func remove(_ key: ServiceKey, _ touched: inout Touched) {
            guard let entry = entries.removeValue(forKey: key) else { return }
            updateReverse(entry.clusterAddresses, [], entry.place, isClusterAddress: true, &touched)
            updateReverse(entry.endpointAddresses, [], entry.place, isClusterAddress: false, &touched)
            let shard = shard(of: key)
            serviceKeys[shard][key] = nil
            touched.services.insert(shard)
            places[entry.place] = nil
            freePlaces.append(entry.place)
            touched.chunks.insert(entry.place / IndexView.chunkSize)
        }

        private mutating func updateReverse(
            _ old: Set<AddressKey>, _ new: Set<AddressKey>, _ place: Int, isClusterAddress: Bool,
            _ touched: inout Touched
        ) {
            let value = ReverseMatch.value(place: place, isClusterAddress: isClusterAddress)
            for address in old where !new.contains(address) {
                let shard = shard(of: address)
                reverseValues[shard][address]?.removeAll { $0 == value }
                if reverseValues[shard][address]?.isEmpty == true { reverseValues[shard][address] = nil }
                touched.reverse.insert(shard)
            }
            for address in new where !old.contains(address) {
                let shard = shard(of: address)
                reverseValues[shard][address, default: []].append(value)
                touched.reverse.insert(shard)
            }
        }

        // MARK: Pods

        private mutating func setPods(_ address: AddressKey, _ names: [[UInt8]], _ touched: inout Touched) {
            let numbers = names.map { number(ofNamespace: $0) }.sorted()
            let shard = shard(of: address)
            guard podNamespaces[shard][address] ?? [] != numbers else { return }
            podNamespaces[shard][address] = numbers.isEmpty ? nil : numbers
            touched.pods.insert(shard)
        }

        /// Numbers stay with a namespace for good, so that pods need no change when a namespace comes back.
        private mutating func number(ofNamespace name: [UInt8]) -> UInt32 {
            if let number = namespaceNumbers[name] { return number }
            let number = UInt32(truncatingIfNeeded: namespaceNumbers.count)
            namespaceNumbers[name] = number
            return number
        }

        // MARK: Shards

        private func code(_ bytes: [UInt8]) -> UInt64 {
            bytes.withUnsafeBytes { source in
                // SAFETY: an empty array has no address; its hash is that of no bytes.
                source.baseAddress.map { hash.hash($0, source.count) } ?? 0
            }
        }

        private func shard(of key: ServiceKey) -> Int {
            Int(code(ServiceRecords.key(namespace: key.namespace, service: key.name)) >> 56)
        }

        private func shard(of address: AddressKey) -> Int { Int(hash.hash(address) >> 56) }

        private mutating func rebuild(_ touched: Touched) {
            for shard in touched.services {
                services[shard] = NameTable(
                    serviceKeys[shard].map { key, place in
                        let bytes = ServiceRecords.key(namespace: key.namespace, service: key.name)
                        return (bytes, code(bytes), UInt32(clamping: place))
                    })
            }
            for shard in touched.reverse { reverse[shard] = table(reverseValues[shard]) }
            for shard in touched.pods { pods[shard] = table(podNamespaces[shard]) }
            if touched.namespaces {
                let numbered = exposed.map { name in (name, code(name), number(ofNamespace: name)) }
                namespaces = NameTable(numbered)
            }
            for chunk in touched.chunks.sorted() {
                let start = chunk * IndexView.chunkSize
                let end = min(start + IndexView.chunkSize, places.count)
                let rebuilt = IndexSnapshot.Chunk(Array(places[start..<end]), empty: empty)
                if chunk < chunks.count { chunks[chunk] = rebuilt } else { chunks.append(rebuilt) }
            }
        }

        private func table(_ values: [AddressKey: [UInt32]]) -> AddressTable {
            AddressTable(values.flatMap { address, values in values.map { (address, hash.hash(address), $0) } })
        }
    }
}
