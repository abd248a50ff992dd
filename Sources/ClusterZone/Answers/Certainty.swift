import DNSWire
import RecordIndex

extension ClusterReader {
    /// Whether a negative answer is certain, though not everything is known yet (`IndexView.gaps`): before the first sync,
    /// or while the API server does not let a resource be read.
    ///
    /// Resolvers keep an NXDOMAIN, so one is only said where what is missing could not change it
    /// (kubernetes/kubernetes#57111). Positive answers are always certain: what they are made of was there when it was read.
    ///
    /// - Parameter outcome: `.noData` or `.nameError`.
    @inline(__always)
    package func isCertain(_ outcome: ClusterOutcome, _ question: ClusterQuestion) -> Bool {
        index.gaps.rawValue == 0 || isCertain(outcome.rawValue, question)
    }

    @inline(never)
    private func isCertain(_ outcome: UInt8, _ question: ClusterQuestion) -> Bool {
        let gaps = index.gaps
        let exists = outcome == ClusterOutcome.noData.rawValue
        let name = ClusterName(
            question.name, left: question.labelsLeft, zonal: options.zonal, isMulticluster: question.isMulticluster)
        switch name.kind {
        case .apex:
            return true
        case .invalid:
            // No object has such a name; but below in-addr.arpa and ip6.arpa the addresses of services and endpoints answer.
            return question.type != .ptr || !isReverse(question.name, question.labelCount)
                || gaps.isDisjoint(with: [.services, .endpoints])
        case .serviceNamespace, .podNamespace:
            return exists || !gaps.contains(.namespaces)
        case .pod:
            if name.left == 3, answersPodNames(name) { return exists || gaps.isDisjoint(with: [.namespaces, .pods]) }
            switch options.podMode {
            case .disabled: return true
            case .insecure: return exists || !gaps.contains(.namespaces)
            case .verified: return exists || gaps.isDisjoint(with: [.namespaces, .pods])
            }
        case .service, .endpoint, .port, .clusterEndpoint, .pinned, .preferred:
            return isCertain(name, gaps)
        }
    }

    /// The same for the names of services and what is below them.
    private func isCertain(_ name: ClusterName, _ gaps: IndexGaps) -> Bool {
        // In a multicluster zone only imported services answer.
        if gaps.contains(name.isMulticluster ? .imports : .services) { return false }
        let (key, length): (UnsafeRawPointer, Int) = name.serviceKey
        guard let block = index.service(key, length) else { return true }
        // It does not answer: its namespace may not be known, or (`ignore empty_service`) its endpoints.
        guard block.answersForward else { return false }
        guard gaps.contains(.endpoints), !block.isExternalName else { return true }
        switch name.kind {
        // The addresses and ports of a service with a cluster address are its own.
        case .service, .port: return !block.isHeadless
        default: return false
        }
    }
}
