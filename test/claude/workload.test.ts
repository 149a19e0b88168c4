import { describe, expect, test } from 'vitest'
import { Workload } from '../../src/claude/process/workload.ts'
import { toMcpServerState } from '../../src/claude/questions/mcp-status.ts'
import { ActiveTurn } from '../../src/claude/turn/active-turn.ts'
import type { AgentTask } from '../../src/sessions/ports/index.ts'

type Frame = Parameters<Workload['observe']>[0]

const frame = (fields: object) => fields as Frame
const lifecycle = (state: string, id = 'turn-1') =>
  frame({ type: 'command_lifecycle', command_uuid: id, state })
const init = frame({ type: 'system', subtype: 'init' })
const idle = frame({ type: 'system', subtype: 'session_state_changed', state: 'idle' })
const result = (fields: object = {}) =>
  frame({ type: 'result', subtype: 'success', is_error: false, result: 'said', ...fields })
const ofAutonomousWork = { origin: { kind: 'task-notification' } }
const assistant = (text: string, fields: object = {}) =>
  frame({
    type: 'assistant',
    parent_tool_use_id: null,
    message: { content: [{ type: 'text', text }] },
    ...fields,
  })
const started = (task_id: string, fields: object = {}) =>
  frame({ type: 'system', subtype: 'task_started', task_id, description: 'd', task_type: 't', ...fields })
const level = (...ids: string[]) =>
  frame({
    type: 'system',
    subtype: 'background_tasks_changed',
    tasks: ids.map(task_id => ({ task_id, task_type: 't', description: 'd' })),
  })
const notification = (task_id: string, status: string) =>
  frame({ type: 'system', subtype: 'task_notification', task_id, status, summary: 'over' })

function open() {
  const told: [string, string, string | null][] = []
  const autonomousWork: boolean[] = []
  const weighed: [results: number, observed: number][] = []
  const listener = {
    onTask: (task: AgentTask, turnId: string | null) => told.push([task.taskId, task.status, turnId]),
    onAutonomousWorkStart: () => autonomousWork.push(true),
    onAutonomousWorkEnd: () => autonomousWork.push(false),
  }
  const workload = new Workload(listener, (results, observed) => {
    weighed.push([results.length, observed.messages.length])
    return { usage: null, costUsd: null, modelUsage: null }
  })
  let turn: ActiveTurn | undefined
  const begin = (id = 'turn-1') => {
    turn = new ActiveTurn(id, false, workload.marks)
    turn.sent = true
    return turn
  }
  /** Shows frames in order; returns for each whether it is of the turn. */
  const show = (...frames: Frame[]) =>
    frames.map(one => {
      turn?.observe(one)
      return workload.observe(one, turn)
    })
  return { workload, told, autonomousWork, weighed, begin, show, endTurn: () => (turn = undefined) }
}

describe('what a process works on', () => {
  test('by itself is weighed once, when its result comes, or with what was seen of it when none comes', () => {
    const { workload, begin, show, endTurn, weighed, autonomousWork } = open()
    begin()
    const says = frame({
      type: 'stream_event',
      parent_tool_use_id: null,
      event: { type: 'message_start', message: { model: 'm', usage: { input_tokens: 1 } } },
    })
    show(lifecycle('started'), init, says, result(), lifecycle('completed'), idle)
    endTurn()
    expect(weighed).toEqual([])
    show(init, says, result(ofAutonomousWork), idle)
    show(init, says)
    workload.end()
    workload.end()
    expect(weighed).toEqual([
      [1, 1],
      [0, 1],
    ])
    expect(autonomousWork).toEqual([true, false, true, false])
  })

  test('by itself is not of the turn that was sent meanwhile, and its result does not answer it', () => {
    const { begin, show, autonomousWork } = open()
    begin('turn-0')
    show(lifecycle('started', 'turn-0'), init, result(), lifecycle('completed', 'turn-0'), idle)
    const turn = begin()
    expect(show(init, lifecycle('queued'), assistant('by myself'), result(ofAutonomousWork))).toEqual([
      false,
      false,
      false,
      false,
    ])
    expect([turn.answered, turn.said, autonomousWork]).toEqual([false, null, [true, false]])
    expect(show(lifecycle('started'), init, assistant('the answer'), result())).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect([turn.answered, turn.isOver, turn.said]).toEqual([true, false, 'the answer'])
    show(lifecycle('completed'))
    expect([turn.isOver, autonomousWork]).toEqual([true, [true, false]])
  })

  test('is over when all that was steered into it is', () => {
    const { begin, show } = open()
    const turn = begin()
    show(lifecycle('started'))
    turn.expect('more')
    show(result(), lifecycle('completed'))
    expect(turn.isOver).toBe(false)
    show(lifecycle('started', 'more'), result(), lifecycle('completed', 'more'))
    expect([turn.isOver, turn.results.length]).toEqual([true, 2])
  })

  test('in a process that marks nothing is the turn', () => {
    const { begin, show } = open()
    const turn = begin()
    expect(show(init, assistant('said'), result())).toEqual([true, true, true])
    expect([turn.answered, turn.said]).toEqual([true, 'said'])
  })

  test('what a command has printed is its text', () => {
    const { begin, show } = open()
    const turn = begin()
    const content = '<local-command-stdout>Compacted </local-command-stdout>'
    show(lifecycle('started'), frame({ type: 'user', parent_tool_use_id: null, message: { content } }))
    expect(turn.commandOutput).toBe('Compacted')
  })
})

describe('background tasks', () => {
  test('are those of the level, told once each with the turn that started them', () => {
    const { begin, show, told, workload, endTurn } = open()
    begin()
    show(lifecycle('started'), level('a'), started('a', { is_backgrounded: true }), started('front'))
    expect(workload.tasks.running).toBe(1)
    show(notification('front', 'completed'), level('a'))
    endTurn()
    show(notification('a', 'completed'), level())
    expect(workload.tasks.running).toBe(0)
    expect(told).toEqual([
      ['a', 'running', 'turn-1'],
      ['a', 'running', 'turn-1'],
      ['a', 'completed', 'turn-1'],
    ])
  })

  test('that went to the background later count from then on; one that leaves without a word has been stopped', () => {
    const { begin, show, told } = open()
    begin()
    show(lifecycle('started'), started('a', { is_backgrounded: false }))
    expect(told).toEqual([])
    show(level('a'), level())
    expect(told).toEqual([
      ['a', 'running', 'turn-1'],
      ['a', 'stopped', 'turn-1'],
    ])
  })

  test('what comes of an earlier turn is not of the one that runs, nor is what it has started itself', () => {
    const { begin, show, told } = open()
    begin()
    show(lifecycle('started'), started('agent', { is_backgrounded: true }))
    expect(show(assistant('from it', { agent_id: 'agent' }))).toEqual([true])
    begin('turn-2')
    show(
      lifecycle('started', 'turn-2'),
      started('its-own', { parent_task_id: 'agent', is_backgrounded: true }),
    )
    expect(
      show(
        assistant('from it', { agent_id: 'agent' }),
        notification('its-own', 'completed'),
        assistant('from an unknown one', { agent_id: 'unknown' }),
        assistant('of the main conversation'),
      ),
    ).toEqual([false, false, true, true])
    expect(told).toContainEqual(['its-own', 'completed', 'turn-1'])
  })

  test('ambient ones are none', () => {
    const { show, told, workload } = open()
    show(
      started('a', { is_backgrounded: true, ambient: true }),
      frame({
        type: 'system',
        subtype: 'background_tasks_changed',
        tasks: [{ task_id: 'a', task_type: 't', description: 'd', ambient: true }],
      }),
    )
    expect([told, workload.tasks.running]).toEqual([[], 0])
  })
})

test("an MCP server's error is told without what stands in its settings", () => {
  const error =
    'dialing http://someone:password@host:9/mcp/private?token=t0ken-of-mine (401 for Bearer abc-def-ghi, --key=argument-secret)'
  const server = {
    name: 'web',
    status: 'failed',
    error,
    config: {
      type: 'http',
      url: 'http://someone:password@host:9/mcp/private?token=t0ken-of-mine',
      headers: { Authorization: 'Bearer abc-def-ghi' },
      args: ['--key=argument-secret'],
    },
  } as never
  const { error: told } = toMcpServerState(server)
  expect(told).toContain('dialing http://host:9')
  expect(told).not.toMatch(/password|private|t0ken|abc-def|argument-secret/)
})
