/** The result of one check. */
export interface Finding {
  check: string
  status: 'ok' | 'warning' | 'failure'
  message: string
  /** Tells what to do. */
  advice?: string
}

export function ok(check: string, message: string): Finding {
  return { check, status: 'ok', message }
}

export function warning(check: string, message: string, advice: string): Finding {
  return { check, status: 'warning', message, advice }
}

export function failure(check: string, message: string, advice: string): Finding {
  return { check, status: 'failure', message, advice }
}
