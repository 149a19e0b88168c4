import { isatty } from 'node:tty'
import { destination, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { ResolvedConfig } from '../config/resolve-config.ts'

/** Standard error: standard output belongs to the host application. */
const fd = 2

/** Creates the logger that is used where the host application gives none. */
export function createLog({ logLevel, logFormat }: Pick<ResolvedConfig, 'logLevel' | 'logFormat'>): Logger {
  const isText = logFormat === 'text' || (logFormat === 'auto' && isatty(fd))
  return pino({ level: logLevel }, isText ? openText() : destination(fd))
}

/** One line for each entry: `10:45:01 WARN turn ended {"outcome":"failed",...}`; errors are followed by their stack. */
function openText() {
  return pretty({
    destination: fd,
    sync: true,
    colorize: isatty(fd) && pretty.isColorSupported,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
  })
}
