import KubernetesAPI
import RecordIndex

/// The services that are to be reached from outside of the cluster: those with external addresses or a load balancer. It does
/// not change once it is published.
package final class ExternalServices: Sendable {
    /// One of them.
    package struct Service: Sendable, Equatable {
        /// Of external addresses and the load balancer's; not empty.
        package let addresses: [HostAddress]
        /// In the order of the object.
        package let ports: [PortObject]
    }

    private let services: [[UInt8]: Service]
    private let keys: [AddressKey: [[UInt8]]]

    package init(_ services: [[UInt8]: Service] = [:]) {
        self.services = services
        var keys: [AddressKey: [[UInt8]]] = [:]
        for (key, service) in services {
            for address in Set(service.addresses.compactMap { $0.address?.key }) {
                keys[address, default: []].append(key)
            }
        }
        self.keys = keys.mapValues { $0.sorted { $0.lexicographicallyPrecedes($1) } }
    }

    /// The service with a key (`ServiceRecords.key`: two labels, service and namespace, in lower case).
    package func service(_ key: [UInt8]) -> Service? { services[key] }

    /// The keys of the services at an address, in order.
    package func keys(at address: AddressKey) -> [[UInt8]] { keys[address] ?? [] }

    /// How many there are.
    package var count: Int { services.count }
}
