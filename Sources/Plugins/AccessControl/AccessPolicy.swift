import LinuxIO

/// What is done with a query.
enum AccessAction: UInt8 {
    case allow
    case block
    case filter
    case drop
}

/// One line of `acl`: an action for queries of some types from some addresses.
struct AccessPolicy {
    var action: AccessAction
    /// Empty for all types.
    var types: Set<UInt16> = []
    var addresses = AddressRanges.all
}

/// A policy in raw memory, so that looking at it counts no references. Freed by `deallocate`.
struct PackedPolicy {
    let action: AccessAction
    private let types: UnsafeMutableBufferPointer<UInt16>
    private let ipv4: UnsafeMutableBufferPointer<AddressRanges.Range>
    private let ipv6: UnsafeMutableBufferPointer<AddressRanges.Range>

    init(_ policy: AccessPolicy) {
        action = policy.action
        types = Self.copy(policy.types.sorted())
        ipv4 = Self.copy(AddressRanges.merged(policy.addresses.ipv4))
        ipv6 = Self.copy(AddressRanges.merged(policy.addresses.ipv6))
    }

    private static func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutableBufferPointer<Element> {
        let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
        _ = memory.initialize(from: elements)
        return memory
    }

    func deallocate() {
        types.deallocate()
        ipv4.deallocate()
        ipv6.deallocate()
    }

    /// Whether the policy is for queries of `type` from `client`.
    func matches(_ type: UInt16, _ client: SocketAddress) -> Bool {
        if types.count > 0, !has(type) { return false }
        let ranges =
            switch client.family {
            case .ipv4: ipv4
            case .ipv6: ipv6
            }
        let number = AddressRanges.number(client)
        var low = 0
        var high = ranges.count
        // SAFETY: places stay below `count`.
        while low < high {
            let middle = (low &+ high) / 2
            if ranges[middle].last < number { low = middle &+ 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].first <= number
    }

    private func has(_ type: UInt16) -> Bool {
        var place = 0
        while place < types.count {
            if types[place] == type { return true }
            place &+= 1
        }
        return false
    }
}
