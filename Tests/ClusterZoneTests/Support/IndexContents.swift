import Testing

@testable import RecordIndex

/// All that an index says, in a form in which two indexes can be compared: places and numbers are chance.
struct IndexContents: Equatable {
    /// By key: the bytes of the block.
    var services: [String: [UInt8]] = [:]
    /// The keys of those whose names answer.
    var names: Set<String> = []
    /// By key: the addresses of the endpoints.
    var endpoints: [String: Set<AddressKey>] = [:]
    /// By address: the services, and whether it is their own.
    var reverse: [AddressKey: [String]] = [:]
    /// By address and exposed namespace: how many pods.
    var pods: [String: Int] = [:]
    var namespaces: Set<String> = []

    init(_ snapshot: IndexSnapshot) {
        let blocks = snapshot.chunks.flatMap { chunk in
            chunk.blocks + Array(repeating: nil, count: IndexView.chunkSize - chunk.blocks.count)
        }
        var keys: [Int: String] = [:]
        for table in snapshot.services {
            table.forEach { entry in
                guard let block = blocks[Int(entry.place)] else {
                    Issue.record("no block at place \(entry.place)")
                    return
                }
                let length = block.block.isImported ? block.block.suffixLength : block.block.keyLength
                let key = Self.text(UnsafeRawBufferPointer(start: block.block.key, count: length))
                keys[Int(entry.place)] = key
                services[key] = (0..<block.size).map { block.base.load(fromByteOffset: $0, as: UInt8.self) }
                if block.block.answersForward { names.insert(key) }
                endpoints[key] = Set(
                    (0..<block.block.poolIPv4Count).map { block.block.ipv4($0) }
                        + (0..<block.block.poolIPv6Count).map { block.block.ipv6($0) })
            }
        }
        for table in snapshot.reverse {
            table.forEach { address, value in
                let match = ReverseMatch(Int(value))
                let owner = keys[match.place] ?? "nobody at \(match.place)"
                reverse[address, default: []].append("\(owner) \(match.isClusterAddress)")
            }
        }
        reverse = reverse.mapValues { $0.sorted() }
        var numbered: [UInt32: String] = [:]
        snapshot.namespaces.forEach { name, value in numbered[value] = String(decoding: name, as: UTF8.self) }
        namespaces = Set(numbered.values)
        for table in snapshot.pods {
            table.forEach { address, value in
                if let name = numbered[value] { pods["\(address.high):\(address.low) \(name)", default: 0] += 1 }
            }
        }
    }

    /// `service.namespace` of a key in wire form.
    private static func text(_ key: UnsafeRawBufferPointer) -> String {
        guard let length = key.first else { return "" }
        return String(decoding: key.dropFirst().prefix(Int(length)), as: UTF8.self) + "."
            + String(decoding: key.dropFirst(Int(length) + 2), as: UTF8.self)
    }
}
