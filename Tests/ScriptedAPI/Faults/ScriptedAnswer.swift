/// An answer that somebody wrote down: a recording, or one made up for a test.
package struct ScriptedAnswer: Sendable {
    package var status: Int
    package var contentType: String
    /// More header fields, such as `retry-after`.
    package var headers: [(name: String, value: String)]
    /// The body; each piece comes as a chunk of its own.
    package var pieces: [[UInt8]]
    /// Whether the body ends; otherwise the answer stays open until `resume()` or the end of the connection.
    package var ends: Bool

    package init(
        status: Int = 200, contentType: String, headers: [(name: String, value: String)] = [], pieces: [[UInt8]],
        ends: Bool = true
    ) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.pieces = pieces
        self.ends = ends
    }
}
