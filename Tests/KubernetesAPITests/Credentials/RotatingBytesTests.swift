import Foundation
import Testing

@testable import KubernetesAPI

@Suite struct RotatingBytesTests {
    @Test func aFileIsReadAgainWhenItChangedOrAfterAMinute() throws {
        let folder = try TestFolder()
        try folder.write("token", "one")
        var bytes = RotatingBytes(.file(folder.path("token")))
        func current(_ seconds: Int64) -> String? {
            (try? bytes.current(now: seconds * 1_000_000_000)).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(current(0) == "one")
        try folder.write("token", "two")
        #expect(current(1) == "two")
        // It is being replaced: what is young may be used, and nothing that is older than a minute.
        try FileManager.default.removeItem(atPath: folder.path("token"))
        #expect(current(2) == "two")
        #expect(current(60) == "two")
        #expect(current(61) == nil)
        try folder.write("token", "three")
        #expect(current(62) == "three")
    }

    @Test func whatIsForgottenIsNotUsedAgain() throws {
        let folder = try TestFolder()
        try folder.write("token", "one")
        var bytes = RotatingBytes(.file(folder.path("token")))
        _ = try bytes.current(now: 0)
        try FileManager.default.removeItem(atPath: folder.path("token"))
        bytes.forget()
        #expect(throws: (any Error).self) { try bytes.current(now: 1) }
        var inline = RotatingBytes(.inline([1, 2], name: "here"))
        inline.forget()
        #expect(try inline.current(now: 0) == [1, 2])
        #expect(inline.name == "here")
    }

    @Test func base64IsThatOfRFC4648() {
        let rows = [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
        for (plain, coded) in rows {
            #expect(Base64.encode(Array(plain.utf8)) == coded)
            #expect(Base64.decode(coded) == Array(plain.utf8))
        }
        #expect(Base64.decode("Zm9v\nYmFy\r\n") == Array("foobar".utf8))
        #expect(Base64.encode([0xff, 0xef, 0xbe]) == "/+++")
        for bad in ["Zg", "Zg=", "Z", "Zg===", "Zm9v=", "Z m9", "Zm9v-_", "=Zg="] { #expect(Base64.decode(bad) == nil) }
    }
}
