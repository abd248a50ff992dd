/// An address, and the namespace of a pod that has it.
package struct PodPlace: Hashable, Sendable {
    package var address: AddressKey
    /// In lower case.
    package var namespace: [UInt8]

    package init(address: AddressKey, namespace: [UInt8]) {
        self.address = address
        self.namespace = namespace
    }
}
