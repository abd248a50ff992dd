/// The data of an SVCB or HTTPS record (RFC 9460, section 2). Priority 0 is the alias form.
package struct ServiceBinding: Hashable, Sendable {
    package let priority: UInt16
    /// The other name; the root stands for the owner in service form, for "no service" in alias form.
    package let target: DomainName
    /// In ascending order of their keys, each key once (RFC 9460, section 2.2).
    package let parameters: [ServiceParameter]

    /// Puts parameters given in any order, and the keys of `mandatory`, into ascending order, and checks what RFC 9460 says of
    /// each of them and of all together.
    package init(
        priority: UInt16, target: DomainName, parameters: [ServiceParameter]
    ) throws(ServiceBindingError) {
        var sorted = parameters.sorted { $0.key < $1.key }
        for (previous, next) in zip(sorted, sorted.dropFirst()) where previous.key == next.key {
            throw .repeatedKey(next.key)
        }
        for index in sorted.indices {
            if case .mandatory(let keys) = sorted[index] {
                let ascending = keys.sorted()
                try Self.check(mandatory: ascending, among: sorted)
                sorted[index] = .mandatory(ascending)
            }
            try Self.check(sorted[index])
        }
        self.priority = priority
        self.target = target
        self.parameters = sorted
    }

    /// RFC 9460, section 8: each key once, not "mandatory" itself, and every one of them is there.
    private static func check(
        mandatory keys: [ServiceParameterKey], among parameters: [ServiceParameter]
    ) throws(ServiceBindingError) {
        guard !keys.isEmpty else { throw .badValue(.mandatory) }
        for (previous, next) in zip(keys, keys.dropFirst()) where previous == next { throw .repeatedMandatory(next) }
        for key in keys {
            guard key != .mandatory else { throw .badValue(.mandatory) }
            guard parameters.contains(where: { $0.key == key }) else { throw .missingMandatory(key) }
        }
    }

    /// RFC 9460, sections 7.1.1, 7.2, 7.3 and 14.3.2: lists have at least one element, protocol identifiers 1 to 255 octets; and
    /// what `ServiceParameter` has a case for is not hidden in `other`, so that equal data are equal values.
    private static func check(_ parameter: ServiceParameter) throws(ServiceBindingError) {
        let isValid =
            switch parameter {
            case .mandatory, .noDefaultALPN, .port: true
            case .alpn(let identifiers): !identifiers.isEmpty && identifiers.allSatisfy { (1...255).contains($0.count) }
            case .ipv4Hint(let addresses): !addresses.isEmpty
            case .ipv6Hint(let addresses): !addresses.isEmpty
            case .ech(let configurations): !configurations.isEmpty
            case .other(let key, _): key > .ipv6Hint && key.rawValue != UInt16.max
            }
        guard isValid else { throw .badValue(parameter.key) }
    }
}

/// Which rule of RFC 9460 the parameters of a record break.
package enum ServiceBindingError: Error, Hashable, Sendable {
    /// A key stands there more than once (section 2.2).
    case repeatedKey(ServiceParameterKey)
    /// A key is listed more than once in "mandatory" (section 8).
    case repeatedMandatory(ServiceParameterKey)
    /// A key that "mandatory" lists has no parameter (section 8).
    case missingMandatory(ServiceParameterKey)
    /// A value that the key does not allow, such as an empty list.
    case badValue(ServiceParameterKey)
}
