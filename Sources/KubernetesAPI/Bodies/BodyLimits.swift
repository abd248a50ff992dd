/// How much a response body may ask of the process. What is larger comes from no API server that works.
enum BodyLimits {
    /// The longest text that is read, in bytes. The longest that can be used are names of 253 bytes and label keys of 317;
    /// packed endpoints keep no more than this either.
    static let longestText = 1024
    /// The longest continue token and status message, in bytes: tokens hold a name and a version in base64; messages quote
    /// names, and those of admission webhooks can be long.
    static let longestSentence = 1 << 16
    /// The largest event of a watch, in bytes. etcd takes requests of 1.5 MiB at most, and few change that.
    static let largestEvent = 32 << 20
    /// The largest list in JSON, in bytes, which is kept whole: 30,000 pods at 8 KiB. (Protobuf is not kept.)
    static let largestList = 256 << 20
    /// Most endpoints of a slice; the API takes 1,000.
    static let mostEndpoints = 10_000
    /// Most ports of a service or slice; the API takes 20,000 in a slice.
    static let mostPorts = 20_000
    /// Most labels, or annotations, of an object: the API takes 256 KiB of annotations, and labels have no use in bulk.
    static let mostLabels = 10_000
    /// Most addresses of a service, of each kind, or of a pod.
    static let mostAddresses = 10_000
}
