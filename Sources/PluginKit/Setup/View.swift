/// Decides which queries a server block takes, where several serve the same zone at the same address.
package protocol View: AnyObject, Sendable {
    /// The view's name, as metrics have it.
    var name: String { get }

    /// Whether the block takes the query. Called by the thread that the exchange belongs to; may allocate.
    func takes(_ exchange: UnsafeMutablePointer<Exchange>) -> Bool
}
