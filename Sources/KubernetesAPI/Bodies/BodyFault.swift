/// Why a response body cannot be read on. It ends the response: where the next object would begin is not known any more.
package struct BodyFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// How many bytes of the body were read; nil where the body as a whole is wrong.
    package internal(set) var offset: Int?
    /// What was found and what was expected.
    package let problem: String

    init(_ problem: String, offset: Int? = nil) {
        self.problem = problem
        self.offset = offset
    }

    /// One line: `byte 120 of the answer: ...`.
    package var description: String {
        if let offset { "byte \(offset) of the answer: \(problem)" } else { problem }
    }
}
