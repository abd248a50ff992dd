/// Reads a response body as it arrives; one for each response.
///
/// After a fault there is nothing to be had from the rest of the body: every later call throws the same fault.
package struct BodyReader {
    // One of the two is there.
    private var protobuf: ProtobufBody?
    private var json: JSONBody?
    private var fault: BodyFault?

    /// A reader of a body of this content type.
    ///
    /// - Parameters:
    ///   - contentType: as the server gives it, in any case, with or without parameters.
    ///   - isWatch: whether a watch was asked for and granted; a Status in its place is understood too.
    /// - Throws: where it is a content type that cannot be read, such as the HTML of a proxy.
    package init(
        resource: WatchedResource, contentType: String, isWatch: Bool, detail: ObjectDetail
    ) throws(BodyFault) {
        let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        switch type {
        case "application/vnd.kubernetes.protobuf":
            protobuf = ProtobufBody(resource: resource, detail: detail, isWatch: isWatch)
        case "application/json":
            json = JSONBody(resource: resource, detail: detail, isWatch: isWatch)
        default:
            let found = type.isEmpty ? "no content type" : "the content type \(type.prefix(128))"
            throw BodyFault(
                "\(found), expected application/vnd.kubernetes.protobuf or application/json: "
                    + "is there a proxy before the API server?")
        }
    }

    /// Reads the next piece of the body, of any size. Events of whole objects come before the fault behind them.
    package mutating func read(
        _ bytes: UnsafeRawBufferPointer, _ handler: (BodyEvent) -> Void
    ) throws(BodyFault) {
        if let fault { throw fault }
        do throws(BodyFault) {
            try protobuf?.read(bytes, handler)
            try json?.read(bytes, handler)
        } catch {
            fault = error
            throw error
        }
    }

    /// The body ended, as far as the connection is concerned.
    ///
    /// - Throws: where it ended inside an object.
    package mutating func end(_ handler: (BodyEvent) -> Void) throws(BodyFault) {
        if let fault { throw fault }
        do throws(BodyFault) {
            try protobuf?.end(handler)
            try json?.end(handler)
        } catch {
            fault = error
            throw error
        }
    }
}
