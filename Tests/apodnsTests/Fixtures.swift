import Foundation

/// Where the files are that tests read.
enum Fixtures {
    /// This target's own.
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures"
    /// The saved cluster of the recordings.
    static let world =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
        + "/ClusterZoneTests/Fixtures/world.json"
}
