/** Markup that is safe to insert into a page. */
export class Html {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

export type HtmlPart = Html | string | number | false | null | undefined | readonly HtmlPart[]

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * Builds markup. Values are escaped unless they are markup already; lists are joined; `false`, `null` and
 * `undefined` are left out.
 *
 * @example html`<li>${name}</li>`
 */
export function html(strings: TemplateStringsArray, ...parts: HtmlPart[]): Html {
  return new Html(strings.reduce((text, string, index) => text + toText(parts[index - 1]) + string))
}

function toText(part: HtmlPart): string {
  if (part === false || part === null || part === undefined) return ''
  if (part instanceof Html) return part.toString()
  if (typeof part === 'object') return part.map(toText).join('')
  return String(part).replace(/[&<>"']/g, character => entities[character] ?? '')
}
