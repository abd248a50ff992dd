import Foundation

/// curl(1), the client that knows nothing of this server.
final class Curl: Sendable {
    struct Answer: Sendable {
        /// curl's own exit code: 18 for a body that is not whole, 52 for no answer, 56 for a failed receive.
        let exit: Int32
        let status: Int
        let head: String
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        /// The lines of a JSON watch.
        var events: [[String: Any]] {
            text.split(separator: "\n").compactMap {
                (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
            }
        }
        var json: [String: Any] {
            ((try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any]) ?? [:]
        }
    }

    private let process = Process()
    private let folder: URL

    /// Starts it; `answer()` waits for its end, which is at most 30 seconds away.
    convenience init(_ url: String, _ arguments: String...) throws {
        try self.init(url, list: arguments)
    }

    private init(_ url: String, list arguments: [String]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("scripted-curl-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            [
                "curl", "--silent", "--globoff", "--noproxy", "*", "--max-time", "30", "--user-agent", "test",
                "--dump-header", folder.appendingPathComponent("head").path, "--output",
                folder.appendingPathComponent("body").path,
            ] + arguments + [url]
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func answer() -> Answer {
        process.waitUntilExit()
        let head = (try? String(contentsOf: folder.appendingPathComponent("head"), encoding: .utf8)) ?? ""
        let body = (try? Data(contentsOf: folder.appendingPathComponent("body"))) ?? Data()
        let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return Answer(exit: process.terminationStatus, status: status, head: head, body: Array(body))
    }

    static func get(_ url: String, _ arguments: String...) throws -> Answer {
        try Curl(url, list: arguments).answer()
    }
}
