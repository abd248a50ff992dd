import ClusterZone
import Foundation
import PluginKit
import RecordIndex
import Testing

@testable import Plugins

/// When a file that changes is read: driven look by look, without the thread.
@Suite struct SnapshotFollowerTests {
    private static func cluster(_ names: String...) -> Data {
        let items = names.map { "- {apiVersion: v1, kind: Namespace, metadata: {name: \($0)}}\n" }
        return Data(("apiVersion: v1\nitems:\n" + items.joined() + "kind: List\n").utf8)
    }

    @Test func aFileIsReadOnceItHasBeenTheSameTwice() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("apodns-\(UUID()).yaml")
        defer { try? FileManager.default.removeItem(at: path) }
        let follower = SnapshotFollower(
            paths: [path.path], options: ZoneOptions(), process: ProcessContext(log: Log { _ in }))
        var namespaces: Int {
            let snapshot = follower.index.snapshot
            return withExtendedLifetime(snapshot) {
                ["a", "b", "c", "d"].count { name in
                    Array(name.utf8).withUnsafeBytes { bytes in
                        bytes.baseAddress.map { snapshot.view.namespace($0, bytes.count) >= 0 } ?? false
                    }
                }
            }
        }
        // What is written before each look, and how many namespaces are known after it.
        let rows: [(written: Data?, known: Int)] = [
            (Self.cluster("a"), 0), (nil, 1), (nil, 1),
            // Growing from look to look: a version that is gone by the next look is never read.
            (Self.cluster("a", "b"), 1), (Self.cluster("a", "b", "c"), 1), (nil, 3),
            // Cut in the middle: without its end it is no list, however long it stays so.
            (Self.cluster("a", "b", "c", "d").dropLast(12), 3), (nil, 3), (nil, 3),
            (Self.cluster("a", "b", "c", "d"), 3), (nil, 4),
        ]
        for (number, row) in rows.enumerated() {
            if let written = row.written { try written.write(to: path) }
            follower.look()
            #expect(namespaces == row.known, "look \(number)")
        }
    }
}
