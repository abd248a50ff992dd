import DNSWire
import Testing

struct DomainNameTests {
    static let label63 = String(repeating: "a", count: 63)
    /// 255 octets: three labels of 63, one of 61, and the root.
    static let longest = "\(label63).\(label63).\(label63).\(String(repeating: "b", count: 61))."

    /// Text, wire form, and the text that comes back.
    static let accepted: [(String, String, String)] = [
        (".", "00", "."),
        ("a", "0161 00", "a."),
        ("a.", "0161 00", "a."),
        ("Example.COM", "07 4578616d706c65 03 434f4d 00", "Example.COM."),
        (#"a\.b.c"#, "03 612e62 01 63 00", #"a\.b.c."#),
        (#"a.b\."#, "01 61 02 622e 00", #"a.b\.."#),
        (#"\."#, "01 2e 00", #"\.."#),
        (#"a\\b"#, "03 615c62 00", #"a\\b."#),
        (#"a\000b\255"#, "04 610062ff 00", #"a\000b\255."#),
        (#"a\032b"#, "03 612062 00", #"a\ b."#),
        (#"\065\098"#, "02 4162 00", "Ab."),
        (#"\x\y"#, "02 7879 00", "xy."),
        (#"\@\"\(\)\;\'"#, "06 402228293b27 00", #"\@\"\(\)\;\'."#),
        ("@", "01 40 00", #"\@."#),
        ("*.example", "01 2a 07 6578616d706c65 00", "*.example."),
        ("_http._tcp", "05 5f68747470 04 5f746370 00", "_http._tcp."),
        ("é", "02 c3a9 00", #"\195\169."#),
        ("$x~!#", "05 24787e2123 00", "$x~!#."),
    ]

    @Test(arguments: accepted) func parsesAndDescribes(text: String, wire: String, description: String) throws {
        let name = try DomainName(parsing: text)
        #expect(hex(name.wire) == hex(octets(wire)))
        #expect(name.description == description)
        #expect(try DomainName(parsing: name.description) == name)
        #expect(try DomainName(wire: octets(wire)) == name)
    }

    static let refused: [(String, NameError)] = [
        ("", .empty),
        ("..", .emptyLabel),
        (".a", .emptyLabel),
        ("a..", .emptyLabel),
        ("a..b", .emptyLabel),
        (#"\"#, .badEscape),
        (#"a\"#, .badEscape),
        (#"\1"#, .badEscape),
        (#"\12"#, .badEscape),
        (#"\1a2"#, .badEscape),
        (#"\12a"#, .badEscape),
        (#"\256"#, .badEscape),
        (#"\999"#, .badEscape),
        ("a" + label63, .labelTooLong),
        ("x.a" + label63 + ".y", .labelTooLong),
        (#"\097"# + label63, .labelTooLong),
        ("b" + longest, .labelTooLong),
        ("\(label63).\(label63).\(label63).\(String(repeating: "b", count: 62))", .nameTooLong),
        (longest + "c", .nameTooLong),
        (longest + "c.", .nameTooLong),
        (String(repeating: "a.", count: 128), .nameTooLong),
    ]

    @Test(arguments: refused) func refuses(text: String, error: NameError) {
        #expect(throws: error) { try DomainName(parsing: text) }
    }

    @Test func limitsAreReached() throws {
        let longest = try DomainName(parsing: Self.longest)
        #expect(longest.wire.count == 255)
        #expect(longest.labelCount == 4)
        #expect(longest.labels.map(\.count) == [63, 63, 63, 61])
        let deepest = try DomainName(parsing: String(repeating: "a.", count: 127))
        #expect(deepest.wire.count == 255)
        #expect(deepest.labelCount == 127)
    }

    static let refusedWire: [(String, NameError)] = [
        ("", .empty),
        ("01", .notTerminated),
        ("0161", .notTerminated),
        ("0100", .notTerminated),
        ("03616200", .notTerminated),
        ("000161", .notTerminated),
        ("0000", .notTerminated),
        ("40" + String(repeating: "61", count: 64) + "00", .badLabelType),
        ("c000", .badLabelType),
        (String(repeating: "0161", count: 127) + "016100", .nameTooLong),
    ]

    @Test(arguments: refusedWire) func refusesWire(wire: String, error: NameError) {
        #expect(throws: error) { try DomainName(wire: octets(wire)) }
    }

    /// Text, origin, and the whole name.
    static let relative: [(String, String, String)] = [
        ("www", "example.org.", "www.example.org."),
        ("www.", "example.org.", "www."),
        ("@", "example.org.", "example.org."),
        (#"\@"#, "example.org.", #"\@.example.org."#),
        ("@.x", "example.org.", #"\@.x.example.org."#),
        (".", "example.org.", "."),
        (#"a\."#, "example.org.", #"a\..example.org."#),
        ("a", ".", "a."),
    ]

    @Test(arguments: relative) func completesWithOrigin(text: String, origin: String, whole: String) throws {
        let completed = try DomainName(parsing: text.utf8, relativeTo: name(origin))
        #expect(completed.description == whole)
    }

    @Test func originCanMakeANameTooLong() throws {
        let origin = try name(Self.longest)
        #expect(throws: NameError.nameTooLong) { try DomainName(parsing: "a".utf8, relativeTo: origin) }
        #expect(throws: NameError.nameTooLong) { try name("a").appending(origin) }
        #expect(throws: NameError.nameTooLong) { try origin.prepending(label: Array("a".utf8)) }
        #expect(throws: NameError.emptyLabel) { try DomainName.root.prepending(label: []) }
        #expect(throws: NameError.labelTooLong) {
            try DomainName.root.prepending(label: [UInt8](repeating: 1, count: 64))
        }
    }

    /// Name, ancestor, whether the first lies at or below the second.
    static let subdomains: [(String, String, Bool)] = [
        (".", ".", true),
        ("a.", ".", true),
        (".", "a.", false),
        ("a.b.", "b.", true),
        ("A.b.", "B.", true),
        ("b.", "b.", true),
        ("ab.", "b.", false),
        ("b.", "a.b.", false),
        (#"a\.b."#, "b.", false),
        (#"x\001b."#, "b.", false),
        ("a.c.", "b.", false),
    ]

    @Test(arguments: subdomains) func subdomain(child: String, ancestor: String, expected: Bool) throws {
        #expect(try name(child).isSubdomain(of: name(ancestor)) == expected)
    }

    @Test func caseIsKeptAndIgnoredOnRequest() throws {
        let upper = try name("WWW.Example.")
        let lower = try name("www.example.")
        #expect(upper != lower)
        #expect(upper.equalsIgnoringCase(lower))
        #expect(!upper.equalsIgnoringCase(try name("www.example.x.")))
        #expect(!upper.equalsIgnoringCase(try name("wwx.example.")))
        #expect(upper.lowercased() == lower)
        // RFC 4343, section 3: only the letters of ASCII have a case; "@" and "`", "[" and "{" are 32 apart as well.
        #expect(!(try name(#"\@["#).equalsIgnoringCase(try name("`{"))))
        #expect(!(try name(#"\192"#).equalsIgnoringCase(try name(#"\224"#))))
    }

    @Test func takesNamesApartAndTogether() throws {
        let whole = try name("a.b.c.")
        #expect(whole.labels.map { String(decoding: $0, as: UTF8.self) } == ["a", "b", "c"])
        #expect(whole.parent?.description == "b.c.")
        #expect(DomainName.root.parent == nil)
        #expect(DomainName.root.isRoot && !whole.isRoot)
        #expect(DomainName.root.labels.isEmpty)
        #expect(try name("a.").appending(name("b.c.")) == whole)
        #expect(try name("b.c.").prepending(label: Array("a".utf8)) == whole)
        #expect(try DomainName.root.appending(.root) == .root)
    }
}
