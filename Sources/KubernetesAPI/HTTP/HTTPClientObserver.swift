/// Is told how requests fare, for metrics. Called on the client's thread.
package protocol HTTPClientObserver: AnyObject, Sendable {
    /// A request ended, or, of a watch, its response began.
    ///
    /// - Parameters:
    ///   - verb: the HTTP method, "GET".
    ///   - host: host and port of the API server.
    ///   - status: the response's status; nil where the request failed before there was one.
    ///   - seconds: since the request was sent.
    func requestEnded(verb: String, host: String, status: Int?, seconds: Double)
    /// `apiserver_qps` let a request pass after so many seconds.
    func rateLimiterPassed(verb: String, host: String, seconds: Double)
}
