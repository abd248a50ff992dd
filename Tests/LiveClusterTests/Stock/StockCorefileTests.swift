import Foundation
import ServerHarness
import Synchronization
import Testing

/// Every Corefile that distributions ship, with the built program: unchanged on a machine that is as a pod's, where the kernel
/// lets the test make one (root, and no container that forbids it), and with ports, addresses and paths of the test's.
@Suite(.serialized) struct StockCorefileTests {
    @Test func allAreTested() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(tests.path)/CorefileTests/Fixtures")
        #expect(names.sorted() == StockCorefile.all.map { $0.name + ".Corefile" }.sorted())
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

    /// `loop`: a name server that is the server itself ends the program, with advice.
    @Test(.timeLimit(.minutes(3)), arguments: StockCorefile.all.filter { !$0.probes.isEmpty })
    func endsInALoop(stock: StockCorefile) throws {
        let machine = try StockMachine(.mapped, stock, upstreams: nil)
        let status = machine.program.waitForExit()
        let said = machine.program.output + machine.program.error
        #expect(status == 1 && said.contains("plugin/loop: "), "status \(status.map(String.init) ?? "none"): \(said)")
    }

    /// What is otherwise than it should be.
    private static func visit(
        _ stock: StockCorefile, _ kind: StockMachine.Kind, _ upstreams: NameServers
    ) throws -> [String] {
        let visit = try StockVisit(stock, StockMachine(kind, stock, upstreams: upstreams))
        visit.all()
        return visit.findings
    }
}
