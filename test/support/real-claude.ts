import { ClaudeLauncher, type LauncherOptions } from '../../src/claude/claude-launcher.ts'
import {
  openStandInModel,
  type StandInModel,
  type StandInModelOptions,
} from '../../src/demo/stand-in-model.ts'
import { endsLater } from './lifetime.ts'
import { temporaryDirectory } from './open-sessions.ts'

/**
 * All that a real Claude Code gets in tests: nothing of this shell, nothing that leads off this machine, and no
 * second tries where a failure is what is asked for.
 */
export function claudeEnvironment(model: Pick<StandInModel, 'url'>, home: string): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    CLAUDE_CONFIG_DIR: `${home}/.claude`,
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: 'sk-made-up',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: '0',
    CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
  }
}

/** The stand-in; what a test scripts is forgotten after it, also by one that tests share. */
export async function openModel(options: StandInModelOptions = {}): Promise<StandInModel> {
  const model = await openStandInModel(options)
  endsLater(() => model.close())
  const forgetting = (undo: () => void) => {
    endsLater(undo)
    return undo
  }
  return {
    ...model,
    script: (match, answer) => forgetting(model.script(match, answer)),
    scriptSummary: answer => forgetting(model.scriptSummary(answer)),
  }
}

/**
 * Turns off the optimizing compiler of Claude Code: most processes of tests end before it has paid for itself, and it
 * is an eighth of their CPU time.
 */
export const cheapStart = { BUN_JSC_useDFGJIT: '0' }

/** The real engine on the stand-in model; closed after the test. */
export async function openRealLauncher(
  given: { environment?: Record<string, string>; executable?: string } & LauncherOptions = {},
) {
  const model = await openModel()
  const cwd = temporaryDirectory()
  const { environment, executable, ...options } = given
  const warnings: object[] = []
  const launcher = new ClaudeLauncher(
    {
      environment: { ...claudeEnvironment(model, cwd), ...cheapStart, ...environment },
      executable,
    },
    cwd,
    { warn: fields => warnings.push(fields) },
    options,
  )
  endsLater(() => launcher.close())
  return { launcher, model, cwd, warnings }
}
