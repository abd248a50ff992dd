/// Whose certificate the API server must show.
enum ServerTrust: Sendable, Hashable {
    /// One signed by an authority that the system trusts.
    case system
    /// One signed by one of these, and no others.
    case authorities(SecretBytes)
    /// Any (`insecure-skip-tls-verify`).
    case anyone
}
