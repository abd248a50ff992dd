import RecordIndex

/// The part of a service that a name asks for: which of its rows, and which of their ports.
struct Selection {
    let block: ServiceBlock
    /// True where the endpoints answer, false where the cluster addresses do.
    let usesRows: Bool
    /// The rows of one label, or all of them; of an alias, numbers of its rows.
    var firstRow = 0
    var endRow = 0
    /// The rows of an alias of endpoints; nil where the rows are those of a label, or all.
    var alias: AliasRows?
    /// Port and transport asked for; no bytes match all.
    var portName: (UnsafeRawPointer, Int)
    var transport: (UnsafeRawPointer, Int)
    var filtersPorts = false
    /// Topology zone asked for; 0 matches all.
    var zone = 0
    /// True where a topology zone is asked for that no endpoint is in.
    var isEmptyZone = false
    /// True where the name exists even though nothing is selected (zonal names of a headless service).
    var existsEmpty = false

    @inline(__always)
    init(_ block: ServiceBlock, usesRows: Bool) {
        self.block = block
        self.usesRows = usesRows
        portName = (block.key, 0)
        transport = (block.key, 0)
        endRow = usesRows ? block.rowCount : 0
    }

    /// Whether every row of the service is selected with every port.
    @inline(__always)
    var isWhole: Bool { !filtersPorts && zone == 0 && !isEmptyZone && firstRow == 0 && endRow == block.rowCount }

    /// Row `index`, of those from `firstRow` to `endRow`; ascending.
    @inline(__always)
    func row(_ index: Int) -> RowView {
        if let alias { return block.row(index, of: alias) }
        return block.row(index)
    }

    /// Number of ports of `group` that are asked for.
    @inline(__always)
    func matchingPorts(group: Int) -> Int {
        let total = block.portCount(group: group)
        guard filtersPorts else { return total }
        var found = 0
        var index = 0
        while index < total {
            if matches(block.port(index, group: group)) { found &+= 1 }
            index &+= 1
        }
        return found
    }

    /// Whether a port of `group` that is asked for has a number: then there is an SRV record of it.
    @inline(__always)
    func hasNumberedPort(group: Int) -> Bool {
        let total = block.portCount(group: group)
        var index = 0
        while index < total {
            let port = block.port(index, group: group)
            if port.number >= 0, matches(port) { return true }
            index &+= 1
        }
        return false
    }

    @inline(__always)
    func matches(_ port: PortView) -> Bool {
        !filtersPorts
            || (port.isNamed(portName.0, portName.1) && port.hasTransport(transport.0, transport.1))
    }

    /// Whether `row` is selected, by topology zone and by at least one port.
    @inline(__always)
    func matches(_ row: RowView) -> Bool {
        if zone != 0, row.zone != zone { return false }
        return !filtersPorts || matchingPorts(group: row.portGroup) > 0
    }

    /// Whether anything is selected: CoreDNS answers NXDOMAIN where no port of no endpoint (or of the service) matches.
    var selectsAnything: Bool {
        guard usesRows else { return matchingPorts(group: block.serviceGroup) > 0 }
        if isEmptyZone { return false }
        if !filtersPorts, zone == 0 { return firstRow < endRow }
        var index = firstRow
        while index < endRow {
            if matches(row(index)) { return true }
            index &+= 1
        }
        return false
    }
}
