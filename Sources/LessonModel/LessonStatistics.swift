/// Lessons in figures, as one viewer may see them.
package struct LessonStatistics: Hashable, Sendable {
    /// Fewer than this many in a cell would tell of single people.
    package static let minCell = 3

    /// A count by some name, in the order to be shown.
    package struct Count: Hashable, Sendable {
        package var name: String
        /// Nil: fewer than `minCell`, or withheld so that such a number cannot be computed from the others.
        package var lessons: Int?

        package init(name: String, lessons: Int?) {
            self.name = name
            self.lessons = lessons
        }
    }

    /// How long lessons took from the observation to *lesson learned* or *good practice*.
    package struct LearningTime: Hashable, Sendable {
        package var lessons: Int
        package var lowerQuartile: Milliseconds
        package var median: Milliseconds
        package var upperQuartile: Milliseconds
    }

    package var lessons = 0
    /// Never withheld: a state tells of nobody.
    package var byState: [Count] = []
    package var byTopic: [Count] = []
    /// Of the posting organisation; institutions without a country as the empty name.
    package var byCountry: [Count] = []
    /// `2026-11`, in UTC by the relay's clock.
    package var byMonth: [Count] = []
    /// Nil when fewer than `minCell` were learned.
    package var learning: LearningTime?
    /// Lessons of others' use, not rejected or superseded, that no organisation reports to have adopted or tried.
    package var unapplied = 0

    package init() {}

    /// Withholds small counts, and the next smallest one where a single withheld one could be computed from the total.
    package static func withholding(_ counts: [Count]) -> [Count] {
        var counts = counts
        let small = counts.indices.filter { (counts[$0].lessons ?? 0) < minCell && counts[$0].lessons != 0 }
        for index in small { counts[index].lessons = nil }
        if small.count == 1 {
            let next = counts.indices.filter { (counts[$0].lessons ?? 0) >= minCell }
                .min { (counts[$0].lessons ?? 0, $0) < (counts[$1].lessons ?? 0, $1) }
            if let next { counts[next].lessons = nil }
        }
        return counts
    }

    /// - Parameter times: how long each learned lesson took.
    package static func learning(_ times: [Milliseconds]) -> LearningTime? {
        guard times.count >= minCell else { return nil }
        let sorted = times.sorted()
        func quantile(_ share: Double) -> Milliseconds { sorted[Int((Double(sorted.count - 1) * share).rounded())] }
        return LearningTime(
            lessons: sorted.count, lowerQuartile: quantile(0.25), median: quantile(0.5), upperQuartile: quantile(0.75))
    }
}
