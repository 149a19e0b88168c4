import { expect, test } from 'vitest'
import { isTaskTool, TaskList } from './task-list.ts'

test('tasks are created, changed and deleted', () => {
  const list = new TaskList([{ id: '1', content: 'Before', status: 'pending' }])
  const built = { id: '7', content: 'Build', status: 'pending' }
  expect(list.apply('TaskCreate', { subject: 'Build' }, { task: { id: '7' } })?.[1]).toEqual(built)
  const changed = list.apply('TaskUpdate', { taskId: '7', subject: 'Build it', status: 'completed' }, {})
  expect(changed?.[1]).toEqual({ id: '7', content: 'Build it', status: 'completed' })
  expect(list.apply('TaskUpdate', { taskId: '1', status: 'deleted' }, {})).toHaveLength(1)
  expect(list.apply('TaskCreate', { subject: 'Unnumbered' }, 'ok')?.[1]).toMatchObject({ id: '2' })
})

test('a list takes the place of the one before', () => {
  const list = new TaskList([{ id: '1', content: 'Before', status: 'pending' }])
  const todos = [{ content: 'First', status: 'in_progress' }, { content: 'Second' }, 'no task']
  expect(list.apply('TodoWrite', { todos }, {})).toEqual([
    { id: '1', content: 'First', status: 'in_progress' },
    { id: '2', content: 'Second', status: 'pending' },
    { id: '3', content: '', status: 'pending' },
  ])
  expect(list.apply('TodoWrite', {}, {})).toEqual([])
})

test('an update of an unknown task is a change only if it says what the task is', () => {
  const list = new TaskList()
  expect(list.apply('TaskUpdate', { taskId: '3', status: 'completed' }, {})).toBeUndefined()
  expect(list.apply('TaskUpdate', { taskId: '3', status: 'deleted' }, {})).toBeUndefined()
  const told = list.apply('TaskUpdate', { taskId: '3', subject: 'Third', status: 'completed' }, {})
  expect(told).toEqual([{ id: '3', content: 'Third', status: 'completed' }])
})

test('other calls change nothing', () => {
  const list = new TaskList([{ id: '1', content: 'Before', status: 'pending' }])
  for (const name of ['TaskList', 'TaskGet', 'Bash']) expect(list.apply(name, {}, {})).toBeUndefined()
  expect(['TaskList', 'TodoWrite', 'Bash'].map(isTaskTool)).toEqual([true, true, false])
})
