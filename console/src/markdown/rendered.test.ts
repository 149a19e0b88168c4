import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import Rendered from './rendered.tsx'

const render = (text: string) => renderToStaticMarkup(createElement(Rendered, { text, isStreaming: false }))

test('what a text says becomes neither HTML, nor a request, nor a link to a script', () => {
  const html = render(
    [
      'a <script>alert(1)</script> <img src=x onerror=alert(1)> <style>*{color:red}</style>',
      '[script](javascript:alert(1)) [data](data:text/html,x) [own](/console/session) [JAVA](JavaScript:x)',
      '![pixel](https://evil.example/pixel.png) [https://good.example](https://evil.example/)',
      '<iframe src="https://evil.example"></iframe>',
      '<div style="position:fixed">over everything</div>',
    ].join('\n\n'),
  )
  expect(html).not.toMatch(/<(script|img|style|iframe|link|svg|form)\b/)
  expect(html).not.toMatch(/<[^>]+\s(on\w+|style)=/)
  const links = [...html.matchAll(/<a [^>]*>/g)].map(([tag]) => tag)
  expect(links).toHaveLength(2)
  for (const link of links) {
    expect(link).toContain('href="https://evil.example/')
    expect(link).toContain('rel="noreferrer noopener"')
    expect(link).toContain('title="https://evil.example/')
  }
  expect(html).toContain('&lt;script&gt;')
})

test('headings have one level, tables a box that scrolls, check marks a name, and code shows what hides in it', () => {
  const html = render(
    '# One\n\n###### Six\n\n| a |\n|---|\n| b |\n\n- [x] done\n\n`a\u202eb`\n\n```ts\nconst a = 1\u200b\n```',
  )
  expect(html.match(/<h\d/g)).toEqual(['<h3', '<h3'])
  expect(html).toContain('aria-label="Table" tabindex="0"')
  expect(html).toContain('aria-label="Done"')
  expect(html).toContain('a⟨U+202E⟩b')
  expect(html).toContain('const a = 1⟨U+200B⟩')
})
