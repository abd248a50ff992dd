import ScriptedAPI
import ServerHarness
import Testing

/// What a start waits for.
@Suite struct StartTests {
    /// What has been listed has to be compiled, too, before the start is over.
    @Test func theFirstQuestionAfterAStartHasItsAnswer() throws {
        let live = try LiveServer(.generate(services: 400, endpoints: 2000, pods: 0, seed: 1))
        defer { live.stop() }
        #expect(try live.answer("web-0.team-00.svc.cluster.local.") == ["10.96.0.0"])
        #expect(try live.answer("none.team-00.svc.cluster.local.") == ["NXDOMAIN"])
    }
}
