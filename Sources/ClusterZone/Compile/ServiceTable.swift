import RecordIndex

/// Services, or imported services, and those that only slices name: what there is of each, and which are to be compiled.
struct ServiceTable: Sendable {
    /// What is known of a service beyond the object.
    struct Link: Sendable {
        /// Place of the first slice, -1 for none.
        var firstSlice = -1
        /// Whether there is a Service or ServiceImport object.
        var hasObject = false
        /// Whether the index has a block for it.
        var isIndexed = false
        /// Whether that block was made with the object.
        var isIndexedWithObject = false
        /// Whether it is to be compiled.
        var isDirty = false
        /// Whether a list of slices is going on that has changed what it is made of: the list may have told of the slice
        /// that an endpoint has left, and not yet of the one where it is now.
        var isAmongSlices = false

        /// Whether what the index has stays until all slices are listed. What is not there at all does not wait.
        var isHeld: Bool { isAmongSlices && isIndexed && hasObject == isIndexedWithObject }
    }

    /// Those with an object begin with the name and go on with the rest of it; the others have the name alone.
    var objects: ObjectTable<Link>
    /// How many have an object.
    var objectCount = 0
    /// The places of those that differ from the index.
    var dirty: [Int] = []

    init(hash: SeededHash) { objects = ObjectTable(hash: hash) }

    subscript(place: Int) -> ObjectTable<Link>.Entry {
        get { objects[place] }
        _modify { yield &objects[place] }
    }

    /// The name of a service as bytes.
    func name(_ place: Int) -> [UInt8] {
        // SAFETY: the bytes are copied while the closure runs.
        objects[place].bytes.withUnsafeBytes { bytes in
            var reader = PackedReader(bytes)
            return [UInt8](reader.bytesOfText())
        }
    }

    mutating func markDirty(_ place: Int) {
        guard !objects[place].link.isDirty else { return }
        objects[place].link.isDirty = true
        dirty.append(place)
    }

    /// The places that have an object.
    var placesWithObject: some Sequence<Int> { objects.places.lazy.filter { objects[$0].link.hasObject } }
}

/// What a slice belongs to: a service, an imported service, or one of each.
enum SliceOwner: CaseIterable {
    case service
    case imported
}

/// What the table of slices knows beyond the object: for each kind of owner, the slices of one owner are a list.
struct SliceLink: Sendable {
    /// An owner, and where its list goes on. Places fit into 32 bits, and there are many slices.
    struct Membership: Sendable {
        private var ownerPlace: Int32 = -1
        private var nextPlace: Int32 = -1

        /// Place of the owner, -1 for none.
        var owner: Int {
            get { Int(ownerPlace) }
            set { ownerPlace = Int32(truncatingIfNeeded: newValue) }
        }
        /// Place of the next slice of the owner, -1 behind the last one.
        var next: Int {
            get { Int(nextPlace) }
            set { nextPlace = Int32(truncatingIfNeeded: newValue) }
        }
    }

    private var service = Membership()
    private var imported = Membership()

    subscript(owner: SliceOwner) -> Membership {
        get { owner == .service ? service : imported }
        set { if owner == .service { service = newValue } else { imported = newValue } }
    }
}
