import KubernetesAPI

/// Why a snapshot file cannot be used.
package struct SnapshotError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file, as it was named.
    package let path: String
    /// The line, from 1; nil where it is the file as a whole.
    package let line: Int?
    /// The column, from 1, in bytes (JSON) or characters (YAML); nil where it is the file as a whole.
    package let column: Int?
    /// The object that it is wrong in, such as `Service shop/web`; nil where that is not known.
    package let object: String?
    /// What is wrong: what was found and what was expected.
    package let problem: String

    init(path: String, problem: String) {
        self.path = path
        line = nil
        column = nil
        object = nil
        self.problem = problem
    }

    init(path: String, fault: NodeFault) {
        self.path = path
        line = fault.position?.line
        column = fault.position?.column
        object = fault.object
        problem = fault.problem
    }

    /// One line: `cluster.yaml:31:12: Service shop/web: spec.ports[0].port is "http", expected a number`.
    package var description: String {
        var text = path
        if let line, let column { text += ":\(line):\(column)" }
        if let object { text += ": \(object)" }
        return text + ": \(problem)"
    }
}
