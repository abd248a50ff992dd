import DNSWire
import KubernetesAPI
import RecordIndex

/// The objects of a cluster as they stand, and how they differ from what the index holds.
package struct ClusterState: Sendable {
    private let options: ZoneOptions
    private let compiler: ServiceCompiler
    private var known: Set<ServiceKey> = []
    private var podAddresses: Set<AddressKey> = []

    package init(options: ZoneOptions) {
        self.options = options
        compiler = ServiceCompiler(options: options)
    }

    /// Takes `objects` for the whole cluster.
    ///
    /// - Returns: the change that makes an index say just this.
    package mutating func replace(with objects: ClusterObjects) -> IndexChange {
        var change = IndexChange()
        let exposed = exposedNamespaces(objects)
        change.namespaces = exposed

        var services: [ServiceKey: ServiceObject] = [:]
        for service in objects.services where isSelected(service.labels) {
            guard let key = Self.key(service.namespace, service.name) else { continue }
            services[key] = service
        }
        var slices: [ServiceKey: [EndpointSliceObject]] = [:]
        for slice in objects.slicesWithEndpoints where isSelected(slice.labels) {
            // A slice without a service's name belongs to none; CoreDNS cannot answer for it either.
            guard let name = slice.serviceName, let key = Self.key(slice.namespace, name) else { continue }
            slices[key, default: []].append(slice)
        }
        let present = Set(services.keys).union(slices.keys)
        for key in present {
            change.services[key] = .some(
                compiler.compile(
                    key, service: services[key], slices: slices[key] ?? [], isExposed: exposed.contains(key.namespace)))
        }
        for key in known.subtracting(present) { change.services[key] = .some(nil) }
        known = present
        change.pods = replacePods(objects.pods)
        return change
    }

    private mutating func replacePods(_ pods: [PodObject]) -> [AddressKey: [[UInt8]]] {
        var namespaces: [AddressKey: [[UInt8]]] = [:]
        for pod in pods where options.servesPods && isSelected(pod.labels) && pod.hasAddress {
            // CoreDNS knows a pod by status.podIP alone, the first of its addresses.
            guard let address = pod.addresses.first else { continue }
            namespaces[address.key, default: []].append(EndpointLabel.lowerCased(pod.namespace))
        }
        let present = Set(namespaces.keys)
        for address in podAddresses.subtracting(present) { namespaces[address] = [] }
        podAddresses = present
        return namespaces
    }

    /// The namespaces whose names answer: those that exist, by the two options.
    private func exposedNamespaces(_ objects: ClusterObjects) -> Set<[UInt8]> {
        var names: [String]
        if objects.namespaces.isEmpty, options.namespaceLabels == nil {
            // Saved without namespaces, or by somebody who may not list them: those that have services exist.
            names = objects.services.map(\.namespace) + objects.pods.map(\.namespace)
        } else {
            names = objects.namespaces.filter { options.namespaceLabels?.matches($0.labels) ?? true }.map(\.name)
        }
        if !options.namespaces.isEmpty { names = names.filter { options.namespaces.contains($0) } }
        return Set(names.map { EndpointLabel.lowerCased($0) })
    }

    private func isSelected(_ labels: [String: String]) -> Bool { options.labels?.matches(labels) ?? true }

    private static func key(_ namespace: String, _ name: String) -> ServiceKey? {
        let key = ServiceKey(namespace: EndpointLabel.lowerCased(namespace), name: EndpointLabel.lowerCased(name))
        let lengths = 1...QuestionName.longestLabel
        return lengths.contains(key.namespace.count) && lengths.contains(key.name.count) ? key : nil
    }
}

extension PodObject {
    /// Whether the pod's address is its own: not once it has finished (the address may be given to another pod), nor while
    /// it terminates (CoreDNS's field selector, and its rule for deletionTimestamp).
    fileprivate var hasAddress: Bool {
        !isTerminating && phase != .succeeded && phase != .failed && phase != .unknown
    }
}
