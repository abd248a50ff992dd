/// How the server behaves; may be changed while it runs, for the requests that come then.
package struct ScriptedSettings: Sendable {
    /// What a server answers to `sendInitialEvents`.
    package enum StreamingLists: Sendable {
        case served
        /// An error of this code: 400 or 422.
        case refused(Int)
        /// The parameter is not known: an ordinary watch, as servers before 1.27 do.
        case ignored
    }

    package var access = ScriptedAccess()
    package var streamingLists = StreamingLists.served
    /// Whether there is no protobuf.
    package var jsonOnly = false
    /// Whether `limit` counts together with `resourceVersion=0`; a real server answers these from its cache, whole.
    package var pagesAtVersionZero = false
    /// Kinds that this server does not have: 404, as for a custom resource that is not installed.
    package var missing: Set<ScriptedResource> = []
    /// Seconds of a watch that does not say how long it should be.
    package var watchSeconds = 1800
    /// Milliseconds between bookmarks of a watch that allows them; nil: only those on demand.
    package var bookmarkMilliseconds: Int?
    /// Most bytes of a chunk.
    package var chunkBytes = 65_536
    package var certificate = ScriptedCertificate.valid
    package var clientCertificates = ScriptedClientCertificates.optional

    package init() {}
}
