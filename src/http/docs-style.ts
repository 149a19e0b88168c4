/** The style sheet of the page at `/docs`. */
export const docsStyle = `
:root { color-scheme: light dark; --line: light-dark(#d9dce1, #363b44); --soft: light-dark(#f5f6f8, #20242b);
  --text: light-dark(#1b1f26, #e4e7ec); --quiet: light-dark(#59626f, #9aa4b2); --accent: light-dark(#a0441c, #f0a075) }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; color: var(--text);
  background: light-dark(#fff, #16191e); font: 1rem/1.55 system-ui, sans-serif }
h1 { margin: 0; font-size: 1.8rem } h2 { margin: 2.8rem 0 .8rem; font-size: 1.35rem }
h3 { margin: 0; font-size: 1.05rem } h4 { margin: 1.2rem 0 .3rem; font-size: .9rem; color: var(--quiet) }
p { margin: .4rem 0 } a { color: var(--accent) }
code { font: .875em ui-monospace, Menlo, Consolas, monospace; background: var(--soft); padding: .1em .3em;
  border-radius: .25em; overflow-wrap: anywhere }
section > article { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.2rem; margin: .9rem 0 }
article:target { border-color: var(--accent) }
nav ul { list-style: none; padding: 0; margin: 0; columns: 20rem } nav li { padding: .1rem 0; break-inside: avoid }
.method { display: inline-block; min-width: 4.2em; font-weight: 700; font-size: .8rem; color: var(--accent) }
.quiet { color: var(--quiet) }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .93rem }
th, td { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600; color: var(--quiet) }
table table { margin: .3rem 0 0; font-size: 1em }
`
