import { describeAgent } from '../suites/agent-suite.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { openRealLauncher } from '../support/real-claude.ts'
import { ScriptedLauncher } from '../support/scripted-launcher.ts'

describeAgent('scripted', async () => ({
  launcher: new ScriptedLauncher(),
  cwd: temporaryDirectory(),
  answered: { prompt: 'hello', contains: 'hello' },
  endless: 'hang',
}))

describeAgent('real Claude Code', async () => {
  const { launcher, cwd } = await openRealLauncher()
  return {
    launcher,
    cwd,
    answered: { prompt: 'What is 6 times 7?', contains: '42' },
    endless: 'Count slowly to 1000',
  }
})
