import { variableOf } from './sample-request.ts'

/** How a programming language writes values. */
interface Syntax {
  text(value: string): string
  key(name: string): string
  constants: Readonly<Record<'true' | 'false' | 'null', string>>
  variable(name: string): string
  indent: string
}

const quote = (text: string) =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`

export const typescript: Syntax = {
  text: quote,
  key: name => (/^[A-Za-z_]\w*$/.test(name) ? name : quote(name)),
  constants: { true: 'true', false: 'false', null: 'null' },
  variable: name => name,
  indent: '  ',
}

export const python: Syntax = {
  text: value => JSON.stringify(value),
  key: name => JSON.stringify(name),
  constants: { true: 'True', false: 'False', null: 'None' },
  variable: name => name,
  indent: '    ',
}

const longestLine = 60

/** Writes a value of an example in a language: on one line if that is short. */
export function toLiteral(value: unknown, syntax: Syntax, depth = 0): string {
  if (typeof value === 'string') {
    const variable = variableOf(value)
    return variable === undefined ? syntax.text(value) : syntax.variable(variable)
  }
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) {
    return syntax.constants[String(value) as 'true' | 'false' | 'null']
  }
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  const parts = Array.isArray(value)
    ? value.map(item => toLiteral(item, syntax, depth + 1))
    : Object.entries(value).map(
        ([name, item]) => `${syntax.key(name)}: ${toLiteral(item, syntax, depth + 1)}`,
      )
  const padding = open === '{' && syntax === typescript && parts.length > 0 ? ' ' : ''
  const line = `${open}${padding}${parts.join(', ')}${padding}${close}`
  if (line.length <= longestLine && !line.includes('\n')) return line
  const inner = `\n${syntax.indent.repeat(depth + 1)}`
  return `${open}${parts.map(part => `${inner}${part},`).join('')}\n${syntax.indent.repeat(depth)}${close}`
}
