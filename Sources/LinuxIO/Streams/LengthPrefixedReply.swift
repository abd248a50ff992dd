/// The way back to the client for one frame that is answered later, with `LengthPrefixedServer.reply`.
package struct LengthPrefixedReply {
    let connection: LengthPrefixedConnection

    init(_ connection: LengthPrefixedConnection) {
        self.connection = connection
    }
}
