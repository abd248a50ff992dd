/// A row as it will stand in the block.
struct BlockRow {
    /// Kind and index of the address.
    var place: UInt32
    /// Number of the label.
    var label: UInt32
    var group: UInt16
    var zone: UInt16
    /// How many equal endpoints it stands for.
    var multiplicity: UInt16
    var flags: UInt16

    var isName: Bool { place >> 30 == UInt32(RowView.name) }
}
