import { isatty } from 'node:tty'
import { destination, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import { toPlainText } from '../lib/plain-name.ts'

/** Standard error: standard output belongs to the host application. */
const fd = 2

/** Creates the logger that is used where the host application gives none. */
export function createLog({ logLevel, logFormat }: Pick<ResolvedConfig, 'logLevel' | 'logFormat'>): Logger {
  const isText = logFormat === 'text' || (logFormat === 'auto' && isatty(fd))
  return isText ? createTextLog(logLevel, fd) : pino({ level: logLevel }, destination(fd))
}

/**
 * Creates a logger for people. One line for each entry: `[10:45:01] WARN: turn ended {"outcome":"failed",...}`; errors
 * are followed by their stack. A terminal obeys control characters, so foreign text loses them.
 */
export function createTextLog(level: string, target: number | NodeJS.WritableStream): Logger {
  const text = pretty({
    destination: target,
    sync: true,
    colorize: target === fd && isatty(fd) && pretty.isColorSupported,
    singleLine: true,
    errorLikeObjectKeys: ['err'],
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
  })
  return pino({ level, hooks: { streamWrite: withPlainTexts } }, text)
}

function withPlainTexts(line: string): string {
  const plain = (_: string, value: unknown) => (typeof value === 'string' ? toPlainText(value) : value)
  return `${JSON.stringify(JSON.parse(line), plain)}\n`
}
