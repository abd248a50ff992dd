/// How much a snapshot may ask of the process.
enum SnapshotLimits {
    /// The largest file in bytes: 150,000 pods, the largest cluster that Kubernetes supports, at 10 kB each, and room.
    static let maximumBytes = 2 << 30
}
