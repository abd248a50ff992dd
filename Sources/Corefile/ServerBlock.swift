/// The directives for some zones.
package struct ServerBlock: Sendable, Equatable {
    /// The keys in the order of the file, CIDR blocks already expanded to their reverse zones. Never empty.
    package let keys: [ServerKey]
    /// The directives in the order of the file, imports already expanded. The order means nothing to the plugin chain.
    package let directives: [Directive]
    /// Where the first key stands.
    package let location: SourceLocation

    /// Makes a block of its parts.
    package init(keys: [ServerKey], directives: [Directive], location: SourceLocation) {
        self.keys = keys
        self.directives = directives
        self.location = location
    }

    /// The directives of one plugin, in the order of the file.
    package func directives(named name: String) -> [Directive] {
        directives.filter { $0.name.text == name }
    }

    /// The zones of the keys, each once, in the order of the file: what a plugin without zone arguments answers for.
    package var zones: [String] {
        var seen: Set<String> = []
        return keys.map(\.zone).filter { seen.insert($0).inserted }
    }
}
