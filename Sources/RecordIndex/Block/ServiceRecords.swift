/// What a service block is compiled from: one service with everything that DNS says of it, by the rules of the cluster
/// zone already applied. Names are labels in lower case, without length bytes.
package struct ServiceRecords: Equatable, Sendable {
    /// What kind of answer the service's own name has.
    package enum Kind: UInt8, Sendable {
        /// The name answers with the cluster addresses.
        case clusterAddress
        /// The name answers with the endpoints.
        case headless
        /// The name is an alias of `externalName`.
        case externalName
    }

    /// A port as SRV queries see it.
    package struct Port: Hashable, Sendable {
        package var name: [UInt8]
        /// In lower case: "tcp", "udp", "sctp".
        package var transport: [UInt8]
        /// -1 stands for a service or slice without ports: it has addresses but no SRV records (CoreDNS's rule).
        package var number: Int32

        package init(name: [UInt8], transport: [UInt8], number: Int32) {
            self.name = name
            self.transport = transport
            self.number = number
        }
    }

    /// Where an endpoint is: at an address, or (slices of address type FQDN) at another name.
    package enum Location: Hashable, Sendable {
        case address(AddressKey)
        /// A name in wire form.
        case name([UInt8])
    }

    package struct Endpoint: Hashable, Sendable {
        package var location: Location
        /// The one label it answers to.
        package var label: [UInt8]
        /// Whether the label is the pod's own hostname.
        package var isHostname: Bool
        /// Index into `portGroups`.
        package var portGroup: Int
        /// Topology zone in lower case; empty where the slice has none.
        package var zone: [UInt8]

        package init(location: Location, label: [UInt8], isHostname: Bool, portGroup: Int, zone: [UInt8] = []) {
            self.location = location
            self.label = label
            self.isHostname = isHostname
            self.portGroup = portGroup
            self.zone = zone
        }
    }

    package var namespace: [UInt8]
    package var name: [UInt8]
    package var kind: Kind
    /// False where the names below `svc` do not answer (no Service object, or a namespace that is not exposed), though
    /// reverse look-ups may.
    package var answersForward: Bool
    /// False where reverse look-ups do not answer.
    package var answersReverse: Bool
    package var clusterAddresses: [AddressKey]
    package var ports: [Port]
    /// The alias's target in wire form, as written in the object.
    package var externalName: [UInt8]
    package var portGroups: [[Port]]
    package var endpoints: [Endpoint]

    package init(namespace: [UInt8], name: [UInt8], kind: Kind) {
        self.namespace = namespace
        self.name = name
        self.kind = kind
        answersForward = true
        answersReverse = true
        clusterAddresses = []
        ports = []
        externalName = []
        portGroups = []
        endpoints = []
    }
}
