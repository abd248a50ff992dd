/// What a server wants of the certificates of its clients: the values of Go's `tls.ClientAuthType`, by CoreDNS's names.
package enum TLSClientAuthentication: String, CaseIterable, Sendable {
    /// None is asked for.
    case noCertificate = "nocert"
    /// One is asked for; any will do, and none.
    case request
    /// One has to be there; any will do, as long as the client has its key.
    case require
    /// Where there is one, an authority must have signed it.
    case verifyIfGiven = "verify_if_given"
    /// There has to be one that an authority has signed.
    case requireAndVerify = "require_and_verify"

    /// Whether an authority must have signed a certificate that is there.
    package var verifies: Bool { self == .verifyIfGiven || self == .requireAndVerify }

    /// Whether a client without a certificate is refused.
    var requires: Bool { self == .require || self == .requireAndVerify }
}
