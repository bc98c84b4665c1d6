import Testing

@testable import TerminalUI

@Suite struct BarChartTests {
    private let bars = [
        BarChart.Bar(name: "policing/community", value: 120), BarChart.Bar(name: "media", value: 1),
        BarChart.Bar(name: "arms", value: nil), BarChart.Bar(name: "borders", value: 0),
    ]

    @Test func `bars fit the width, the smallest is seen, and a withheld number is none`() {
        let wide = BarChart(bars: bars, withheld: "-", width: 60).lines.map(\.plainText)
        #expect(
            wide == [
                "policing/community  120  " + String(repeating: "#", count: 35), "media                 1  #",
                "arms                  -", "borders               0",
            ])
        for width in [30, 40, 80, 200] {
            for line in BarChart(bars: bars, withheld: "-", width: width).lines {
                #expect(DisplayWidth.of(line.plainText) <= max(width, 34), "\(width): \(line.plainText)")
            }
        }
        #expect(BarChart(bars: [], withheld: "-").lines.isEmpty)
    }
}
