/// Why there is no way to reach the API server: something of the configuration, or of a file that it names.
package struct APIServerProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// A sentence for people: where (a file with line and column, an option, a variable), what was found, what was
    /// expected. It never has a secret in it.
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    /// What is wrong in the text of a file.
    init(path: String, _ fault: NodeFault) {
        let place = fault.position.map { ":\($0.line):\($0.column)" } ?? ""
        description = "\(path)\(place): \(fault.problem)"
    }
}
