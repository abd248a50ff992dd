/// What can stand in a service's `clusterIPs`.
enum ClusterIP: Hashable {
    case headless
    case none
    case address(IPAddress)

    /// What is expected where this stands.
    static let rule = "an IP address or \"\(ServiceObject.headlessMark)\""

    /// Reads `None`, the empty text, or an address; nil for anything else.
    init?(_ text: String) {
        if text == ServiceObject.headlessMark {
            self = .headless
        } else if text.isEmpty {
            self = .none
        } else if let address = IPAddress(text) {
            self = .address(address)
        } else {
            return nil
        }
    }

    /// The address, if this is one.
    var address: IPAddress? {
        if case .address(let address) = self { address } else { nil }
    }
}
