import type { DemoCluster } from './cluster.ts'

/** The greeting of the demo: addresses, lines to paste, and how to end a node. */
export function describeCluster({ nodes, balancer, base, key, databaseUrl }: DemoCluster): string {
  const curl = `curl -sS -H 'x-api-key: ${key}' -H 'content-type: application/json'`
  const rows = nodes.map(
    ({ name, url, logFile, program }) =>
      `  ${name}  pid ${String(program.pid).padEnd(8)} ${url}  log ${logFile}`,
  )
  const [a] = nodes
  return `
Three nodes share one PostgreSQL database. Claude Code is real; a stand-in takes the place of the model.
Address: ${base} (${balancer.kind})
Console: ${balancer.url}/console/#key=${encodeURIComponent(key)}
Key:     ${key}
Database: ${databaseUrl} (schema claude_code_api)

${rows.join('\n')}

Paste these lines one by one. Any node answers; the lines at the end say which node owns the session.

SESSION=$(${curl} -d '{}' ${base}/sessions | sed 's/.*"sessionId":"\\([^"]*\\)".*/\\1/')
${curl} -w '\\n' -d '{"prompt":"Remember that my cat is called Minka"}' ${base}/sessions/$SESSION/messages
${curl} -w '\\n' -d '{"prompt":"What is my cat called?"}' ${base}/sessions/$SESSION/messages

Then take its node away, and ask again:

kill -9 ${a.program.pid}     # node ${a.name} is killed; other nodes claim its sessions
kill -TERM ${a.program.pid}  # it drains: running turns end there, its sessions move without a loss
kill -STOP ${a.program.pid}  # it hangs; kill -CONT lets it join again

Nodes that have ended are started again. Ctrl-C ends everything.
`
}
