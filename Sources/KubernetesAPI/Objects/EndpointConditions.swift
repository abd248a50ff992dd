/// The conditions of an endpoint; nil is "not known" in the EndpointSlice API.
package struct EndpointConditions: Sendable, Hashable {
    /// Whether the endpoint takes traffic. The API asks consumers to take nil as ready.
    package let ready: Bool?
    /// As `ready`, but without regard to termination.
    package let serving: Bool?
    /// Whether the endpoint is going away.
    package let terminating: Bool?

    /// Conditions; what is left out is not known.
    package init(ready: Bool? = nil, serving: Bool? = nil, terminating: Bool? = nil) {
        self.ready = ready
        self.serving = serving
        self.terminating = terminating
    }
}
