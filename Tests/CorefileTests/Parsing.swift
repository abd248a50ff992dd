import Testing

@testable import Corefile

/// Parses a text as /etc/coredns/Corefile, with the given environment and files around it.
func parse(
    _ text: String, environment: [String: String] = [:], files: [String: String] = [:],
    known: Set<String>? = nil, elsewhere: Set<String> = []
) throws(CorefileError) -> Corefile {
    try Corefile.parse(
        text: text, file: "/etc/coredns/Corefile", environment: { environment[$0] }, files: MemoryFiles(files),
        knownDirectives: known, knownElsewhere: elsewhere)
}

/// What parsing fails with, as it is shown to a person; nil where it succeeds. The path is shortened to its file name.
func failure(
    _ text: String, environment: [String: String] = [:], files: [String: String] = [:],
    known: Set<String>? = nil, elsewhere: Set<String> = []
) -> String? {
    do throws(CorefileError) {
        let corefile = try parse(text, environment: environment, files: files, known: known, elsewhere: elsewhere)
        _ = try corefile.outline()
        return nil
    } catch {
        let place = "\(error.location)".split(separator: "/").last.map(String.init) ?? ""
        return "\(place): \(error.message)"
    }
}

extension Corefile {
    /// The whole structure on one line a block: `key key { name argument { property argument; property } ; name }`.
    func outline() throws(CorefileError) -> [String] {
        var lines: [String] = []
        for block in blocks {
            var directives: [String] = []
            for directive in block.directives {
                directives.append(outline(directive, try directive.properties()))
            }
            lines.append(
                block.keys.map(\.description).joined(separator: " ") + " { " + directives.joined(separator: " ; ")
                    + " }")
        }
        return lines
    }

    private func outline(_ stanza: some Stanza, _ properties: [Property]) -> String {
        var text = ([stanza.name] + stanza.arguments).map { "<\($0.text)>" }.joined()
        if stanza.hasBlock {
            text += " { " + properties.map { outline($0, $0.block) }.joined(separator: "; ") + " }"
        }
        return text
    }
}
