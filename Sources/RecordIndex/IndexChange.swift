/// What is to change in an index, in one step: no reader ever sees a part of it.
package struct IndexChange: Sendable {
    /// By key of the service or the pod (`ServiceRecords.key`), which its block has too: what it says now, nil where it is
    /// gone.
    package var services: [[UInt8]: ServiceBlockMemory?] = [:]
    /// The exposed namespaces, all of them; nil where they stay as they are.
    package var namespaces: Set<[UInt8]>?
    /// How many pods more (or, where negative, fewer) have an address in a namespace.
    package var pods: [PodPlace: Int] = [:]
    /// What is not known yet; nil where that stays as it is.
    package var gaps: IndexGaps?

    package init() {}
}
