import { expect, it } from 'vitest'
import { Html, html } from './html.ts'

it('escapes what is put in', () => {
  expect(`${html`<a title="${`<b>&"'`}">${7}</a>`}`).toBe('<a title="&lt;b&gt;&amp;&quot;&#39;">7</a>')
})

it('keeps markup, joins lists and leaves out what is not there', () => {
  const items = ['<1>', '2'].map(item => html`<li>${item}</li>`)
  expect(`${html`<ul>${items}${null}${undefined}${false}${0}</ul>`}`).toBe(
    '<ul><li>&lt;1&gt;</li><li>2</li>0</ul>',
  )
  expect(`${html`${new Html('<b>')}`}`).toBe('<b>')
})
