/// A place in a snapshot's text. Lines and columns count from 1; a column is a byte in JSON, a character in YAML.
struct SnapshotPosition {
    /// The line.
    let line: Int
    /// The column.
    let column: Int
}
