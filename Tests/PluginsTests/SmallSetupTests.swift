import Corefile
import LinuxIO
import PluginKit
import Testing

@testable import Plugins

/// What a person sees who writes one of the small directives wrongly, and what those set that see no queries.
struct SmallSetupTests {
    static let rows: [(type: any Plugin.Type, text: String, error: String)] = [
        (BufferSizePlugin.self, "bufsize 4097", "2:9: '4097' found, expected a whole number from 512 to 4096"),
        (BufferSizePlugin.self, "bufsize 511", "2:9: '511' found, expected a whole number from 512 to 4096"),
        (
            BufferSizePlugin.self, "bufsize 512 4096",
            "2:13: Unexpected argument '4096' of 'bufsize', expected at most 1 argument"
        ),
        (ChaosPlugin.self, "chaos a b {\n}", "2:1: 'chaos' has a block, expected none"),
        (NSIDPlugin.self, "nsid a\nnsid b", "3:1: plugin/nsid: this plugin can only be used once per Server Block"),
        (AnyPlugin.self, "any thing", "2:5: Unexpected argument 'thing' of 'any', expected none"),
        (MinimalPlugin.self, "minimal x", "2:9: Unexpected argument 'x' of 'minimal', expected none"),
        (CancelPlugin.self, "cancel 0s", "2:8: plugin/cancel: invalid duration '0s', expected more than 0s"),
        (CancelPlugin.self, "cancel -1s", "2:8: plugin/cancel: invalid duration '-1s', expected more than 0s"),
        (
            AccessControlPlugin.self, "acl {\n deny\n}",
            "3:2: plugin/acl: unexpected token 'deny', expected allow, block, filter or drop"
        ),
        (AccessControlPlugin.self, "acl {\n block A\n}", "3:8: plugin/acl: unexpected token 'A', expected type or net"),
        (
            AccessControlPlugin.self, "acl {\n block type net *\n}",
            "3:8: plugin/acl: no token in the section 'type', expected at least one"
        ),
        (
            AccessControlPlugin.self, "acl {\n block type XX\n}",
            "3:13: plugin/acl: unexpected token 'XX', expected a type such as A, or *"
        ),
        (
            AccessControlPlugin.self, "acl {\n block net 10.0.0.0/33\n}",
            "3:12: plugin/acl: illegal CIDR notation '10.0.0.0/33', expected one such as 10.0.0.0/8, an address, or *"
        ),
        (
            AccessControlPlugin.self, "acl {\n block net 10.0.0\n}",
            "3:12: plugin/acl: illegal CIDR notation '10.0.0', expected one such as 10.0.0.0/8, an address, or *"
        ),
        (
            HeaderPlugin.self, "header",
            "2:1: plugin/header: no rule found, expected at least one such as 'response set ra'"
        ),
        (
            HeaderPlugin.self, "header {\n answer set ra\n}",
            "3:2: plugin/header: invalid selector 'answer', expected query or response"
        ),
        (
            HeaderPlugin.self, "header {\n query add ra\n}",
            "3:8: plugin/header: unknown flag action 'add', expected set or clear"
        ),
        (
            HeaderPlugin.self, "header {\n query set tc\n}",
            "3:12: plugin/header: unknown or unsupported flag 'tc', expected aa, ra or rd"
        ),
        (HeaderPlugin.self, "header {\n query set\n}", "3:2: 'query' has 1 argument, expected at least 2 arguments"),
        (
            LocalPlugin.self, "local {\n localhost_prefix maybe\n}",
            "3:19: plugin/local: 'maybe' found, expected on or off"
        ),
        (
            TimeoutsPlugin.self, "timeouts",
            "2:1: plugin/timeouts: timeouts block with no timeouts specified, expected read, write, idle or maxtcpqueries"
        ),
        (
            TimeoutsPlugin.self, "timeouts {\n read 0s\n}",
            "3:7: plugin/timeouts: timeout '0s' found, expected between 1 second and 24 hours"
        ),
        (
            TimeoutsPlugin.self, "timeouts {\n idle 25h\n}",
            "3:7: plugin/timeouts: timeout '25h' found, expected between 1 second and 24 hours"
        ),
        (
            TimeoutsPlugin.self, "timeouts {\n maxtcpqueries 0\n}",
            "3:16: plugin/timeouts: maxtcpqueries '0' found, expected -1 (any number) or at least 1"
        ),
        (
            TimeoutsPlugin.self, "timeouts {\n wait 5s\n}",
            "3:2: unknown property 'wait' of 'timeouts', expected one of read, write, idle, maxtcpqueries"
        ),
        (MultiSocketPlugin.self, "multisocket 0", "2:13: '0' found, expected a whole number from 1 to 1024"),
        (MultiSocketPlugin.self, "multisocket 1025", "2:13: '1025' found, expected a whole number from 1 to 1024"),
        (
            MultiSocketPlugin.self, "multisocket 1\nmultisocket 1",
            "3:1: plugin/multisocket: this plugin can only be used once per Server Block"
        ),
        (ErraticPlugin.self, "erratic {\n drop -1\n}", "3:7: '-1' found, expected a whole number from 0 to 2147483647"),
        (
            ErraticPlugin.self, "erratic {\n delay 3 11s\n}",
            "3:10: plugin/erratic: delay '11s' found, expected 0s to 10s"
        ),
        (
            ProfilingPlugin.self, "pprof 1234",
            "2:7: plugin/pprof: '1234' is not an address with a port, expected one such as :6053, 127.0.0.1:6053 or [::1]:6053"
        ),
        (
            ProfilingPlugin.self, "pprof /foo",
            "2:7: plugin/pprof: '/foo' is not an address with a port, expected one such as :6053, 127.0.0.1:6053 or [::1]:6053"
        ),
        (ProfilingPlugin.self, "pprof {\n block 0\n}", "3:8: '0' found, expected a whole number of at least 1"),
        (EventPlugin.self, "on startup", "2:1: 'on' has 1 argument, expected at least 2 arguments"),
        (
            EventPlugin.self, "on boot true",
            "2:4: plugin/on: wrong event name or event not supported: 'boot', expected startup, shutdown or certrenew"
        ),
        (EventPlugin.self, "on startup echo 'a", "2:12: plugin/on: not a command: a quote ' is not closed"),
        (
            MetadataPlugin.self, "metadata a..b",
            "2:10: 'a..b' is not a zone: empty label, expected text before every dot"
        ),
        (
            MetadataPlugin.self, "metadata\nmetadata",
            "3:1: plugin/metadata: this plugin can only be used once per Server Block"
        ),
        (ViewPlugin.self, "view", "2:1: 'view' has no argument, expected 1 argument"),
        (ViewPlugin.self, "view a {\n when true\n}", "3:2: unknown property 'when' of 'view', expected expr"),
    ]

    @Test func mistakesAreLocated() {
        for row in Self.rows {
            let found = PluginBench().failure(row.type, row.text)
            #expect(found == "Corefile:\(row.error)", "\(row.text)")
        }
    }

    @Test func timeoutsAdd() throws {
        let setup = try PluginBench().setup(
            "timeouts {\n read 1s\n write 20\n}\ntimeouts {\n read 2m\n idle 24h\n maxtcpqueries 128\n}")
        _ = try TimeoutsPlugin(setup.block.directives, setup)
        #expect(setup.streamTimeouts.read == 120 * Clock.second)
        #expect(setup.streamTimeouts.write == 20 * Clock.second)
        #expect(setup.streamTimeouts.idle == 86_400 * Clock.second)
        #expect(setup.streamTimeouts.queries == 128)
    }

    @Test func multisocketCounts() throws {
        for (text, count) in [("multisocket 5", 5), ("multisocket", ProcessorCount.available())] {
            let setup = try PluginBench().setup(text)
            _ = try MultiSocketPlugin(setup.block.directives, setup)
            #expect(setup.socketCount == count)
        }
    }

    @Test func whatHasNoEffectIsSaid() throws {
        let bench = PluginBench()
        _ = try bench.plugin(ProfilingPlugin.self, "pprof :6060 {\n block\n block 3\n}")
        _ = try bench.plugin(EventPlugin.self, "on certrenew true")
        #expect(bench.lines.all.count == 2)
        for address in [":1", "localhost:6060", "profiles.example:6060", "[::1]:6060"] {
            #expect(PluginBench().failure(ProfilingPlugin.self, "pprof \(address)").isEmpty, "\(address)")
        }
        #expect(bench.lines.all.first?.hasPrefix("[WARNING] Corefile:2:1: plugin/pprof: has no effect") == true)
        _ = try bench.plugin(MetadataPlugin.self, "metadata example.org 10.0.0.0/8")
        #expect(bench.lines.all.count == 2)
    }

    @Test(arguments: [
        ("echo a  b", ["echo", "a", "b"]), ("a 'b c' \"d e\"", ["a", "b c", "d e"]),
        (#"a b\ c "d\"e" 'f\g'"#, ["a", "b c", "d\"e", "f\\g"]),
        ("a ''", ["a", ""]), (#"a "b\c""#, ["a", "b\\c"]), ("x'y'z", ["xyz"]),
    ])
    func commandLines(_ text: String, _ expected: [String]) throws {
        #expect(try CommandLine(text).words == expected)
    }
}
