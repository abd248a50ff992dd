extension EndpointsObject {
    /// The EndpointSlices that say the same: one per subset and address family, ready addresses first.
    ///
    /// Where a service asks for addresses that are not ready, the endpoints controller lists them as ready already, so
    /// the conditions follow the list that an address stands in. The slices are named after the object and numbered.
    package var slices: [EndpointSliceObject] {
        var result: [EndpointSliceObject] = []
        for subset in subsets {
            for family in [IPAddress.Family.v4, .v6] {
                let endpoints =
                    Self.endpoints(of: subset.ready, family: family, ready: true)
                    + Self.endpoints(of: subset.notReady, family: family, ready: false)
                guard !endpoints.isEmpty else { continue }
                result.append(
                    EndpointSliceObject(
                        namespace: namespace, name: "\(name)-\(result.count)", serviceName: name,
                        addressType: family == .v4 ? .ipv4 : .ipv6, ports: subset.ports,
                        endpoints: EndpointList(endpoints),
                        labels: labels))
            }
        }
        return result
    }

    private static func endpoints(of addresses: [Address], family: IPAddress.Family, ready: Bool) -> [EndpointObject] {
        addresses.filter { $0.address.family == family }.map {
            EndpointObject(
                addresses: [HostAddress($0.address)], hostname: $0.hostname, target: $0.target,
                conditions: EndpointConditions(ready: ready))
        }
    }
}
