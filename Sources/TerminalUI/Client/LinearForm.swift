import LessonModel

/// Filling in a form line by line: a field after the other, the review, then yes or no.
extension LinearClient {
    mutating func takeWriting(_ line: String) -> Turn {
        guard var form = state.compose, !form.isSending else { return Turn(lines: [Texts.sending]) }
        if form.review != nil {
            switch line.trimmedSpaces.lowercased() {
            case "yes", "y", "send": return take(.key(Key(.enter)))
            case "no", "n":
                form.review = nil
                form.focus = 0
                state.compose = form
                return Turn(lines: fieldLines())
            default: return Turn(lines: [Texts.Linear.yesOrNo])
            }
        }
        let command = line.trimmedSpaces.lowercased()
        switch command {
        case ":cancel", ":close":
            written = []
            return take(.command(.back))
        case ":editor":
            written = []
            return take(.command(.externalEditor))
        case ":send": return review()
        case ":back":
            form.focus = max(0, form.focus - 1)
            written = []
            state.compose = form
            return Turn(lines: fieldLines())
        default: break
        }
        let field = form.fields[form.focus]
        if field.isMultiline {
            guard line == Self.end || (line.isEmpty && written.isEmpty) else {
                written.append(line)
                // Kept as it grows, so that a crash costs a line at most.
                form.fields[form.focus].value = written.joined(separator: "\n")
                form.isUnsaved = true
                state.compose = form
                return Turn(effects: state.update(.tick(state.now)))
            }
            written = []
        } else if !line.isEmpty {
            if case .choice(let values, _) = field.content {
                let wanted = line.trimmedSpaces.lowercased()
                let byNumber = Int(wanted).flatMap { values.indices.contains($0 - 1) ? values[$0 - 1] : nil }
                guard let value = byNumber ?? values.first(where: { $0.lowercased() == wanted }) else {
                    return Turn(lines: [Texts.Linear.chooseOne(numbered(values).joined(separator: "  "))])
                }
                form.fields[form.focus].value = value
            } else {
                form.fields[form.focus].value = line
            }
            form.isUnsaved = true
        }
        guard form.focus + 1 < form.fields.count else {
            state.compose = form
            return review()
        }
        form.focus += 1
        state.compose = form
        var turn = Turn(lines: fieldLines())
        turn.effects += state.update(.tick(state.now))
        return turn
    }

    private mutating func review() -> Turn {
        written = []
        var turn = take(.command(.send))
        guard let form = state.compose else { return turn }
        if let review = form.review {
            turn.lines += review.lines.map(\.plainText)
        } else {
            turn.lines += fieldLines()
        }
        return turn
    }

    func fieldLines() -> [String] {
        guard let form = state.compose else { return [] }
        let field = form.fields[form.focus]
        var lines: [String] = []
        if let problem = field.problem { lines.append(Texts.Linear.wrong(problem)) }
        lines.append(Texts.Linear.field(field))
        if case .choice(let values, _) = field.content { lines.append(numbered(values).joined(separator: "  ")) }
        if !field.value.isEmpty, field.value != Texts.Form.chooseMarking {
            lines.append(Texts.Linear.value(Self.safe(field.value)))
        }
        if field.isMultiline { lines.append(Texts.Linear.endWithStop) }
        return lines
    }
}
