/// Which slices belong to which service or imported service.
extension ClusterState {
    /// The owners of one kind.
    subscript(owner: SliceOwner) -> ServiceTable {
        _read {
            switch owner {
            case .service: yield services
            case .imported: yield imports
            }
        }
        _modify {
            switch owner {
            case .service: yield &services
            case .imported: yield &imports
            }
        }
    }

    /// Puts a slice into the list of the owner at `place`, or (-1) into none, and takes it out of the one where it was.
    mutating func setOwner(_ kind: SliceOwner, of slice: Int, _ place: Int) {
        let old = slices[slice].link[kind].owner
        guard old != place else { return }
        unlink(slice, kind)
        slices[slice].link[kind].owner = place
        guard place >= 0 else { return }
        slices[slice].link[kind].next = self[kind][place].link.firstSlice
        self[kind][place].link.firstSlice = slice
        markSlicesDirty(kind, place)
    }

    /// Takes a slice out of its owner's list.
    mutating func unlink(_ slice: Int, _ kind: SliceOwner) {
        let link = slices[slice].link[kind]
        guard link.owner >= 0 else { return }
        slices[slice].link[kind] = SliceLink.Membership()
        markSlicesDirty(kind, link.owner)
        var place = self[kind][link.owner].link.firstSlice
        if place == slice {
            self[kind][link.owner].link.firstSlice = link.next
            return
        }
        while place >= 0 {
            let next = slices[place].link[kind].next
            if next == slice {
                slices[place].link[kind].next = link.next
                return
            }
            place = next
        }
    }

    /// Notes that something of an owner's slices has changed.
    mutating func markSlicesDirty(_ kind: SliceOwner, _ place: Int) {
        guard place >= 0 else { return }
        if slices.isInPass(namespaces[self[kind][place].namespace].name) { self[kind][place].link.isAmongSlices = true }
        self[kind].markDirty(place)
    }

    /// Lets services be compiled whose slices are all listed now.
    mutating func releaseHeld() {
        for kind in SliceOwner.allCases {
            for place in self[kind].dirty where self[kind][place].link.isAmongSlices {
                self[kind][place].link.isAmongSlices = slices.isInPass(namespaces[self[kind][place].namespace].name)
            }
        }
    }

    /// The name of a slice's owner of one kind; nil where it has none.
    func ownerName(_ kind: SliceOwner, of slice: Int) -> String? {
        let place = slices[slice].link[kind].owner
        return place < 0 ? nil : String(decoding: self[kind].name(place), as: UTF8.self)
    }
}
