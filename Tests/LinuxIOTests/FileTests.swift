import Foundation
import Synchronization
import Testing

@testable import LinuxIO

@Suite struct FileTests {
    /// A folder of its own, removed with the object.
    final class Folder {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path

        init() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }

        deinit {
            try? FileManager.default.removeItem(atPath: path)
        }

        func file(_ name: String, _ bytes: [UInt8]) throws -> String {
            try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
            return path + "/" + name
        }
    }

    @Test(arguments: [0, 1, 16383, 16384, 16385, 100_000, 3_000_000]) func filesAreReadWhole(size: Int) throws {
        let folder = try Folder()
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let path = try folder.file("file", bytes)
        #expect(try FileReader.read(path, limit: size) == bytes)
        if size > 0 {
            #expect(throws: SystemError(call: "read", code: EFBIG, subject: path)) {
                _ = try FileReader.read(path, limit: size - 1)
            }
        }
    }

    @Test func otherFiles() throws {
        let folder = try Folder()
        #expect(throws: SystemError(call: "open", code: ENOENT, subject: "\(folder.path)/none")) {
            _ = try FileReader.read("\(folder.path)/none", limit: 10)
        }
        #expect(throws: SystemError(call: "read", code: EISDIR, subject: folder.path)) {
            _ = try FileReader.read(folder.path, limit: 10)
        }
        #expect(throws: SystemError(call: "open", code: EINVAL, subject: "/etc/passwd\0x")) {
            _ = try FileReader.read("/etc/passwd\0x", limit: 1 << 20)
        }
        #expect(try !FileReader.read("/proc/self/stat", limit: 1 << 20).isEmpty)
        #expect(throws: SystemError(call: "read", code: EFBIG, subject: "/dev/zero")) {
            _ = try FileReader.read("/dev/zero", limit: 100_000)
        }
    }

    /// A ConfigMap changes by a link that is swapped: the stamp is that of the file behind it.
    @Test func stampsChangeWithTheContent() throws {
        let folder = try Folder()
        let one = try folder.file("one", [1, 2, 3])
        let two = try folder.file("two", [1, 2, 3])
        let link = folder.path + "/link"
        symlink("one", link)
        let first = try FileStamp.current(link)
        #expect(first == (try FileStamp.current(one)))
        #expect(first.size == 3)
        #expect(first.modifiedNanoseconds > 1_700_000_000_000_000_000)
        unlink(link)
        symlink("two", link)
        #expect(first != (try FileStamp.current(link)))
        #expect((try FileStamp.current(two)) == (try FileStamp.current(link)))
        try Data([1]).write(to: URL(fileURLWithPath: one))
        #expect(first != (try FileStamp.current(one)))
        unlink(link)
        #expect(throws: SystemError(call: "stat", code: ENOENT, subject: link)) { _ = try FileStamp.current(link) }
    }

    @Test func pidFileHasTheNumber() throws {
        let folder = try Folder()
        let path = try folder.file("pid", Array("something longer than a number".utf8))
        try PidFile.write(path)
        #expect(try FileReader.read(path, limit: 100) == Array("\(getpid())\n".utf8))
        #expect(throws: SystemError(call: "open", code: ENOENT, subject: "\(folder.path)/none/pid")) {
            try PidFile.write("\(folder.path)/none/pid")
        }
    }

    /// Lines of several threads, much longer than a pipe holds, come out whole.
    @Test func linesNeverInterleave() throws {
        let pipe = try Pipe()
        let output = Output(descriptor: pipe.writing)
        let lineBytes = 100_000
        let threads = try (0..<4).map { number in
            try LinuxIO.Thread.spawn(name: "writer") {
                for _ in 0..<5 {
                    output.writeLine(String(repeating: String(number), count: lineBytes))
                }
            }
        }
        let total = 20 * (lineBytes + 1)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while bytes.count < total {
            let count = read(pipe.reading, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        for thread in threads { thread.join() }
        let lines = bytes.split(separator: 0x0a)
        #expect(lines.count == 20)
        #expect(lines.allSatisfy { $0.count == lineBytes && Set($0).count == 1 })
    }

    @Test func aFileIsReplacedWhole() throws {
        let folder = try Folder()
        let path = try folder.file("state", Array("old".utf8))
        let held = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        try ReplaceFile.write(Array("new".utf8), to: path)
        #expect(try FileReader.read(path, limit: 10) == Array("new".utf8))
        // Whoever had it open still reads the old one: it was not written over.
        #expect(try held.readToEnd() == Data("old".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["state"])

        #expect(throws: SystemError.self) { try ReplaceFile.write([1], to: "\(folder.path)/none/state") }
        // A folder cannot be replaced by a file: the new file goes, the folder stays.
        try FileManager.default.createDirectory(atPath: "\(folder.path)/folder", withIntermediateDirectories: false)
        #expect(throws: SystemError(call: "rename", code: EISDIR, subject: "\(folder.path)/folder")) {
            try ReplaceFile.write([1], to: "\(folder.path)/folder")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["folder", "state"])
    }

    @Test func twoWritersOfOneFileDoNotMix() throws {
        let folder = try Folder()
        let path = try folder.file("state", Array("old".utf8))
        // Another process, killed in the middle, has left this; its lock went with it.
        let left = try folder.file("state.new", Array("half of somet".utf8))
        // And this one is alive.
        let other = open(left, O_WRONLY)
        defer { close(other) }
        #expect(flock(other, LOCK_EX | LOCK_NB) == 0)
        #expect(throws: SystemError(call: "open", code: EWOULDBLOCK, subject: left)) {
            try ReplaceFile.write(Array("new".utf8), to: path)
        }
        #expect(try FileReader.read(path, limit: 10) == Array("old".utf8))
        #expect(try FileReader.read(left, limit: 20) == Array("half of somet".utf8))
        #expect(flock(other, LOCK_UN) == 0)
        try ReplaceFile.write(Array("new".utf8), to: path)
        #expect(try FileReader.read(path, limit: 10) == Array("new".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["state"])
    }
}
