/// What can stand in a service's `clusterIPs`.
enum ClusterIP: Hashable {
    case headless
    case none
    case address(IPAddress)

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
