import RecordIndex

/// Objects of one kind by namespace and name, each packed into one piece of memory that begins with its name. An object
/// keeps its place, a small number, until it is removed.
struct ObjectTable<Link: Sendable>: Sendable {
    /// An object, or (without bytes) a free place.
    struct Entry: Sendable {
        /// The name as a text, then whatever else is known.
        var bytes: [UInt8]
        /// Number of the namespace.
        var namespace: UInt32
        /// The pass in which the object was seen last.
        var generation: UInt32
        var link: Link
    }

    /// A linear probe over places, one more than which stands in each slot; 0 is a free slot.
    private var slots: [UInt32] = [0, 0, 0, 0]
    private var entries: [Entry] = []
    private var freePlaces: [UInt32] = []
    private let hash: SeededHash

    /// Which pass of listing is going on.
    private(set) var generation: UInt32 = 1
    /// By namespace (without a name for all of them): the pass with which listing it began.
    private var passes: [[UInt8]: UInt32] = [:]

    init(hash: SeededHash) { self.hash = hash }

    /// How many objects there are.
    var count: Int { entries.count - freePlaces.count }

    /// The places that have objects.
    var places: some Sequence<Int> { entries.indices.lazy.filter { !entries[$0].bytes.isEmpty } }

    /// The places of the objects of some namespaces.
    func places(in namespaces: Set<UInt32>) -> [Int] { places.filter { namespaces.contains(entries[$0].namespace) } }

    subscript(place: Int) -> Entry {
        get { entries[place] }
        _modify { yield &entries[place] }
    }

    /// The place of an object, nil where it is not there.
    func find(_ namespace: UInt32, _ name: UnsafeRawBufferPointer) -> Int? {
        var slot = home(namespace, name)
        while slots[slot] != 0 {
            let place = Int(slots[slot]) - 1
            if entries[place].namespace == namespace, Self.hasName(entries[place].bytes, name) { return place }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Adds an object that is not there yet, with bytes that begin with its name.
    mutating func insert(_ namespace: UInt32, _ bytes: [UInt8], _ link: Link) -> Int {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        let entry = Entry(bytes: bytes, namespace: namespace, generation: generation, link: link)
        let place: Int
        if let free = freePlaces.popLast() {
            place = Int(free)
            entries[place] = entry
        } else {
            place = entries.count
            entries.append(entry)
        }
        fill(place)
        return place
    }

    /// Frees a place.
    mutating func remove(_ place: Int) {
        guard var hole = slot(of: place) else { return }
        entries[place].bytes = []
        freePlaces.append(UInt32(truncatingIfNeeded: place))
        slots[hole] = 0
        // What was pushed beyond the slot by a neighbour moves up, or it would not be found.
        var slot = (hole + 1) & (slots.count - 1)
        while slots[slot] != 0 {
            let home = home(Int(slots[slot]) - 1)
            let distance = (slot - home) & (slots.count - 1)
            if distance >= (slot - hole) & (slots.count - 1) {
                slots[hole] = slots[slot]
                slots[slot] = 0
                hole = slot
            }
            slot = (slot + 1) & (slots.count - 1)
        }
    }

    /// Notes that an object is still there.
    mutating func see(_ place: Int) { entries[place].generation = generation }

    // MARK: Passes

    /// Begins a pass over one namespace, or ([]) over all: what is not seen in it is to go.
    mutating func beginPass(_ namespace: [UInt8]) {
        generation &+= 1
        passes[namespace] = generation
    }

    /// Ends a pass.
    ///
    /// - Returns: the generation before which objects were not seen; nil where none was begun.
    mutating func endPass(_ namespace: [UInt8]) -> UInt32? { passes.removeValue(forKey: namespace) }

    /// Whether a pass over a namespace is going on.
    func isInPass(_ namespace: [UInt8]) -> Bool {
        !passes.isEmpty && (passes[[]] != nil || passes[namespace] != nil)
    }

    /// The places of objects, of one namespace or all, that were seen last before `pass`.
    func unseen(since pass: UInt32, namespace: UInt32?) -> [Int] {
        entries.indices.filter { place in
            !entries[place].bytes.isEmpty && entries[place].generation < pass
                && (namespace == nil || entries[place].namespace == namespace)
        }
    }

    // MARK: Slots

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for place in entries.indices where !entries[place].bytes.isEmpty { fill(place) }
    }

    private mutating func fill(_ place: Int) {
        var slot = home(place)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(truncatingIfNeeded: place + 1)
    }

    private func slot(of place: Int) -> Int? {
        var slot = home(place)
        while slots[slot] != 0 {
            if Int(slots[slot]) == place + 1 { return slot }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func home(_ place: Int) -> Int {
        // SAFETY: the bytes are read while the closure runs.
        entries[place].bytes.withUnsafeBytes { bytes in
            var reader = PackedReader(bytes)
            return home(entries[place].namespace, reader.bytesOfText())
        }
    }

    private func home(_ namespace: UInt32, _ name: UnsafeRawBufferPointer) -> Int {
        let code = hash.hash(name) ^ (UInt64(namespace) &* 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: code ^ code >> 32) & (slots.count - 1)
    }

    private static func hasName(_ bytes: [UInt8], _ name: UnsafeRawBufferPointer) -> Bool {
        // SAFETY: the bytes are read while the closure runs.
        bytes.withUnsafeBytes { all in
            var reader = PackedReader(all)
            return reader.bytesOfText().elementsEqual(name)
        }
    }
}
