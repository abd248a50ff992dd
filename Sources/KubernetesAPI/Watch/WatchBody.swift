/// Reads one response body as it arrives: `BodyReader`, or a stand-in in a test.
package protocol WatchBody: SendableMetatype {
    /// Why bytes cannot be read.
    associatedtype Fault: Error, CustomStringConvertible

    /// A reader for one response. Throws for a media type it cannot read.
    init(resource: WatchedResource, contentType: String, isWatch: Bool, detail: ObjectDetail) throws(Fault)
    /// Reads the next bytes.
    mutating func read(_ bytes: UnsafeRawBufferPointer, _ handler: (BodyEvent) -> Void) throws(Fault)
    /// The body is over. Throws where it ends inside an object.
    mutating func end(_ handler: (BodyEvent) -> Void) throws(Fault)
}
