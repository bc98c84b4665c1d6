import TerminalUI

/// The style sheet of a thread's page. The colours of the labels are those of TLP 2.0; the text always says the label too.
///
/// On paper head and foot are a table's, which browsers repeat on every page; Chromium does so only where they may not be
/// broken.
enum ThreadPageStyle {
    static let text = """

        body { margin: 0; background: #fff; color: #1a1a1a; font: 1rem/1.5 Georgia, "DejaVu Serif", serif; }
        .sheet { max-width: 46rem; margin: 0 auto; padding: 0 1rem; }
        .tlp { background: #000; font: bold 12pt/1.4 Arial, "DejaVu Sans", sans-serif; padding: 0 .4em; }
        .tlp.clear { color: #fff; } .tlp.green { color: #33ff00; } .tlp.red { color: #ff2b2b; }
        .tlp.amber, .tlp.amber-strict { color: #ffc000; }
        .head, .foot { text-align: right; }
        .head .tlp, .foot .tlp { display: inline-block; margin: .6rem 0; }
        span.tlp { font-size: .8em; white-space: nowrap; }
        h1, h2, h3, h4, h5, h6, dl, .byline { font-family: Arial, "DejaVu Sans", sans-serif; line-height: 1.25; }
        h1 { font-size: 1.6rem; margin: .5rem 0 1rem; }
        h2 { font-size: 1.15rem; margin: 1.6rem 0 .4rem; border-bottom: 1px solid #999; }
        h3, h4, h5, h6 { font-size: 1rem; margin: 1rem 0 .3rem; }
        p, ul, ol, blockquote, pre { margin: .5rem 0; }
        h1, p, li, dd, pre { overflow-wrap: anywhere; }
        dl { font-size: .85rem; margin: 0; }
        dl div { display: flex; }
        dt { flex: 0 0 6.5rem; color: #555; }
        dd { margin: 0; }
        pre { white-space: pre-wrap; background: #f3f3f3; padding: .5rem; font-size: .85em; }
        blockquote { border-left: 3px solid #999; padding-left: .8rem; margin-left: 0; color: #333; }
        a { color: #0b4f9e; }
        .warning { color: #a40000; }
        li.in1 { margin-left: 1.5em; } li.in2 { margin-left: 3em; } li.in3 { margin-left: 4.5em; }
        li.in4 { margin-left: 6em; } li.in5 { margin-left: 7.5em; }
        .reply { border-left: 2px solid #bbb; padding-left: .8rem; margin-top: 1rem; }
        .reply.in2 { margin-left: 1.2rem; } .reply.in3 { margin-left: 2.4rem; } .reply.in4 { margin-left: 3.6rem; }
        .reply.in5 { margin-left: 4.8rem; } .reply.in6 { margin-left: 6rem; }
        .byline { font-size: .8rem; margin: 0; color: #333; }
        @page { size: A4; margin: 12mm 18mm; }
        @media print {
          body { font-size: 10.5pt; }
          .sheet { display: table; width: 100%; max-width: none; padding: 0; }
          .head, .foot { break-inside: avoid; }
          .head { display: table-header-group; } main { display: table-row-group; } .foot { display: table-footer-group; }
          .tlp { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          h1, h2, h3, h4, h5, h6, .byline { break-after: avoid; }
          p, li { orphans: 3; widows: 3; }
          a { color: inherit; }
        }

        """
}
