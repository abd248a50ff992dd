import DNSWire
import RecordIndex

extension ClusterReader {
    /// Answers `question` with what the cluster says, by the rules of the Kubernetes DNS specification as CoreDNS applies
    /// them: writes the records and says how it went.
    ///
    /// - Parameter externalTarget: set to the offset within the message of an alias's target that lies outside of all zones
    ///   of the plugin, for the caller to look up elsewhere; left alone otherwise.
    package func answer(
        _ question: ClusterQuestion, into writer: inout ResponseWriter, externalTarget: inout Int
    ) -> ClusterOutcome {
        let name = ClusterName(
            question.name, left: question.labelsLeft, zonal: options.zonal, isMulticluster: question.isMulticluster)
        switch question.type {
        case .a, .aaaa:
            if name.kind == .invalid, isNameServer(question) { return answerLocal(question, into: &writer) }
            var chain = AliasChain(owner: ResponseWriter.questionPointer)
            let outcome = answerAddresses(name, question, chain: &chain, into: &writer)
            if chain.externalTarget != 0 { externalTarget = chain.externalTarget }
            return outcome
        case .srv:
            // CoreDNS: the name server's name exists, with addresses only.
            if name.kind == .invalid, isNameServer(question) { return .noData }
            return answerServices(name, question, into: &writer)
        case .ptr:
            return answerPointer(name, question, into: &writer)
        case .txt:
            return answerText(name, question, into: &writer)
        case .cname:
            return answerAlias(name, question, into: &writer)
        case .soa:
            // CoreDNS answers SOA at the zone's name and NODATA everywhere else, whether the name exists or not.
            guard question.labelsLeft == 0 else { return .noData }
            if !writeSOA(question, asAnswer: true, into: &writer) { writer.isTruncated = true }
            return .answered
        case .ns where question.labelsLeft == 0:
            return answerNameServers(question, into: &writer)
        case .axfr, .ixfr:
            return .refused
        default:
            // Types that the zone has no records of: only whether the name exists is of interest.
            if name.kind == .invalid, isNameServer(question) { return .noData }
            return existence(name, question)
        }
    }

    /// Whether the name is there at all, for types without records.
    @inline(__always)
    func existence(_ name: ClusterName, _ question: ClusterQuestion) -> ClusterOutcome {
        switch name.kind {
        case .apex: return .noData
        case .invalid: return .nameError
        default: break
        }
        if isReverse(question.name, question.labelCount) { return .nameError }
        let namespace = name.namespace
        let number = index.namespace(namespace + 1, Int(namespace[0]))
        guard number >= 0 else { return .nameError }
        switch name.kind {
        case .serviceNamespace: return .noData
        case .podNamespace: return hasPodNamespaces(name) ? .noData : .nameError
        case .pod:
            return findPod(name, namespace: number).count > 0 || findNamedPod(name) != nil ? .noData : .nameError
        default:
            guard let selection = select(name) else { return .nameError }
            return selection.existsEmpty || exists(selection) ? .noData : .nameError
        }
    }

    /// Whether a selected service says anything: aliases and whatever has a matching row or port.
    @inline(__always)
    func exists(_ selection: Selection) -> Bool {
        selection.block.isExternalName || selection.selectsAnything
    }

    /// What a service's name selects; nil where there is no such name.
    @inline(__always)
    func select(_ name: ClusterName) -> Selection? {
        let (key, keyLength): (UnsafeRawPointer, Int) = name.serviceKey
        guard let block = index.service(key, keyLength), block.answersForward else { return nil }
        if block.isExternalName {
            // CoreDNS: an alias has neither endpoints nor ports nor topology zones.
            return name.kind == .service ? Selection(block, usesRows: false) : nil
        }
        switch name.kind {
        case .service:
            return Selection(block, usesRows: block.isHeadless)
        case .endpoint:
            // The endpoints of a service with a cluster address have names too (CoreDNS; the specification has them for
            // headless services only).
            if name.isMulticluster { return selectImported(name.label(0), cluster: nil, block) }
            return selectAlias(name.label(0), block) ?? selectLabel(block.findLabel(name.label(0)), block)
        case .clusterEndpoint:
            return selectImported(name.label(0), cluster: name.label(1), block)
        case .port:
            var selection = Selection(block, usesRows: block.isHeadless)
            selection.portName = name.stripped(0)
            selection.transport = name.stripped(1)
            selection.filtersPorts = true
            return selection
        case .pinned, .preferred:
            // Zone-scoped names are defined for headless services only (CoreDNS, "Zonal Names").
            guard block.isHeadless else { return nil }
            return selectZone(name, block)
        default:
            return nil
        }
    }

    /// The rows of a name that endpoints have beside their labels (`endpoint_aliases`); nil where it is none.
    @inline(__always)
    private func selectAlias(_ label: UnsafePointer<UInt8>, _ block: ServiceBlock) -> Selection? {
        guard block.hasAliases, let alias = block.findAlias(UnsafeRawPointer(label)) else { return nil }
        var selection = Selection(block, usesRows: true)
        selection.alias = alias
        selection.endRow = alias.count
        return selection
    }

    /// The rows of a label; nil for one that is not there (-1).
    @inline(__always)
    private func selectLabel(_ label: Int, _ block: ServiceBlock) -> Selection? {
        guard label >= 0 else { return nil }
        var selection = Selection(block, usesRows: true)
        selection.firstRow = block.firstRow(ofLabel: label)
        selection.endRow = block.endRow(ofLabel: label)
        return selection
    }

    /// The rows of an endpoint of an imported service. CoreDNS: a name without a cluster is that of an endpoint whose slice
    /// does not say where it came from, and of no other.
    @inline(never)
    private func selectImported(
        _ endpoint: UnsafePointer<UInt8>, cluster: UnsafePointer<UInt8>?, _ block: ServiceBlock
    ) -> Selection? {
        selectLabel(
            block.findLabel(
                endpoint: UnsafeRawPointer(endpoint), cluster: cluster.map { UnsafeRawPointer($0) }), block)
    }

    /// The rows of a topology zone. Its value is every label left of the directive, joined with dots, as the values of
    /// topology.kubernetes.io/zone may have dots themselves.
    private func selectZone(_ name: ClusterName, _ block: ServiceBlock) -> Selection {
        var selection = Selection(block, usesRows: true)
        let directive = name.left &- 5
        // Length bytes between labels stand where the dots are: compare label by label.
        let start = name.label(0)
        let count = Int(name.labels[directive]) &- 1
        let zone = withUnsafeTemporaryAllocation(byteCount: QuestionName.longest, alignment: 1) { scratch -> Int in
            guard let joined = scratch.baseAddress, count > 0 else { return 0 }
            joined.copyMemory(from: start + 1, byteCount: count)
            var label = 1
            while label < directive {
                joined.storeBytes(of: UInt8(ascii: "."), toByteOffset: Int(name.labels[label]) &- 1, as: UInt8.self)
                label &+= 1
            }
            return block.findZone(joined, count)
        }
        if zone > 0 {
            selection.zone = zone
        } else if name.kind == .pinned {
            selection.isEmptyZone = true
        }
        // An empty zone of an existing headless service is NODATA, not NXDOMAIN (CoreDNS, "Zonal Names").
        selection.existsEmpty = true
        return selection
    }

    /// Whether the name lies below in-addr.arpa or ip6.arpa: there only reverse look-ups answer (CoreDNS).
    @inline(__always)
    func isReverse(_ name: QuestionName, _ labelCount: Int) -> Bool {
        guard labelCount > 2 else { return false }
        let last = name.bytes + name.offset(ofLabel: labelCount &- 1)
        // SAFETY: the compared label has 5 bytes with its length; its buffer has 256.
        guard equalBytes(last, UnsafeRawPointer(ReverseName.arpa.utf8Start), 5) else { return false }
        let before = name.bytes + name.offset(ofLabel: labelCount &- 2)
        return equalBytes(before, UnsafeRawPointer(ReverseName.ipv4.utf8Start), 8)
            || equalBytes(before, UnsafeRawPointer(ReverseName.ipv6.utf8Start), 4)
    }
}
