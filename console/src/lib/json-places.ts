/** Where a value of a text begins, with the key in front of it, and where its line ends. */
export interface Place {
  start: number
  end: number
  /** Counts from 1. */
  line: number
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/**
 * The places of all values of a JSON text, by their paths as the server writes them: `mcpServers.web.url`, `tools[0]`.
 *
 * @param text valid JSON
 */
export function findPlaces(text: string): ReadonlyMap<string, Place> {
  const found = [...text.matchAll(tokens)].map(match => ({ token: match[0], at: match.index }))
  const places = new Map<string, Place>()
  let next = 0
  const peek = () => found[next]?.token
  const take = () => found[next++] ?? { token: '', at: text.length }
  const read = (path: string, key?: number) => {
    const { token, at } = take()
    places.set(path, placeAt(text, key ?? at))
    if (token !== '{' && token !== '[') return
    const end = token === '{' ? '}' : ']'
    for (let index = 0; next < found.length && peek() !== end; index++) {
      if (peek() === ',') take()
      if (token === '[') {
        read(`${path}[${index}]`)
        continue
      }
      const name = take()
      take()
      const own = String(JSON.parse(name.token))
      read(path === '' ? own : `${path}.${own}`, name.at)
    }
    take()
  }
  read('')
  return places
}

function placeAt(text: string, start: number): Place {
  const end = text.indexOf('\n', start)
  return { start, end: end === -1 ? text.length : end, line: text.slice(0, start).split('\n').length }
}

/** The place of a value, or of the nearest one around it: what is missing has no place of its own. */
export function placeOf(places: ReadonlyMap<string, Place>, path: string): Place | undefined {
  for (let known = path; known !== ''; known = known.replace(/(^|\.)[^.[\]]*$|\[\d+\]$/, '')) {
    const place = places.get(known)
    if (place) return place
    if (!/[.[]/.test(known)) break
  }
  return places.get('')
}
