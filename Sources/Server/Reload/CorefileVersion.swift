import Corefile
import Synchronization

/// A version of the Corefile: what was read, and what came of it.
package struct CorefileVersion: Sendable {
    /// What the version is for a server.
    package struct Loaded: Sendable {
        package let corefile: Corefile
        /// The folder that the plugins' relative paths start from.
        package let directory: String

        package init(corefile: Corefile, directory: String) {
            self.corefile = corefile
            self.directory = directory
        }
    }

    /// The SHA-512 of all files that were read, in hexadecimal digits.
    package let hash: String
    /// The parsed file, or what is wrong with it.
    package let outcome: Result<Loaded, CorefileError>

    /// Reads a version.
    ///
    /// - Parameter load: is given where files are to be read from.
    package init(_ load: (any FileSource) throws(CorefileError) -> Loaded) {
        let files = HashedFiles()
        do throws(CorefileError) {
            outcome = .success(try load(files))
        } catch {
            outcome = .failure(error)
        }
        hash = files.hash
    }
}

/// The files of this machine; what is read of them goes into a hash.
private final class HashedFiles: FileSource {
    private let disk = DiskFiles()
    private let sum = Mutex(SHA512())

    func contents(of path: String) throws(FileError) -> [UInt8] {
        do throws(FileError) {
            let bytes = try disk.contents(of: path)
            add("\(path)\n\(bytes.count)\n", bytes)
            return bytes
        } catch {
            // A file that cannot be read is another version than one that is empty.
            add("\(path)\n\(error)\n", [])
            throw error
        }
    }

    func names(in directory: String) -> [String] { disk.names(in: directory) }

    func exists(_ path: String) -> Bool { disk.exists(path) }

    var hash: String { sum.withLock { $0 }.hexadecimal() }

    private func add(_ head: String, _ bytes: [UInt8]) {
        sum.withLock { sum in
            sum.add(head.utf8)
            sum.add(bytes)
        }
    }
}
