import DNSWire
import Foundation
import LinuxIO
import PluginKit
import Plugins
import ServerHarness
import Synchronization
import Testing

/// Every Corefile that distributions ship, unchanged, with the built program on a machine that is as a pod's.
@Suite(.serialized, .enabled(if: PrivateNetwork.isPermitted, "needs network and mount namespaces: root, or sudo"))
struct StockCorefileTests {
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
    }

    @Test(.timeLimit(.minutes(3)), arguments: StockCorefile.all)
    func loadsAndServes(stock: StockCorefile) throws {
        let whole = try stock.text
        let (text, directive) = Self.withoutWaiting(whole)
        let findings = Mutex<[String]>([])
        try PrivateNetwork.with(
            outside: Self.upstreams, prepare: { try NameServers(Self.upstreams) },
            inside: ["169.254.20.10", "10.96.0.10"]
        ) { upstreams in
            if let directive {
                let machine = try StockMachine(corefile: whole, files: stock.files, upstreams: upstreams)
                let status = machine.program.waitForExit()
                let message = "Directive '\(directive)' is known in CoreDNS, not in apodns yet"
                let error = machine.program.error
                if status != 1 || !error.contains("Corefile:") || !error.contains(message) {
                    findings.withLock { $0.append("unchanged: \(error)") }
                }
            }
            let machine = try StockMachine(corefile: text, files: stock.files, upstreams: upstreams)
            let visit = try StockVisit(stock, text, machine)
            visit.all()
            findings.withLock { $0 += visit.findings }
        }
        let all = findings.withLock { $0 }
        #expect(all.isEmpty, "\(all.joined(separator: "\n"))")
    }

    /// The name servers that the files name.
    private static let upstreams = [StockMachine.resolver, "8.8.8.8", "8.8.4.4", "10.150.0.1", "10.96.201.7"]
}
