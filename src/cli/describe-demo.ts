/** Returns the greeting of the demo: the address, the key, and three lines to paste. */
export function describeDemo(base: string, key: string | undefined): string {
  const curl = `curl -sS${key === undefined ? '' : ` -H 'x-api-key: ${key}'`} -H 'content-type: application/json'`
  return `
This is the demo. Claude Code is real; a built-in stand-in takes the place of the model.
Address: ${base}
${key === undefined ? 'No key is needed.' : `Key:     ${key}`}

Paste these lines one by one:

SESSION=$(${curl} -d '{}' ${base}/sessions | sed 's/.*"sessionId":"\\([^"]*\\)".*/\\1/')
${curl} -w '\\n' -d '{"prompt":"Hello, what can you show me?"}' ${base}/sessions/$SESSION/messages
${curl} -N -d '{"prompt":"Count slowly to 5","includeDeltas":true}' ${base}/sessions/$SESSION/stream

Ctrl-C stops it.`
}
