/** The style sheet of the page at `/docs`. */
export const docsStyle = `
:root { color-scheme: light dark; --line: light-dark(#d9dce1, #363b44); --soft: light-dark(#f5f6f8, #20242b);
  --text: light-dark(#1b1f26, #e4e7ec); --quiet: light-dark(#59626f, #9aa4b2); --accent: light-dark(#a0441c, #f0a075) }
* { box-sizing: border-box }
html { scroll-padding-top: 1rem }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; color: var(--text);
  background: light-dark(#fff, #16191e); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: break-word }
h1 { margin: 0; font-size: 1.8rem } h2 { margin: 2.8rem 0 .8rem; font-size: 1.35rem }
h3 { margin: 0; font-size: 1.05rem } h4 { margin: 1.2rem 0 .3rem; font-size: .9rem; color: var(--quiet) }
p { margin: .4rem 0 } a { color: var(--accent) }
code { font: .875em ui-monospace, Menlo, Consolas, monospace; background: var(--soft); padding: .1em .3em;
  border-radius: .25em }
pre { margin: .4rem 0; padding: .7rem .9rem; background: var(--soft); border-radius: .35rem; overflow-x: auto }
pre code { padding: 0; background: none }
section > article { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.2rem; margin: .9rem 0 }
article:target, tr:target { border-color: var(--accent); outline: 1px solid var(--accent) }
summary { cursor: pointer; color: var(--quiet); font-size: .93rem; padding: .2rem 0 }
nav ul { list-style: none; padding: 0; margin: 0 0 .8rem } nav p { margin: .6rem 0 .1rem; font-weight: 600 }
nav a { text-decoration: none } nav a:hover { text-decoration: underline } nav li { padding: .15rem 0 }
nav.wide { display: none }
details.narrow { border: 1px solid var(--line); border-radius: .5rem; padding: .4rem 1rem; margin: 1.2rem 0 }
.method { font-weight: 700; font-size: .8rem; color: var(--accent); margin-right: .4em }
.quiet { color: var(--quiet) } h3 .quiet { font-weight: 400 }
table { border-collapse: collapse; width: 100%; font-size: .93rem }
th, td { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600; color: var(--quiet) }
table table { margin: .3rem 0 0; font-size: 1em }
dl { display: grid; grid-template-columns: minmax(9rem, auto) 1fr; gap: .3rem 1rem; font-size: .93rem }
dt, dd { margin: 0; min-width: 0 }
@media (min-width: 80rem) {
  body { display: grid; grid-template-columns: 17rem minmax(0, 62rem); gap: 2.5rem; max-width: 84rem; padding-top: 0 }
  main { padding-top: 2rem }
  nav.wide { display: block; position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 2rem .5rem 2rem 0;
    font-size: .9rem }
  details.narrow { display: none }
}
.rows .rows, .rows .rows tbody, .rows .rows tr, .rows .rows td { display: block }
.rows .rows td { border: 0; padding: .05rem 0 }
.rows .rows tr { border-bottom: 1px solid var(--line); padding: .45rem 0 }
.rows .rows { padding-left: .8rem; border-left: 2px solid var(--line) }
.rows .rows tr:last-child { border: 0 }
@media (max-width: 60rem) {
  .rows, .rows tbody, .rows tr, .rows td { display: block }
  .rows thead { display: none }
  .rows td { border: 0; padding: .05rem 0 }
  .rows tr { border-bottom: 1px solid var(--line); padding: .45rem 0 }
}
@media (max-width: 45rem) {
  body { padding: 1.2rem .8rem 3rem }
  section > article { padding: .8rem .8rem }
  pre { white-space: pre-wrap }
  dl { grid-template-columns: minmax(0, 1fr) } dd { margin-bottom: .5rem }
}
`
