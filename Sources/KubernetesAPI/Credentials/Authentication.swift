/// How apodns says who it is, besides a client certificate.
enum Authentication: Sendable {
    /// Not at all, or with the client certificate only.
    case none
    /// A bearer token.
    case token(SecretBytes)
    /// A user name and password (RFC 7617).
    case basic(user: String, password: String)
    /// A program that prints a token or a certificate.
    case plugin(ExecPlugin)
}
