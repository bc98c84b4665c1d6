/// A section of a lesson's text, under one heading.
package enum LessonSection: String, CaseIterable, Sendable {
    case observation, discussion, conclusion, recommendation, evidence

    /// Whose names the headings bear. The fields are the same; SARA has no name for the conclusion.
    package enum Style: Sendable {
        /// NATO's observation, discussion, conclusion, recommendation.
        case odcr
        /// Problem-oriented policing's scanning, analysis, response, assessment.
        case sara
    }

    /// Reads either style's heading, in either case.
    package init?(heading: String) {
        let name = heading.lowercased()
        guard
            let section = LessonSection.allCases.first(where: {
                $0.heading(.odcr).lowercased() == name || $0.heading(.sara).lowercased() == name
            })
        else { return nil }
        self = section
    }

    package func heading(_ style: Style) -> String {
        switch (self, style) {
        case (.observation, .odcr): "Observation"
        case (.discussion, .odcr): "Discussion"
        case (.conclusion, _): "Conclusion"
        case (.recommendation, .odcr): "Recommendation"
        case (.evidence, .odcr): "Evidence"
        case (.observation, .sara): "Scanning"
        case (.discussion, .sara): "Analysis"
        case (.recommendation, .sara): "Response"
        case (.evidence, .sara): "Assessment"
        }
    }

    /// What belongs into the section.
    package var help: String {
        switch self {
        case .observation: "What happened? Where, when, to whom; facts, no blame."
        case .discussion: "Why does it matter? What followed from it?"
        case .conclusion: "What was the root cause?"
        case .recommendation: "What should change, and who should change it?"
        case .evidence: "How do you know? Figures, reports, what others found when they tried it."
        }
    }

    package var isRequired: Bool { self == .observation || self == .recommendation }

    static let headings = allCases.map { $0.heading(.odcr) } + ["Scanning", "Analysis", "Response", "Assessment"]
}

extension Lesson {
    /// A section's text; "" for evidence that is nil.
    package subscript(section: LessonSection) -> String {
        get {
            switch section {
            case .observation: observation
            case .discussion: discussion
            case .conclusion: conclusion
            case .recommendation: recommendation
            case .evidence: evidence ?? ""
            }
        }
        set {
            switch section {
            case .observation: observation = newValue
            case .discussion: discussion = newValue
            case .conclusion: conclusion = newValue
            case .recommendation: recommendation = newValue
            case .evidence: evidence = newValue.isEmpty ? nil : newValue
            }
        }
    }
}
