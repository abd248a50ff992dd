import KubernetesAPI

/// The namespaces that anything is known of, by number.
struct NamespaceTable: Sendable {
    /// A namespace; a free number has no name.
    struct Entry: Sendable {
        /// In lower case.
        var name: [UInt8]
        /// The Namespace object, where there is one.
        var object: NamespaceObject?
        /// The pass in which the object was seen last.
        var generation: UInt32 = 0
        /// Whether its object was asked for and all of it is known, though that of other namespaces may not be.
        var isListed = false
        /// Whether it counts as existing although its object may not be read.
        var isAssumed = false
        /// The same for a saved cluster, until the namespaces are listed.
        var isSaved = false
        /// Whether its names answer, as the index has it.
        var isExposed = false
        /// Objects of other kinds that are stored with this number.
        var uses = 0
        /// Services and pods among them: where no Namespace objects are to be had, these show that it exists.
        var witnesses = 0
    }

    private(set) var entries: [Entry] = []
    private var numbers: [[UInt8]: UInt32] = [:]
    private var freeNumbers: [UInt32] = []

    subscript(number: UInt32) -> Entry {
        get { entries[Int(number)] }
        _modify { yield &entries[Int(number)] }
    }

    /// The number of a name in lower case, nil where nothing is known of it.
    func find(_ name: [UInt8]) -> UInt32? { numbers[name] }

    /// The number of a name in lower case.
    mutating func number(of name: [UInt8]) -> UInt32 {
        if let number = numbers[name] { return number }
        let number: UInt32
        if let free = freeNumbers.popLast() {
            number = free
            entries[Int(number)] = Entry(name: name)
        } else {
            number = UInt32(truncatingIfNeeded: entries.count)
            entries.append(Entry(name: name))
        }
        numbers[name] = number
        return number
    }

    /// Gives numbers back of which nothing is known any more.
    mutating func releaseUnused() {
        for number in entries.indices {
            let entry = entries[number]
            guard !entry.name.isEmpty, entry.object == nil, entry.uses == 0, !entry.isAssumed, !entry.isSaved,
                !entry.isListed, !entry.isExposed
            else { continue }
            numbers[entry.name] = nil
            entries[number] = Entry(name: [])
            freeNumbers.append(UInt32(truncatingIfNeeded: number))
        }
    }
}
