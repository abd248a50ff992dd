import DNSWire
import Testing

struct MnemonicTests {
    @Test func everyNumberReadsBack() {
        for number in 0...UInt16.max {
            let type = RecordType(rawValue: number)
            #expect(RecordType(mnemonic: type.description) == type)
            #expect(RecordType(mnemonic: type.zoneFileForm.lowercased()) == type)
            #expect(RecordType(mnemonic: "type\(number)") == type)
            let recordClass = RecordClass(rawValue: number)
            #expect(RecordClass(mnemonic: recordClass.description) == recordClass)
        }
        for number in 0...UInt16(0xFFF) {
            #expect(ResponseCode(mnemonic: ResponseCode(rawValue: number).description)?.rawValue == number)
        }
        for number in 0...UInt8(0xF) {
            #expect(Opcode(mnemonic: Opcode(rawValue: number).description)?.rawValue == number)
        }
    }

    @Test func namesAsCoreDNSWritesThem() {
        let types: [(RecordType, String)] = [
            (.a, "A"), (.aaaa, "AAAA"), (.svcb, "SVCB"), (.https, "HTTPS"), (.any, "ANY"), (.caa, "CAA"),
            (.nsec3, "NSEC3"), (RecordType(rawValue: 23), "NSAP-PTR"), (RecordType(rawValue: 731), "TYPE731"),
            (RecordType(rawValue: 0), "None"), (RecordType(rawValue: 65_535), "Reserved"),
        ]
        for (type, text) in types { #expect(type.description == text) }
        let classes: [(RecordClass, String)] = [
            (.internet, "IN"), (.chaos, "CH"), (.hesiod, "HS"), (.none, "NONE"), (.any, "CLASS255"),
            (RecordClass(rawValue: 0), "CLASS0"),
        ]
        for (recordClass, text) in classes { #expect(recordClass.description == text) }
        let codes: [(ResponseCode, String)] = [
            (.noError, "NOERROR"), (.formatError, "FORMERR"), (.serverFailure, "SERVFAIL"), (.nameError, "NXDOMAIN"),
            (.notImplemented, "NOTIMP"), (.refused, "REFUSED"), (.badVersion, "BADVERS"),
            (ResponseCode(rawValue: 12), "RCODE12"),
        ]
        for (code, text) in codes { #expect(code.description == text) }
        let opcodes: [(Opcode, String)] = [
            (.query, "QUERY"), (.inverseQuery, "IQUERY"), (.status, "STATUS"), (.notify, "NOTIFY"), (.update, "UPDATE"),
            (Opcode(rawValue: 6), "OPCODE6"),
        ]
        for (opcode, text) in opcodes { #expect(opcode.description == text) }
    }

    @Test(arguments: ["", "TYPE", "TYPE65536", "TYPE-1", "TYPE 1", "TYPEX", "AAAAA", "\u{17F}oa", "T\u{131}", " A"])
    func refusesTypes(text: String) {
        #expect(RecordType(mnemonic: text) == nil)
    }

    @Test func refusesOthers() {
        for text in ["", "CLASS", "CLASS65536", "\u{131}n", "INTERNET"] { #expect(RecordClass(mnemonic: text) == nil) }
        for text in ["", "RCODE4096", "NOERR"] { #expect(ResponseCode(mnemonic: text) == nil) }
        for text in ["", "OPCODE16", "OPCODE256"] { #expect(Opcode(mnemonic: text) == nil) }
        #expect(RecordClass(mnemonic: "any") == .any)
    }
}
