import DNSWire
import Foundation
import LinuxIO
import PluginKit
import Plugins
import ServerHarness
import Synchronization
import Testing

/// Every Corefile that distributions ship, with the built program: unchanged on a machine that is as a pod's, where the kernel
/// lets the test make one (root, and no container that forbids it), and with ports, addresses and paths of the test's.
@Suite(.serialized) struct StockCorefileTests {
    /// Directives that are not there yet. A file with one of them ends the start, as it should; what it says besides is tested
    /// without those lines.
    static let waiting: Set<String> = ["dns64", "loop", "reload"]

    /// The file without the lines that wait, and the first directive that does.
    private static func withoutWaiting(_ text: String) -> (text: String, directive: String?) {
        var found: String?
        var depth = 0
        /// Where the stanza began that is left out: upstreams over TLS wait, too.
        var leftOut: Int?
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            let words = line.split(separator: " ")
            let outer = depth
            if words.last == "{" { depth += 1 }
            if words.last == "}" { depth -= 1 }
            if let start = leftOut {
                if depth <= start { leftOut = nil }
                return false
            }
            if words.contains(where: { $0.hasPrefix("tls://") }) {
                leftOut = outer
                return false
            }
            guard outer == 1, let first = words.first, waiting.contains(String(first)) else { return true }
            found = found ?? String(first)
            return false
        }
        return (lines.joined(separator: "\n"), found)
    }

    @Test func allAreTested() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(tests.path)/CorefileTests/Fixtures")
        #expect(names.sorted() == StockCorefile.all.map { $0.name + ".Corefile" }.sorted())
    }

    /// What is merged must be taken out of `waiting`.
    @Test func whatWaitsIsMissing() {
        #expect(Self.waiting.isSubset(of: PluginTable.missingNames))
        // Then openshift's `corp.example.com` is no longer left out.
        #expect(throws: (any Error).self) {
            try RunningServer.configure(". {\n    forward . tls://192.0.2.1\n}\n")
        }
    }

    @Test(.timeLimit(.minutes(3)), .enabled(if: PrivateNetwork.isPermitted), arguments: StockCorefile.all)
    func loadsUnchangedAndServes(stock: StockCorefile) throws {
        let findings = Mutex<[String]>([])
        try PrivateNetwork.with(
            outside: NameServers.addresses, prepare: { try NameServers(onLoopback: false) },
            inside: ["169.254.20.10", "10.96.0.10"]
        ) { upstreams in
            let found = try Self.visit(stock, .asInAPod, upstreams)
            findings.withLock { $0 = found }
        }
        let all = findings.withLock { $0 }
        #expect(all.isEmpty, "\(all.joined(separator: "\n"))")
    }

    @Test(.timeLimit(.minutes(3)), arguments: StockCorefile.all)
    func servesWithOtherPlaces(stock: StockCorefile) throws {
        let all = try Self.visit(stock, .mapped, NameServers(onLoopback: true))
        #expect(all.isEmpty, "\(all.joined(separator: "\n"))")
    }

    /// What is otherwise than it should be.
    private static func visit(
        _ stock: StockCorefile, _ kind: StockMachine.Kind, _ upstreams: NameServers
    ) throws -> [String] {
        let whole = try stock.text
        let (text, directive) = withoutWaiting(whole)
        if let directive {
            let machine = try StockMachine(kind, corefile: whole, files: stock.files, upstreams: upstreams)
            let status = machine.program.waitForExit()
            let error = machine.program.error
            let message = "Directive '\(directive)' is known in CoreDNS, not in apodns yet"
            if status != 1 || !error.contains(message) { return ["with all lines: \(error)"] }
        }
        let machine = try StockMachine(kind, corefile: text, files: stock.files, upstreams: upstreams)
        let visit = try StockVisit(stock, text, machine)
        visit.all()
        return visit.findings
    }
}
