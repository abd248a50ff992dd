import DNSWire
import PluginKit

/// Writes records into the sections of a response, compressed.
struct SectionWriter {
    private let exchange: UnsafeMutablePointer<Exchange>
    private var message: MessageBuffer
    private var compressor = NameCompressor()

    /// Goes on behind what the response holds.
    init(_ exchange: UnsafeMutablePointer<Exchange>) {
        self.exchange = exchange
        let writer = exchange.pointee.writer
        // SAFETY: `limit` bytes belong to the message, and what lies before `position` has been written.
        message = MessageBuffer(
            UnsafeMutableRawBufferPointer(start: writer.base, count: writer.limit), position: writer.position)
        // CoreDNS writes names in lower case, so that a question that is not is no target of pointers.
        let question = UnsafeRawPointer(writer.base) + Header.length
        if equalBytes(question, exchange.pointee.name.bytes, exchange.pointee.request.nameLength) {
            compressor.register(nameAt: Header.length, in: message)
        }
    }

    /// Appends records and counts them in a section; false where not all fitted.
    mutating func append(
        _ records: [ResourceRecord], _ count: WritableKeyPath<ResponseWriter, UInt16>
    ) -> Bool {
        for record in records {
            do throws(WireError) {
                try RecordEncoder.encode(record, into: &message, compressor: &compressor)
            } catch {
                return false
            }
            exchange.pointee.writer.position = message.position
            exchange.pointee.writer[keyPath: count] &+= 1
        }
        return true
    }
}
