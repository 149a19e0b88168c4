import type { Command, Option } from 'commander'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** The words that can follow a command: its own commands, its flags, and the values of flags that have choices. */
interface Words {
  path: string
  commands: { name: string; description: string }[]
  flags: { names: string[]; description: string; choices: readonly string[] }[]
}

/** Returns the completion script of a shell for all commands of the program. */
export function createCompletion(program: Command, shell: Shell): string {
  const words = listWords(program, '')
  if (shell === 'fish') return toFish(program.name(), words)
  // zsh runs functions for bash.
  const prelude =
    shell === 'zsh'
      ? 'autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n'
      : ''
  return prelude + toBash(program.name(), words)
}

function listWords(command: Command, path: string): Words[] {
  const own: Words = {
    path,
    commands: command.commands.map(inner => ({ name: inner.name(), description: inner.description() })),
    flags: [...command.options.map(toFlag), { names: ['--help'], description: 'display help', choices: [] }],
  }
  return [own, ...command.commands.flatMap(inner => listWords(inner, `${path} ${inner.name()}`.trim()))]
}

function toFlag({ short, long, description, argChoices = [] }: Option): Words['flags'][number] {
  return { names: [short, long].filter(name => name !== undefined), description, choices: argChoices }
}

function toBash(name: string, words: readonly Words[]): string {
  const cases = words.map(({ path, commands, flags }) => {
    const values = flags
      .filter(({ choices }) => choices.length > 0)
      .map(({ names, choices }) => `        ${names.join('|')}) words="${choices.join(' ')}" ;;\n`)
    const all = [...commands.map(command => command.name), ...flags.flatMap(({ names }) => names)]
    const inner = `      case "$previous" in\n${values.join('')}        *) words="${all.join(' ')}" ;;\n      esac ;;\n`
    return `    "${path}")\n${inner}`
  })
  const paths = words.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`)
  return `_${toIdentifier(name)}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" path="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${paths.join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join('')}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${toIdentifier(name)} ${name}
`
}

function toFish(name: string, words: readonly Words[]): string {
  const lines = words.flatMap(({ path, commands, flags }) => {
    const condition = path === '' ? '__fish_use_subcommand' : toFishCondition(path, commands)
    const start = `complete -c ${name} -n '${condition}'`
    return [
      ...commands.map(command => `${start} -f -a ${command.name} -d ${quote(command.description)}`),
      ...flags.map(({ names, description, choices }) => {
        const long = names.find(flag => flag.startsWith('--'))?.slice(2) ?? ''
        const values = choices.length > 0 ? ` -x -a ${quote(choices.join(' '))}` : ''
        return `${start} -l ${long} -d ${quote(description)}${values}`
      }),
    ]
  })
  return `${lines.join('\n')}\n`
}

function toFishCondition(path: string, commands: Words['commands']): string {
  const seen = path.split(' ').map(word => `__fish_seen_subcommand_from ${word}`)
  const others = commands.map(({ name }) => name).join(' ')
  return [...seen, ...(others === '' ? [] : [`not __fish_seen_subcommand_from ${others}`])].join('; and ')
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function toIdentifier(name: string): string {
  return name.replace(/\W/g, '_')
}
