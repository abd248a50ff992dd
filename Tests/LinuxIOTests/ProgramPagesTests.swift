import LinuxIO
import Testing

@Suite struct ProgramPagesTests {
    /// What every process has mapped from files, read again after its pages were let go.
    @Test func whatIsReleasedComesBackAsItWas() throws {
        let table = (0..<1000).map { String($0) }
        let before = try ProcessStatistics.current()
        ProgramPages.release()
        let after = try ProcessStatistics.current()
        #expect(after.residentBytes < before.residentBytes)
        // Code, constants and what the dynamic linker has written still do what they did.
        #expect((0..<1000).map { String($0) } == table)
        #expect(throws: SystemError.self) { try FileReader.read("/nonexistent", limit: 1) }
        ProgramPages.release()
        #expect(try ProcessStatistics.current().virtualBytes > 0)
    }
}
