import Foundation
import LinuxIO
import ServerHarness
import Testing

/// The built program, run as a person runs it.
struct Program {
    /// Next to the test bundle: the tests are built with it.
    static let path: String = {
        let bundle =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().path + "/apodns"
    }()

    let folder: TemporaryFolder
    let child: ChildProcess

    /// Runs in a folder of its own, with a Corefile there if one is given.
    init(_ arguments: [String], corefile: String? = nil, input: String = "", folder: TemporaryFolder? = nil) throws {
        self.folder = try folder ?? TemporaryFolder()
        if let corefile { try self.folder.write("Corefile", corefile) }
        child = try ChildProcess(Self.path, arguments, directory: self.folder.path, input: input)
    }

    /// Waits for the banner and returns where the first zone is served, on 127.0.0.1.
    func started() throws -> SocketAddress {
        // The version is the banner's last line.
        try #require(holdsInTime { !child.isRunning || child.output.contains("compatible\n") })
        try #require(child.isRunning, "\(child.error)")
        let zone = try #require(child.output.split(separator: "\n").first)
        let port = try #require(
            zone.split(separator: " ").first?.split(separator: ":").last.flatMap { UInt16($0) }, "\(zone)")
        return .loopback(port: port)
    }

    /// A port that was free a moment ago.
    static func freePort() throws -> UInt16 { try RunningServer(". {\n    bind 127.0.0.1\n    whoami\n}\n").port }
}
