import RelayHTTP
import Testing

struct MetricsTextTests {
    @Test func `a metric is its help, its type and its values`() {
        var metrics = MetricsText()
        metrics.add("lessons_sessions", .gauge, "Open sessions.", 3)
        #expect(
            metrics.text == """
                # HELP lessons_sessions Open sessions.
                # TYPE lessons_sessions gauge
                lessons_sessions 3

                """)
    }

    @Test func `labels are quoted, and what would end them is escaped`() {
        var metrics = MetricsText()
        metrics.add("x_total", .counter, "a\nb\\", [([("name", "q\"\\\n"), ("kind", "k")], 1)])
        #expect(
            metrics.text == #"""
                # HELP x_total a\nb\\
                # TYPE x_total counter
                x_total{name="q\"\\\n",kind="k"} 1

                """#)
    }
}
