/// What is to change in an index, in one step: no reader ever sees a part of it.
package struct IndexChange: Sendable {
    /// By key of the service (`ServiceRecords.key`): what it says now, nil where it is gone.
    package var services: [[UInt8]: ServiceBlockMemory?] = [:]
    /// The exposed namespaces, all of them; nil where they stay as they are.
    package var namespaces: Set<[UInt8]>?
    /// How many pods more (or, where negative, fewer) have an address in a namespace.
    package var pods: [PodPlace: Int] = [:]
    /// What is not known yet; nil where that stays as it is.
    package var gaps: IndexGaps?

    package init() {}
}

/// An address, and the namespace of a pod that has it.
package struct PodPlace: Hashable, Sendable {
    package var address: AddressKey
    /// In lower case.
    package var namespace: [UInt8]

    package init(address: AddressKey, namespace: [UInt8]) {
        self.address = address
        self.namespace = namespace
    }
}

/// What a change did to an index.
package struct IndexUpdate: Hashable, Sendable {
    /// Whether a new snapshot was published: an answer changed, or what is not known yet did.
    package var isPublished = false
    /// How many services came, went or say something else.
    package var services = 0
    /// How many shards of the tables were rebuilt.
    package var shards = 0

    package init(isPublished: Bool = false, services: Int = 0, shards: Int = 0) {
        self.isPublished = isPublished
        self.services = services
        self.shards = shards
    }
}
