/// The tables of the newest snapshot, and the little that the writing side has to know beyond them: which places are free,
/// and the numbers of the namespaces. What a service had before a change is read from its block.
struct IndexState {
    /// The number that stands for a namespace in the tables.
    private struct NamespaceNumber {
        var number: UInt32
        /// Entries of the pods' tables with the number.
        var pods = 0
    }

    private let hash: SeededHash
    private let empty: ServiceBlockMemory
    private var placeCount = 0
    private var freePlaces: [Int] = []
    private var numbers: [[UInt8]: NamespaceNumber] = [:]
    private var freeNumbers: [UInt32] = []
    private var exposed: Set<[UInt8]> = []
    private var gaps: IndexGaps = []

    private var services: [ServiceTable]
    private var reverse: [AddressTable]
    private var pods: [AddressTable]
    private var namespaces: NameTable
    private var chunks: [IndexSnapshot.Chunk] = []

    init(hash: SeededHash) {
        self.hash = hash
        empty = ServiceBlockMemory(copying: [UInt8](repeating: 0, count: ServiceBlock.Field.size))
        let noAddresses = AddressTable([])
        services = Array(repeating: ServiceTable([]), count: IndexView.shardCount)
        reverse = Array(repeating: noAddresses, count: IndexView.shardCount)
        pods = reverse
        namespaces = NameTable([])
    }

    func snapshot(serial: UInt32) -> IndexSnapshot {
        IndexSnapshot(
            services: services, reverse: reverse, pods: pods, namespaces: namespaces, chunks: chunks, empty: empty,
            hash: hash, serial: serial, gaps: gaps)
    }

    /// What a change does to the tables, by shard and chunk.
    private struct Edits {
        var services: [Int: ServiceTable.Edits] = [:]
        var reverse = AddressEdits()
        var pods = AddressEdits()
        /// By chunk: places within it and their new blocks, the last of a place's being the one that stays.
        var chunks: [Int: [(place: Int, block: ServiceBlockMemory?)]] = [:]
    }

    /// Edits of addresses by shard.
    private struct AddressEdits {
        var shards: [[AddressTable.Edit]] = []
        var touched: [Int] = []

        mutating func add(_ edit: AddressTable.Edit, shard: Int) {
            if shards.isEmpty { shards = Array(repeating: [], count: IndexView.shardCount) }
            if shards[shard].isEmpty { touched.append(shard) }
            shards[shard].append(edit)
        }
    }

    /// Applies a change; it is not published where nothing of what readers see is different.
    mutating func apply(_ change: IndexChange) -> IndexUpdate {
        var update = IndexUpdate()
        var edits = Edits()
        for (key, block) in change.services {
            let isChange = if let block { set(key, block, &edits) } else { remove(key, &edits) }
            if isChange { update.services += 1 }
        }
        for (place, count) in change.pods where count != 0 { addPods(place, count, &edits) }
        for (shard, edits) in edits.services {
            services[shard] = ServiceTable(services[shard], edits: edits)
        }
        for shard in edits.reverse.touched {
            reverse[shard] = AddressTable(reverse[shard], edits: edits.reverse.shards[shard], hash: hash)
        }
        for shard in edits.pods.touched {
            pods[shard] = AddressTable(pods[shard], edits: edits.pods.shards[shard], hash: hash)
        }
        for chunk in edits.chunks.keys.sorted() { rebuild(chunk, edits.chunks[chunk] ?? []) }
        update.shards = edits.services.count + edits.reverse.touched.count + edits.pods.touched.count
        update.isPublished = update.services > 0 || !edits.pods.touched.isEmpty
        if let names = change.namespaces, names != exposed {
            expose(names)
            update.isPublished = true
        }
        if let gaps = change.gaps, gaps != self.gaps {
            self.gaps = gaps
            update.isPublished = true
        }
        return update
    }

    // MARK: Services

    private mutating func set(_ key: [UInt8], _ block: ServiceBlockMemory, _ edits: inout Edits) -> Bool {
        let found = find(key)
        let old = found.place < 0 ? empty : self.block(found.place)
        if found.place >= 0, old.isEqual(to: block) { return false }
        var place = found.place
        if place < 0 {
            place = freePlaces.popLast() ?? placeCount
            if place == placeCount { placeCount += 1 }
            edits.services[found.shard, default: ServiceTable.Edits()].added.append(
                (found.hash, UInt32(clamping: place)))
        }
        updateReverse(old.block, block.block, place, &edits)
        edits.chunks[place / IndexView.chunkSize, default: []].append((place % IndexView.chunkSize, block))
        return true
    }

    private mutating func remove(_ key: [UInt8], _ edits: inout Edits) -> Bool {
        let (shard, _, place) = find(key)
        guard place >= 0 else { return false }
        updateReverse(block(place).block, empty.block, place, &edits)
        edits.services[shard, default: ServiceTable.Edits()].removed.insert(UInt32(clamping: place))
        edits.chunks[place / IndexView.chunkSize, default: []].append((place % IndexView.chunkSize, nil))
        freePlaces.append(place)
        return true
    }

    /// The shard of a key, the half of its hash that the shard has, and its place; -1 where it has none.
    private func find(_ key: [UInt8]) -> (shard: Int, hash: UInt32, place: Int) {
        key.withUnsafeBytes { bytes in
            let code = hash.hash(bytes)
            let shard = Int(truncatingIfNeeded: code >> 56)
            let half = UInt32(truncatingIfNeeded: code)
            // SAFETY: the bytes are read while the closure runs; a service's key is never empty.
            guard let start = bytes.baseAddress else { return (shard, half, -1) }
            let place = ServiceShard(base: services[shard].base).find(code) {
                block($0).block.hasKey(start, bytes.count)
            }
            return (shard, half, place)
        }
    }

    private func block(_ place: Int) -> ServiceBlockMemory {
        let chunk = place / IndexView.chunkSize
        guard chunk < chunks.count, place % IndexView.chunkSize < chunks[chunk].blocks.count else { return empty }
        return chunks[chunk].blocks[place % IndexView.chunkSize] ?? empty
    }

    /// Brings the reverse table from what `old` has to what `new` has. Whether reverse look-ups answer is the reader's to
    /// see: the server looks itself up here too.
    private func updateReverse(_ old: ServiceBlock, _ new: ServiceBlock, _ place: Int, _ edits: inout Edits) {
        // What is imported has no names but those below multicluster zones, and is not this server either. Nor is a pod.
        if old.hasWholeKey || new.hasWholeKey { return }
        let own = ReverseMatch.value(place: place, isClusterAddress: true)
        let (before, after) = (old.clusterAddresses.sorted(), new.clusterAddresses.sorted())
        compare(before.count, after.count, { before[$0] }, { after[$0] }, own, &edits)
        let endpoint = ReverseMatch.value(place: place, isClusterAddress: false)
        compare(old.poolIPv4Count, new.poolIPv4Count, { old.ipv4($0) }, { new.ipv4($0) }, endpoint, &edits)
        compare(old.poolIPv6Count, new.poolIPv6Count, { old.ipv6($0) }, { new.ipv6($0) }, endpoint, &edits)
    }

    /// Notes how two lists of ascending addresses differ.
    @inline(__always)
    private func compare(
        _ oldCount: Int, _ newCount: Int, _ old: (Int) -> AddressKey, _ new: (Int) -> AddressKey, _ value: UInt32,
        _ edits: inout Edits
    ) {
        var (left, right) = (0, 0)
        while left < oldCount || right < newCount {
            if left < oldCount, right < newCount {
                let (one, two) = (old(left), new(right))
                if one == two {
                    left += 1
                    right += 1
                    continue
                }
                if one < two { left += note(one, value, -1, &edits) } else { right += note(two, value, 1, &edits) }
            } else if left < oldCount {
                left += note(old(left), value, -1, &edits)
            } else {
                right += note(new(right), value, 1, &edits)
            }
        }
    }

    private func note(_ address: AddressKey, _ value: UInt32, _ count: Int, _ edits: inout Edits) -> Int {
        edits.reverse.add(
            AddressTable.Edit(key: address, value: value, count: count),
            shard: Int(truncatingIfNeeded: hash.hash(address) >> 56))
        return 1
    }

    private mutating func rebuild(_ chunk: Int, _ edits: [(place: Int, block: ServiceBlockMemory?)]) {
        let end = min(IndexView.chunkSize, placeCount - chunk * IndexView.chunkSize)
        var blocks = chunk < chunks.count ? chunks[chunk].blocks : []
        while blocks.count < end { blocks.append(nil) }
        for edit in edits { blocks[edit.place] = edit.block }
        let rebuilt = IndexSnapshot.Chunk(blocks, empty: empty)
        if chunk < chunks.count { chunks[chunk] = rebuilt } else { chunks.append(rebuilt) }
    }

    // MARK: Pods and namespaces

    private mutating func addPods(_ place: PodPlace, _ count: Int, _ edits: inout Edits) {
        let number = number(ofNamespace: place.namespace)
        numbers[place.namespace]?.pods += count
        edits.pods.add(
            AddressTable.Edit(key: place.address, value: number, count: count),
            shard: Int(truncatingIfNeeded: hash.hash(place.address) >> 56))
        release(place.namespace)
    }

    private mutating func expose(_ names: Set<[UInt8]>) {
        let gone = exposed.subtracting(names)
        exposed = names
        for name in gone { release(name) }
        namespaces = NameTable(
            names.map { name in (name, name.withUnsafeBytes { hash.hash($0) }, number(ofNamespace: name)) })
    }

    /// A number stays with its namespace for as long as pods or the table of the exposed namespaces have it.
    private mutating func number(ofNamespace name: [UInt8]) -> UInt32 {
        if let number = numbers[name] { return number.number }
        let number = freeNumbers.popLast() ?? UInt32(truncatingIfNeeded: numbers.count)
        numbers[name] = NamespaceNumber(number: number)
        return number
    }

    /// Gives the number of a namespace back if nothing has it.
    private mutating func release(_ name: [UInt8]) {
        guard let number = numbers[name], number.pods <= 0, !exposed.contains(name) else { return }
        numbers[name] = nil
        freeNumbers.append(number.number)
    }
}

extension ServiceBlock {
    /// The service's own addresses.
    fileprivate var clusterAddresses: [AddressKey] {
        // SAFETY: the block has as many addresses as it says.
        (0..<clusterIPv4Count).map { index in
            AddressKey(ipv4: UInt32(bigEndian: clusterIPv4.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
        }
            + (0..<clusterIPv6Count).map { index in
                AddressKey(
                    high: UInt64(bigEndian: clusterIPv6.loadUnaligned(fromByteOffset: index * 16, as: UInt64.self)),
                    low: UInt64(bigEndian: clusterIPv6.loadUnaligned(fromByteOffset: index * 16 + 8, as: UInt64.self)))
            }
    }
}
