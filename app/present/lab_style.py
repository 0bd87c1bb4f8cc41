"""How a report of the laboratory looks, in the file itself."""

STYLE = """
:root { color-scheme: light dark; --ink: #211d18; --paper: #fffdfa; --quiet: #5e564b; --line: #cfc7ba; --mark: #1d5c8a; --band: #f3eee5; }
@media (prefers-color-scheme: dark) { :root { --ink: #ece6db; --paper: #191714; --quiet: #b5ab9c; --line: #4b453c; --mark: #7fc0ee; --band: #24211c; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: var(--paper); font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; overflow-wrap: anywhere; } h2 { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
p, li, dd { max-width: 46rem; overflow-wrap: anywhere; } dt { font-weight: 600; } dd { margin: 0 0 0.5rem; }
.quiet, figcaption { color: var(--quiet); font-size: 0.92rem; } .answer { font-size: 1.25rem; }
.wide { overflow-x: auto; margin: 1rem 0; } .wide:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
table { border-collapse: collapse; font-size: 0.9rem; min-width: 100%; } caption { text-align: left; font-weight: 600; padding: 0.25rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.6rem 0.35rem 0; border-bottom: 1px solid var(--line); min-width: 7rem; font-weight: 400; }
thead th { font-weight: 600; background: var(--band); padding-left: 0.3rem; }
figure { margin: 1rem 0; } .scatter { width: 100%; max-width: 40rem; height: auto; display: block; }
.scatter text { fill: var(--quiet); font: 12px system-ui, sans-serif; } .scatter .grid { stroke: var(--line); stroke-width: 0.5; }
.scatter .zero { stroke: var(--quiet); stroke-width: 1.2; } .mark * { fill: var(--mark); fill-opacity: 0.8; stroke: var(--mark); }
.mark .open { fill: none; stroke-width: 2; } .mark .stroke { stroke-width: 2.4; }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; } .legend svg { vertical-align: -3px; }
@media print { :root { color-scheme: light; --ink: #000; --paper: #fff; --quiet: #333; --line: #999; --mark: #000; --band: #fff; }
  main { max-width: none; margin: 0; } .wide { overflow: visible; } table { font-size: 8pt; } th, td { min-width: 0; } tr, figure { break-inside: avoid; } }
"""
