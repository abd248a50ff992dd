/// Files that are only in memory, for tests and for checking a Corefile that is not on disk. Directories are implied by
/// the paths.
package struct MemoryFiles: FileSource {
    private let files: [String: String]

    /// Makes a file system of paths and texts.
    package init(_ files: [String: String] = [:]) {
        self.files = files
    }

    /// The UTF-8 bytes of the text at the path.
    package func contents(of path: String) throws(FileError) -> [UInt8] {
        if let text = files[path] { return Array(text.utf8) }
        throw exists(path) ? .isDirectory : .notFound
    }

    /// The first part of every path below the directory.
    package func names(in directory: String) -> [String] {
        let prefix = directory == "." ? "" : directory.hasSuffix("/") ? directory : directory + "/"
        var names: Set<String> = []
        for path in files.keys where path.hasPrefix(prefix) {
            if let name = path.dropFirst(prefix.count).split(separator: "/", omittingEmptySubsequences: false).first {
                names.insert(String(name))
            }
        }
        return Array(names)
    }

    /// Whether the path is a file or the start of one.
    package func exists(_ path: String) -> Bool {
        files[path] != nil || !names(in: path).isEmpty
    }
}
