/// Why a command did not do what was asked: one sentence, what to do next, and the exit status.
struct CommandFailure: Error, Equatable, CustomStringConvertible {
    var status: Sysexit
    /// Stable, in capitals; the relay's own code where the relay refused.
    var code: String
    var message: String
    /// The field at fault by its name in the protocol.
    var field: String?
    /// What to do next, a sentence or a command.
    var hint: String?

    init(_ status: Sysexit, _ code: String, _ message: String, field: String? = nil, hint: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.hint = hint
    }

    var description: String { message }

    /// What `--json` prints on stderr.
    var json: JSONNode {
        var fields: [(String, JSONNode)] = [("code", .string(code)), ("message", .string(message))]
        if let field { fields.append(("field", .string(field))) }
        if let hint { fields.append(("hint", .string(hint))) }
        return .object([("error", .object(fields))])
    }
}
