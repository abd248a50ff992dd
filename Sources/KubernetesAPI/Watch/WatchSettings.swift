/// What a watcher watches, and how.
package struct WatchSettings: Sendable {
    /// The streams, each with its own list and watch.
    package var streams: [WatchStream]
    /// What readers keep of objects.
    package var detail: ObjectDetail
    /// How to watch.
    package var options: WatchOptions

    /// Settings.
    package init(streams: [WatchStream], detail: ObjectDetail = [], options: WatchOptions = WatchOptions()) {
        self.streams = streams
        self.detail = detail
        self.options = options
    }
}
