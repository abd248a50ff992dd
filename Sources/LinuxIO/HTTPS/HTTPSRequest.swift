/// A request to an `HTTPSServer`.
package struct HTTPSRequest {
    /// What follows the origin in the URL: the path, and a query if there is one, percent-encoded.
    package var target: String
    /// What is posted; nil for a GET.
    package var body: [UInt8]?
    /// How long it may take in all, in milliseconds. Its connection is closed then, or where others share it its stream.
    package var milliseconds: Int

    package init(target: String, body: [UInt8]?, milliseconds: Int) {
        self.target = target
        self.body = body
        self.milliseconds = milliseconds
    }
}
