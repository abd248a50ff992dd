import Corefile
import LinuxIO
import Testing

@testable import PluginKit

/// What plugins are set up with.
@Suite struct SetupTests {
    private final class OncePlugin: Plugin {
        static let directive = "once"

        init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
            _ = try Self.only(directives)
        }
    }

    private static func setup(_ text: String, directory: String = "/conf", log: Log = Log { _ in }) throws -> BlockSetup
    {
        let corefile = try Corefile.parse(text: text, file: "Corefile", files: MemoryFiles())
        return BlockSetup(block: corefile.blocks[0], process: ProcessContext(log: log), directory: directory)
    }

    /// Directory, root and path, and what the path becomes.
    static let paths: [(directory: String, root: String?, path: String, expected: String)] = [
        ("/conf", nil, "a.yaml", "/conf/a.yaml"),
        ("/conf/", nil, "a.yaml", "/conf/a.yaml"),
        ("/conf", nil, "/a.yaml", "/a.yaml"),
        ("/conf", nil, "../a.yaml", "/conf/../a.yaml"),
        ("/conf", "/srv", "a.yaml", "/srv/a.yaml"),
        ("/conf", "/srv", "/a.yaml", "/a.yaml"),
        ("/conf", "srv", "a.yaml", "srv/a.yaml"),
        ("", nil, "a.yaml", "a.yaml"),
        (".", nil, "a.yaml", "a.yaml"),
        ("", ".", "a.yaml", "a.yaml"),
        ("/", nil, "a.yaml", "/a.yaml"),
    ]

    @Test func pathsStartFromTheRootOrTheCorefilesFolder() throws {
        for row in Self.paths {
            let setup = try Self.setup(". {\n}\n", directory: row.directory)
            setup.root = row.root
            #expect(setup.resolve(row.path) == row.expected, "\(row)")
        }
    }

    @Test func zonesAreTheBlocks() throws {
        #expect(
            try Self.setup("EXAMPLE.org example.org:54 example.net {\n}\n").zones == ["example.org.", "example.net."])
    }

    @Test func warningsSayWhere() throws {
        let journal = JournalOfLines()
        let setup = try Self.setup(". {\n  once\n}\n", log: journal.log)
        setup.warn(setup.block.directives[0].name.location, "is odd")
        #expect(journal.lines == ["[WARNING] Corefile:2:3: is odd"])
    }

    @Test func onlyOneUse() throws {
        let once = try Self.setup(". {\n  once\n}\n")
        #expect(throws: Never.self) { try OncePlugin(once.block.directives, once) }
        let twice = try Self.setup(". {\n  once\n  once\n}\n")
        #expect(throws: CorefileError.self) { try OncePlugin(twice.block.directives, twice) }
        do {
            _ = try OncePlugin(twice.block.directives, twice)
        } catch {
            #expect("\(error)" == "Corefile:3:3: plugin/once: this plugin can only be used once per Server Block")
        }
        #expect(throws: CorefileError.self) { try OncePlugin([], once) }
    }

    @Test func aPluginNeedsNothingButItsSetUp() throws {
        let setup = try Self.setup(". {\n  once\n}\n")
        let plugin = try OncePlugin(setup.block.directives, setup)
        #expect(throws: Never.self) { try plugin.start() }
        #expect(plugin.makeStep(WorkerContext(server: "dns://:53", zone: ".", transport: .udp)) == nil)
        #expect(plugin.isReady == nil)
        plugin.stop()
        #expect("\(StartError("why"))" == "why")
    }

    /// The text behind the directive, and the address or the error.
    static let addresses: [(String, String)] = [
        ("once", "[::]:8080"),
        ("once :8181", "[::]:8181"),
        ("once 127.0.0.1:9", "127.0.0.1:9"),
        ("once [::1]:9", "[::1]:9"),
        ("once localhost:8080", "127.0.0.1:8080"),
        (
            "once 127.0.0.1",
            "Corefile:2:8: plugin/once: '127.0.0.1' is not an address with a port, expected one such as :8080, "
                + "127.0.0.1:8080 or [::1]:8080"
        ),
        (
            "once :http",
            "Corefile:2:8: plugin/once: ':http' is not an address with a port, expected one such as :8080, "
                + "127.0.0.1:8080 or [::1]:8080"
        ),
        ("once :1 :2", "Corefile:2:11: Unexpected argument ':2' of 'once', expected at most 1 argument"),
    ]

    @Test func addressesOfEndpoints() throws {
        for (text, expected) in Self.addresses {
            let directive = try Self.setup(". {\n  \(text)\n}\n").block.directives[0]
            do {
                #expect("\(try directive.adminAddress(.wildcard(port: 8080)))" == expected)
            } catch {
                #expect("\(error)" == expected)
            }
        }
    }
}
