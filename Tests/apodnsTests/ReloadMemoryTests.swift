import Foundation
import Glibc
import ServerHarness
import Testing

/// A process that is reloaded for years must not grow by it.
@Suite struct ReloadMemoryTests {
    /// Reloads before the memory is looked at first: by then the allocator has what it needs.
    private static let first = 400
    private static let last = 2400
    /// What a reload may leave behind in bytes, the allocator's own ways included: the least thing that is kept of each (an
    /// object and its neighbourhood) was above 200.
    private static let most = 64

    private static let corefile = """
        . {
            bind 127.0.0.1
            errors
            log . {
                class error
            }
            local
            any
            loadbalance
            rewrite stop name regex (.*)\\.old\\.test {1}.new.test answer auto
            acl {
                block type AXFR net 10.0.0.0/8
            }
            cache 30
            template IN A t.test {
                match ^a[0-9]+\\.t\\.test\\.$
                answer "{{ .Name }} 60 IN A 192.0.2.1"
            }
            hosts {
                192.0.2.1 h.test
                fallthrough
            }
            kubernetes cluster.local {
                snapshot cluster.yaml
            }
            forward . 127.0.0.1:9
        }

        """

    @Test func manyReloads() throws {
        let folder = try TemporaryFolder()
        try folder.write("cluster.yaml", ClusterFiles.web("10.0.0.1"))
        let program = try Program(["-p", "0"], corefile: Self.corefile, folder: folder)
        _ = try program.started()
        var before = 0
        var length = 0
        for number in 1...Self.last {
            program.child.signal(SIGUSR1)
            // The last line that a reload writes.
            let isDone = holdsInTime {
                let output = program.child.output
                guard output.utf8.count > length, output.hasSuffix("[INFO] Reloading complete\n") else { return false }
                length = output.utf8.count
                return true
            }
            try #require(isDone, "reload \(number)")
            if number == Self.first { before = try Self.anonymousBytes(program.child) }
        }
        let after = try Self.anonymousBytes(program.child)
        let each = (after - before) / (Self.last - Self.first)
        #expect(each < Self.most, "\(before) bytes after \(Self.first) reloads, \(after) after \(Self.last)")
        program.child.signal(SIGTERM)
        #expect(program.child.waitForExit() == 0)
    }

    private static func anonymousBytes(_ child: ChildProcess) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(child.identifier)/smaps_rollup", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("Anonymous:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * 1024
    }
}
