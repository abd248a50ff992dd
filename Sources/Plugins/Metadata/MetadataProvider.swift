import PluginKit

/// A plugin that knows something about queries that others may ask it for, by labels of the form PLUGIN/NAME.
protocol MetadataProvider: Plugin {
    /// What the plugin knows of a query; nil where the label is none of its own, or it knows nothing. Called by the thread that
    /// the exchange belongs to, only where somebody wants to know; may allocate.
    func metadata(_ label: String, _ exchange: UnsafeMutablePointer<Exchange>) -> String?
}
