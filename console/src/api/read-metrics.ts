/** The values of metrics, by name and labels. */
export class Metrics {
  readonly #values: ReadonlyMap<string, number>

  constructor(values: ReadonlyMap<string, number>) {
    this.#values = values
  }

  /** @returns undefined: the server has no such metric */
  get(name: string, labels: Record<string, string> = {}): number | undefined {
    return this.#values.get(keyOf(name, labels))
  }
}

function keyOf(name: string, labels: Record<string, string>): string {
  const sorted = Object.entries(labels).toSorted(([one], [other]) => one.localeCompare(other))
  return `${name} ${sorted.map(([label, value]) => `${label}=${value}`).join(',')}`
}

const sample = /^(\w+)(?:\{(.*)\})? (\S+)$/
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g

/** Reads the text format of Prometheus. */
export function readMetrics(text: string): Metrics {
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = sample.exec(line) ?? []
    if (name === undefined) continue
    const pairs = [...labels.matchAll(label)].map(([, key = '', text = '']) => [key, text])
    values.set(keyOf(name, Object.fromEntries(pairs)), Number(value))
  }
  return new Metrics(values)
}
