import Foundation
import ServerHarness
import Testing

/// What the README says that commands of the program print is what they print.
@Suite struct ReadmeTests {
    /// A command and what it prints, of a block of the README.
    struct Command: Sendable, CustomTestStringConvertible {
        let words: [String]
        let output: String
        /// The Corefile that the block shows before it; without one the command runs in the repository's folder.
        let corefile: String?
        var testDescription: String { words.joined(separator: " ") }
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The commands `apodns check` and `apodns explain` of all console blocks.
    static let commands: [Command] = {
        let text = (try? String(contentsOfFile: root + "/README.md", encoding: .utf8)) ?? ""
        var commands: [Command] = []
        for block in text.components(separatedBy: "```console\n").dropFirst() {
            let body = block.components(separatedBy: "```").first ?? ""
            var corefile: String?
            for part in ("\n" + body).components(separatedBy: "\n$ ").dropFirst() {
                var lines = part.components(separatedBy: "\n")
                let command = lines.removeFirst()
                while lines.last?.isEmpty == true { lines.removeLast() }
                let output = lines.map { $0 + "\n" }.joined()
                if command == "cat Corefile" { corefile = output }
                guard command.hasPrefix("apodns check") || command.hasPrefix("apodns explain") else { continue }
                commands.append(
                    Command(
                        words: command.split(separator: " ").dropFirst().map(String.init), output: output,
                        corefile: corefile))
            }
        }
        return commands
    }()

    @Test func commandsAreFound() {
        for command in ["check", "explain"] {
            #expect(Self.commands.count { $0.words.first == command } > 1, "\(command)")
        }
    }

    @Test(arguments: commands)
    func printsWhatTheReadmeSays(command: Command) throws {
        let folder = try TemporaryFolder()
        if let corefile = command.corefile { try folder.write("Corefile", corefile) }
        let child = try ChildProcess(
            Program.path, command.words, directory: command.corefile == nil ? Self.root : folder.path)
        _ = try #require(child.waitForExit())
        #expect(child.output + child.error == command.output)
    }
}
