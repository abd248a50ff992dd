/// An EndpointSlice while its bytes arrive.
struct EndpointSliceDraft {
    var addressType: AddressType?
    var ports: [EndpointPortObject] = []
    var endpoints = EndpointListBuilder()
    var endpointCount = 0
    /// The conditions of the endpoint at hand.
    var ready: Bool?
    var serving: Bool?
    var terminating: Bool?
    /// An address that is no IP address: wrong unless the slice is one of host names, which comes behind the endpoints.
    var addressThatIsNone: String?

    /// Begins another slice; the memory for endpoints stays.
    mutating func reset() {
        addressType = nil
        ports = []
        _ = endpoints.finish()
        endpointCount = 0
        addressThatIsNone = nil
    }

    mutating func beginEndpoint() {
        ready = nil
        serving = nil
        terminating = nil
        endpoints.begin()
    }

    mutating func endEndpoint() {
        endpoints.setConditions(EndpointConditions(ready: ready, serving: serving, terminating: terminating))
        endpoints.end()
    }

    /// What is wrong with the slice as a whole.
    var problem: String? {
        guard let addressType else {
            let known = AddressType.allCases.map(\.rawValue).joined(separator: ", ")
            return "addressType is missing, expected one of \(known)"
        }
        guard addressType != .fqdn, let addressThatIsNone else { return nil }
        return "an address of an endpoint is \"\(addressThatIsNone)\", expected an IP address"
    }

    /// The slice.
    mutating func finish(_ metadata: MetadataDraft) -> EndpointSliceObject {
        EndpointSliceObject(
            namespace: metadata.namespace, name: metadata.name, serviceName: metadata.serviceName,
            importName: metadata.importName, sourceCluster: metadata.sourceCluster, addressType: addressType ?? .ipv4,
            ports: ports, endpoints: endpoints.finish(), labels: metadata.labels)
    }
}
