import { execFileSync } from 'node:child_process'
import { Argument, Command, Option } from 'commander'
import { expect, test } from 'vitest'
import { createCompletion } from './completion.ts'

function createSample(): Command {
  const program = new Command('my-tool').option('--verbose', "say what's done")
  const things = program.command('things').description('all things')
  things.command('list').addOption(new Option('--state <state>').choices(['new', 'old']))
  things.command('show').addArgument(new Argument('<id>'))
  return program
}

/** The words that bash offers after this line. */
function complete(...line: string[]): string[] {
  const words = ['my-tool', ...line].map(word => `'${word}'`).join(' ')
  const script = `${createCompletion(createSample(), 'bash')}
COMP_WORDS=(${words}); COMP_CWORD=${line.length}; _my_tool; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' }).trim().split('\n')
}

test('bash offers commands, flags and their values', () => {
  expect(complete('')).toEqual(['things', '--verbose', '--help'])
  expect(complete('th')).toEqual(['things'])
  expect(complete('things', '')).toEqual(['list', 'show', '--help'])
  expect(complete('things', 'list', '--')).toEqual(['--state', '--help'])
  expect(complete('--verbose', 'things', 'list', '--state', '')).toEqual(['new', 'old'])
})

test('zsh uses the functions of bash, and fish has a line for each word', () => {
  expect(createCompletion(createSample(), 'zsh')).toContain('bashcompinit')
  const fish = createCompletion(createSample(), 'fish')
  expect(fish).toContain("complete -c my-tool -n '__fish_use_subcommand' -f -a things -d 'all things'\n")
  expect(fish).toContain("-l verbose -d 'say what\\'s done'")
  expect(fish).toMatch(
    /seen_subcommand_from things; and __fish_seen_subcommand_from list' -l state .* -x -a 'new old'/,
  )
})
