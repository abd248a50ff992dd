/// What happens to a request: a head, bodies, then `finished`; or `failed`, at any time. Nothing comes after these two.
package enum HTTPClientEvent {
    /// The response begins; before any of its body.
    case head(HTTPResponseHead)
    /// Bytes of the body, valid during the call only.
    case body(UnsafeRawBufferPointer)
    /// The response is whole.
    case finished
    /// There will be no (further) response.
    case failed(HTTPClientFailure)
}
