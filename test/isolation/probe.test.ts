import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findObstacle } from '../../src/claude/isolation/probe.ts'
import { ControlGroups } from '../../src/lib/box/control-groups.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

const limits = { memoryBytes: 2 ** 30, processes: 100, temporaryBytes: 2 ** 20, homeBytes: 2 ** 20 }

/** A program in the place of bubblewrap. */
function program(...lines: string[]): string {
  const path = join(temporaryDirectory(), 'bwrap')
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'))
  chmodSync(path, 0o755)
  return path
}

const version = (text: string) => `[ "$1" = --version ] && { echo "bubblewrap ${text}"; exit 0; }`

test.each([
  ['is too old', [version('0.6.1')], 'bubblewrap 0.6 is older than 0.8'],
  [
    'may not create namespaces',
    [version('0.11.0'), 'echo "bwrap: No permissions to create new namespace" >&2; exit 1'],
    'bwrap: No permissions to create new namespace',
  ],
  ['cannot be run', ['exit 3'], expect.stringMatching(/bwrap cannot be run/)],
])('bubblewrap that %s is an obstacle, in its own words', async (_, lines, expected) => {
  // A machine made of no files: without control groups.
  const groups = new ControlGroups('claude-code-api-test-', temporaryDirectory())
  expect(await findObstacle(program(...lines), groups, limits)).toEqual(expected)
})

test('bubblewrap that runs what it is given is not an obstacle', async () => {
  const groups = new ControlGroups('claude-code-api-test-', temporaryDirectory())
  expect(await findObstacle(program(version('1.0.0'), 'exit 0'), groups, limits)).toBeUndefined()
})
