/// What came of a request.
package enum HTTPSOutcome {
    case response(HTTPSResponse)
    case failed(HTTPSFailure)
}

/// A response, valid during the call that it is given to.
package struct HTTPSResponse {
    /// The status, of whatever kind.
    package let status: Int
    /// In lower case, without parameters; "" for none.
    package let contentType: String
    /// Seconds that it was in caches on its way (RFC 9111, section 5.1); 0 where it does not say.
    package let age: UInt32
    package let body: UnsafeRawBufferPointer
}

/// Why there is no response.
package struct HTTPSFailure: Error, CustomStringConvertible {
    /// In words, without the URL.
    package let description: String
    /// Whether all that happened is that a connection which had been kept from earlier was closed: that says nothing about the
    /// server, and the request may be made again.
    package let hasLostKeptConnection: Bool
}

/// Is told what becomes of the requests of an `HTTPSClient`, on the loop's thread. It may begin requests and abandon them, and
/// close the client.
package protocol HTTPSReceiver: AnyObject {
    /// A request has ended.
    func ended(_ ticket: UInt64, _ outcome: HTTPSOutcome)
    /// A request went over a connection, which was made for it or was there already. Also called for abandoned requests.
    func usedConnection(isNew: Bool)
}
