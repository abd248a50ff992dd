/// How much a snapshot may ask of the process.
enum SnapshotLimits {
    /// The largest file in bytes: 150,000 pods, the largest cluster that Kubernetes supports, at 10 kB each, and room.
    static let maximumBytes = 2 << 30
    /// How deep lists and mappings may nest. Objects of the API stay below 30, schemas of custom resources below 100;
    /// each level costs a stack frame here.
    static let maximumDepth = 256
    /// How much of a wrong value an error message shows, in characters.
    static let maximumShownCharacters = 64
}
