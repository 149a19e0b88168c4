/** The style sheet of an exported conversation. */
export const exportStyle = `
:root { color-scheme: light dark; --line: light-dark(#d9dce1, #363b44); --soft: light-dark(#f5f6f8, #20242b);
  --text: light-dark(#1b1f26, #e4e7ec); --quiet: light-dark(#59626f, #9aa4b2); --accent: light-dark(#a0441c, #f0a075);
  --bad: light-dark(#b3261e, #f2938c) }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 56rem; color: var(--text);
  background: light-dark(#fff, #16191e); font: 1rem/1.55 system-ui, sans-serif }
h1 { margin: 0 0 .6rem; font-size: 1.7rem; overflow-wrap: anywhere }
h2 { margin: 2.6rem 0 0; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1.2rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; font-size: .93rem }
dt { color: var(--quiet) } dd { margin: 0; overflow-wrap: anywhere }
.quiet, .label { margin: .4rem 0; color: var(--quiet); font-size: .88rem }
.label { font-weight: 600 }
.prose { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0 }
.prompt { background: var(--soft); border-left: 3px solid var(--accent); border-radius: .3rem; padding: .4rem .9rem; margin: .8rem 0 }
.answer { margin: .8rem 0 }
.file { color: var(--accent); font-size: .93rem }
details { border: 1px solid var(--line); border-radius: .3rem; margin: .6rem 0; padding: .3rem .8rem }
details.error { border-color: var(--bad) } details.error > summary { color: var(--bad) }
summary { cursor: pointer; font-size: .93rem; color: var(--quiet) }
code, pre { font: .85em/1.45 ui-monospace, Menlo, Consolas, monospace }
pre { margin: .5rem 0; max-height: 40rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere }
.subagent { border-left: 3px solid var(--line); padding-left: .9rem; margin-left: .4rem }
@media print { pre { max-height: none } }
`
