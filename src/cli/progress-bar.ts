const barWidth = 30
const longestPauseMs = 100

let drawnAt = 0
let isDrawn = false

/** Draws the state of a long command on standard error, if that is a terminal. @param total undefined: not known */
export function drawBar(done: number, total: number | undefined, text: string): void {
  if (!process.stderr.isTTY) return
  const now = performance.now()
  if (isDrawn && done !== total && now - drawnAt < longestPauseMs) return
  drawnAt = now
  isDrawn = true
  if (total === undefined) {
    process.stderr.write(`\r\x1b[K${text} ${done}`)
    return
  }
  const filled = total === 0 ? barWidth : Math.round((barWidth * done) / total)
  const bar = '#'.repeat(filled).padEnd(barWidth, '.')
  process.stderr.write(`\r\x1b[K[${bar}] ${text} ${done}/${total}`)
}

/** Ends the line of the bar. */
export function endBar(): void {
  if (isDrawn) process.stderr.write('\n')
  isDrawn = false
}
