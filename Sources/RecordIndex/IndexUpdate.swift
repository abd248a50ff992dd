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
