/// Tells one request of a client from its others; never used twice.
package struct HTTPClientRequestID: Hashable, Sendable {
    let number: UInt64
}
