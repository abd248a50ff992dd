/// A response code: four bits in the header, twelve with EDNS (RFC 6891, section 6.1.3).
package struct ResponseCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable package static var noError: ResponseCode { ResponseCode(rawValue: 0) }
    @inlinable package static var formatError: ResponseCode { ResponseCode(rawValue: 1) }
    @inlinable package static var serverFailure: ResponseCode { ResponseCode(rawValue: 2) }
    @inlinable package static var nameError: ResponseCode { ResponseCode(rawValue: 3) }
    @inlinable package static var notImplemented: ResponseCode { ResponseCode(rawValue: 4) }
    @inlinable package static var refused: ResponseCode { ResponseCode(rawValue: 5) }
    @inlinable package static var badVersion: ResponseCode { ResponseCode(rawValue: 16) }
}
