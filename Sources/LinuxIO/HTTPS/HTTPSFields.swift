import CCurl

/// The fields of requests' heads that libcurl does not write by itself.
final class HTTPSFields {
    // SAFETY: made in `init`, freed in `deinit`; the client keeps the object for longer than the handles that refer to the
    // lists.
    let forGet: UnsafeMutablePointer<curl_slist>?
    let forPost: UnsafeMutablePointer<curl_slist>?

    /// - Parameter mediaType: what is posted, and what is wanted.
    init(mediaType: String) {
        forGet = Self.list(["Accept: \(mediaType)"])
        // Nobody is asked whether he wants a body.
        forPost = Self.list(["Accept: \(mediaType)", "Content-Type: \(mediaType)", "Expect:"])
    }

    deinit {
        curl_slist_free_all(forGet)
        curl_slist_free_all(forPost)
    }

    private static func list(_ lines: [String]) -> UnsafeMutablePointer<curl_slist>? {
        // SAFETY: curl_slist_append copies the text; where there is no memory the old list stays as it was.
        lines.reduce(nil) { curl_slist_append($0, $1) ?? $0 }
    }
}
