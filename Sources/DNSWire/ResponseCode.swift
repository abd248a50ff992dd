/// A response code: four bits in the header, twelve with EDNS (RFC 6891, section 6.1.3).
public struct ResponseCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable public static var noError: ResponseCode { ResponseCode(rawValue: 0) }
    @inlinable public static var formatError: ResponseCode { ResponseCode(rawValue: 1) }
    @inlinable public static var serverFailure: ResponseCode { ResponseCode(rawValue: 2) }
    @inlinable public static var nameError: ResponseCode { ResponseCode(rawValue: 3) }
    @inlinable public static var notImplemented: ResponseCode { ResponseCode(rawValue: 4) }
    @inlinable public static var refused: ResponseCode { ResponseCode(rawValue: 5) }
    @inlinable public static var badVersion: ResponseCode { ResponseCode(rawValue: 16) }
}
